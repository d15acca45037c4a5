import { expect, it } from 'vitest'
import { addToGroup } from '../../src/model/groups.ts'

it('keeps the values of each key in the order in which they were added', () => {
  const groups = new Map<string, number[]>()
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
  ] as const)
    addToGroup(groups, key, value)
  expect([...groups]).toEqual([
    ['a', [1, 3]],
    ['b', [2]],
  ])
})
