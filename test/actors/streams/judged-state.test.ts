/** The number of parents that pass: looked up, not counted. */
import { describe, expect, it } from 'vitest'
import { compilePlans } from '../../../actors/compiler/compile.ts'
import { Definitions } from '../../../actors/compiler/definitions.ts'
import type { Occurrence } from '../../../actors/plan/occurrence.ts'
import type { StreamNode } from '../../../actors/plan/stream-node.ts'
import { JudgedState } from '../../../actors/streams/judged-state.ts'

const START = Date.UTC(2026, 0, 1)
const COUNT = 100_000

/** Returns the stream of a computed trait over parents whose child has come. */
function streamOf(filter: string): StreamNode {
  const query = `event('A').where(event('B').within(parent: 1 hour).count() >= 1)${filter}.count()`
  const source = { kind: 'computed_trait', key: 'a', type: 'USERS', query } as const
  const { user } = compilePlans(Definitions.of([source]).inputs())
  return user.states.find((state) => state?.kind === 'stream' && state.occurrences !== undefined) as StreamNode
}

/** Counts parents, of which one passes each second; returns the number, when it is due, and how often it looked. */
function countedAt(filter: string, now: number) {
  let looks = 0
  const all = Array.from({ length: COUNT }, (_, arrival): Occurrence => {
    const ts = START + arrival * 1000
    return { ts, arrival, values: [], passes: true, isSettled: true, flipAt: Infinity }
  })
  const passing = new Proxy(all, {
    get: (array, key) => {
      looks++
      return Reflect.get(array, key) as unknown
    },
  })
  const state = new JudgedState(streamOf(filter))
  state.advance({
    now,
    readTrait: () => undefined,
    occurrencesOf: () => ({ occurrences: [], passing }),
    keptEvents: () => [],
    windowsLack: () => undefined,
  })
  return { value: state.value(), dueAt: state.dueAt, looks }
}

describe('the number of parents that pass', () => {
  const end = START + COUNT * 1000

  it.each([
    ['over all history', '', COUNT, Infinity],
    ['of a window', '.within(1000 seconds)', 999, end + 1000],
    ['of a window that has an end', '.between(1000 seconds, 2000 seconds)', 1000, end + 1000],
    ['of an open visit', '.within(100 seconds).expires_after(5 seconds)', 99, end + 1000],
  ])('%s takes some looks, not one for each', (_, filter, value, dueAt) => {
    const counted = countedAt(filter, end)
    expect(counted).toMatchObject({ value, dueAt })
    expect(counted.looks).toBeLessThan(300)
  })
})
