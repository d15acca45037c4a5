/** The numbers of a preview, as actors come, change and go. */
import { expect, it } from 'vitest'
import { type ActorFacts, PreviewTally } from '../../src/space/preview-tally.ts'

/** @param meets by condition, @param without by condition: would the definition hold? */
function facts(isMember: boolean, meets: readonly boolean[], without: readonly boolean[]): ActorFacts {
  return { isMember, others: [], ids: [], parts: [...meets, ...without], dueAt: Infinity }
}

it('counts who meets a condition, is a member without it, and is one through it alone', () => {
  const tally = new PreviewTally(0, 2)
  tally.set(0, facts(true, [true, false], [false, true]))
  tally.set(1, facts(true, [true, true], [true, true]))
  tally.set(2, facts(false, [false, true], [true, false]))
  expect(tally.condition(0)).toEqual({ meets: 2, without: 2, onlyThrough: 1 })
  expect(tally.condition(1)).toEqual({ meets: 2, without: 2, onlyThrough: 0 })
  tally.set(0, facts(true, [true, true], [true, false]))
  tally.set(2, undefined)
  expect(tally.condition(0)).toEqual({ meets: 2, without: 2, onlyThrough: 0 })
  expect(tally.condition(1)).toEqual({ meets: 2, without: 1, onlyThrough: 1 })
})
