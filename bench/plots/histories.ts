/** Curve: the cost of a call to a user against the events of its history, laid out as those of the bench `rest`. */
import { spreadOf } from '../harness/spread.ts'
import { Histories } from '../rest/histories.ts'
import { measureRounds, type Rounds } from '../rest/rounds.ts'
import { handOver } from './apart.ts'
import { type Chart, pointsOf } from './chart.ts'
import { SHOP_ACTS, ShopShard } from './shop-shard.ts'
import { SIZES } from './sizes.ts'

const EVENTS = [10, 30, 100, 300, 1000]
/** Rounds are short: each run has several. */
const ROUNDS_PER_RUN = 2
const ROUNDS: Rounds = { count: (SIZES.BENCH_RUNS + 1) * ROUNDS_PER_RUN, uncounted: ROUNDS_PER_RUN }

const histories = EVENTS.map((events) => {
  const size = { events, users: SIZES.REST_HISTORIES, rounds: ROUNDS.count }
  return new Histories(SHOP_ACTS, () => new ShopShard(), size)
})
for (const each of histories) each.fill()
const costs = measureRounds(
  histories.map((each) => () => each.run()),
  ROUNDS,
)
for (const each of histories) each.finish()

const { callsPerRound } = histories[0]!
const results = costs.map((rounds) => spreadOf(rounds.map(({ cpuMs }) => (cpuMs / callsPerRound) * 1000)))
const chart: Chart = {
  name: 'histories',
  title: 'Does a call cost more if its user has a longer history?',
  x: 'events of the user before the call',
  panels: [{ y: 'CPU µs per call', lines: [{ label: 'twenty definitions', points: pointsOf(EVENTS, results) }] }],
}
handOver(chart)
