/**
 * Rounds of several cases in turn. Unlike elsewhere, no collection is forced between them: after one, calls cost up to
 * twice as much for some thousands of them, which is as long as a round lasts.
 */
import { collectGarbage, type Cost } from '../harness/cost.ts'

export interface Rounds {
  /** All of them. */
  readonly count: number
  /** The first ones, in which code is compiled. */
  readonly uncounted: number
}

/** Begins each round with another case. Returns each case's costs, without those of the rounds that do not count. */
export function measureRounds(cases: readonly (() => Cost)[], { count, uncounted }: Rounds): Cost[][] {
  const costs: Cost[][] = cases.map(() => [])
  collectGarbage()
  for (let round = 0; round < count; round++)
    for (let turn = 0; turn < cases.length; turn++) {
      const index = (round + turn) % cases.length
      const cost = cases[index]!()
      if (round >= uncounted) costs[index]!.push(cost)
    }
  return costs
}
