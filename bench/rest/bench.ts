/**
 * Question: what does a call cost of a user that has long been untouched, and of one with a long history?
 *   npm run bench -- rest        REST_USERS=5000 REST_HISTORIES=5 npm run bench -- rest
 *
 * Workload: 50,000 users who have visited ten times, under four definitions that each visit touches; the same 500 are
 * called again and again, or others, one call each (untouched.ts). Then each kind of state by itself, as the only
 * definition of a shard, for users with 10, 100 and 1,000 events, which lie within its windows (histories.ts,
 * kinds.ts); kinds that are objects while they are in use, once more as the bytes that they are otherwise, read and
 * written for each call. One call to an entry. The baseline is the hot users, and the users with ten events.
 * Checked: every transition of the visits, one by one; the value of every user under every kind, against one computed
 * anew from all its events (naive.ts), before the measured calls, after them, and while the windows close: each change
 * at its instant.
 *
 * It does not show: several kinds at once; pages that have left memory. The set of `messageId`s is larger where the
 * histories are longer, which makes a call slower by the waiting for memory that this takes.
 */
import type { Cost } from '../harness/cost.ts'
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { type Spread, spreadOf } from '../harness/spread.ts'
import { Histories } from './histories.ts'
import { KindShard } from './kind-shard.ts'
import { type Kind, KINDS } from './kinds.ts'
import { measureRounds, type Rounds } from './rounds.ts'
import { measureUntouched } from './untouched.ts'

const USERS = setting('REST_USERS', 50_000)
/** Users called at a time. */
const HISTORIES = setting('REST_HISTORIES', 25)
const RUNS = setting('BENCH_RUNS', 5)
/** Rounds are short: each run has several. */
const ROUNDS_PER_RUN = 2
const ROUNDS: Rounds = { count: (RUNS + 1) * ROUNDS_PER_RUN, uncounted: ROUNDS_PER_RUN }
const EVENTS = [10, 100, 1000]

reportUntouched()
for (const kind of KINDS) {
  reportKind(kind, false)
  if (kind.isByItself) reportKind(kind, true)
}

function reportUntouched(): void {
  const { calls, hot, untouched } = measureUntouched(USERS, ROUNDS)
  const [result, baseline] = [perCall(untouched, calls), perCall(hot, calls).median]
  report({
    bench: 'rest',
    case: `long untouched, of ${USERS.toLocaleString('en-US')}`,
    result,
    unit: 'CPU µs/call',
    wall: wallPerCall(untouched, calls),
    baseline: { name: 'hot', value: baseline },
    ratio: result.median / baseline,
  })
}

function reportKind(kind: Kind, areBytes: boolean): void {
  const histories = EVENTS.map(
    (events) =>
      new Histories(kind, (users) => new KindShard(kind, users, areBytes), {
        events,
        users: HISTORIES,
        rounds: ROUNDS.count,
      }),
  )
  for (const each of histories) each.fill()
  const costs = measureRounds(
    histories.map((each) => () => each.run()),
    ROUNDS,
  )
  for (const each of histories) each.finish()
  const { callsPerRound } = histories[0]!
  const [shortest, ...longer] = costs.map((each) => perCall(each, callsPerRound)) as [Spread, ...Spread[]]
  report({
    bench: 'rest',
    case: `${kind.name}${areBytes ? ', as bytes' : ''}, ${EVENTS[0]} events`,
    result: shortest,
    unit: 'CPU µs/call',
    wall: wallPerCall(costs[0]!, callsPerRound),
    larger: longer.map(({ median }, index) => ({
      name: EVENTS[index + 1]!.toLocaleString('en-US'),
      value: median,
      ratio: median / shortest.median,
    })),
  })
}

function perCall(costs: readonly Cost[], calls: number): Spread {
  return spreadOf(costs.map(({ cpuMs }) => (cpuMs / calls) * 1000))
}

function wallPerCall(costs: readonly Cost[], calls: number): number {
  return spreadOf(costs.map(({ wallMs }) => (wallMs / calls) * 1000)).median
}
