import { expect, test } from 'vitest'
import { durationMs, printDuration } from '../../src/language/duration.ts'

test.each([
  [{ amount: 0, unit: 'day' }, 0, '0 days'],
  [{ amount: 1, unit: 'second' }, 1000, '1 second'],
  [{ amount: 90, unit: 'minute' }, 5_400_000, '90 minutes'],
  [{ amount: 1, unit: 'hour' }, 3_600_000, '1 hour'],
  [{ amount: 7, unit: 'day' }, 604_800_000, '7 days'],
  [{ amount: 2, unit: 'week' }, 1_209_600_000, '2 weeks'],
] as const)('%o is %i ms, written %s', (duration, milliseconds, text) => {
  expect(durationMs(duration)).toBe(milliseconds)
  expect(printDuration(duration)).toBe(text)
})
