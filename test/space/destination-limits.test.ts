/** The number of jobs of a destination that are under way at once, by its type. */
import { expect, it } from 'vitest'
import type { DestinationRecord } from '../../src/model/destination.ts'
import { limitsOf } from '../../src/space/destination-limits.ts'

it.each([
  ['webhook', 8],
  ['redis', 8],
  ['csv', 1],
  ['s3', 1],
  ['of another version', 8],
])('%s has %i lanes', (type, lanes) => {
  expect(limitsOf({ type } as DestinationRecord)).toMatchObject({ lanes })
})
