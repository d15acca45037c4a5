import { describe, expect, test } from 'vitest'
import { suggest } from '../../src/language/suggest.ts'

describe('suggest', () => {
  const names = ['count', 'sum', 'starts_with', 'min', 'max', 'NOT']

  test.each([
    ['conut', 'count'],
    ['coun', 'count'],
    ['count', 'count'],
    ['COUNT', 'count'],
    ['startsWith', 'starts_with'],
    ['start_with', 'starts_with'],
    ['mix', 'min'],
    ['nto', 'NOT'],
    ['som', 'sum'],
  ])('%s is near to %s', (name, expected) => {
    expect(suggest(name, names)).toBe(expected)
  })

  test.each(['', 'x', 'average', 'total', 'countless_things', 'y'.repeat(100_000)])('nothing is near to %j', (name) => {
    expect(suggest(name, names)).toBeUndefined()
  })

  test('nothing is near where there are no names', () => {
    expect(suggest('count', [])).toBeUndefined()
  })
})
