/**
 * Does a call cost more where more audiences are defined that it does not concern?
 *   npm run bench -- plan        PLAN_CALLS=10000 npm run bench -- plan
 *
 * Workload: one event of 10,000 profiles over thirty days, under 10, 100, 1,000 and 10,000 audiences. Other events: ten
 * audiences look at the event, the others at events that do not come. Other values: all look at the event, each for
 * another value of a property, and a call has one of the first ten. The baseline is the same engine with ten audiences.
 * Checked: the transitions are the same whatever the number of audiences, and so is the work counted by `Shard.work`.
 *
 * It does not show: audiences without an equality to find them by, which are all tested; what compiling them costs.
 */
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { spreadOf } from '../harness/spread.ts'
import { onOtherEvents, onOtherValues } from './definitions.ts'
import { type AudienceSets, compareSizes, generateVisits } from './sizes.ts'

const CALLS = setting('PLAN_CALLS', 50_000)
const SIZES = [10, 100, 1000, 10_000]
/** Ratio to the cost with ten audiences. */
const TARGET = 1.3

const calls = generateVisits(CALLS)
await reportSizes({ name: 'on other events', sizes: SIZES, definitionsOf: onOtherEvents }, true)
await reportSizes({ name: 'on other values', sizes: SIZES, definitionsOf: onOtherValues }, false)

async function reportSizes(sets: AudienceSets, hasTarget: boolean): Promise<void> {
  const outcomes = await compareSizes(sets, calls)
  const costs = outcomes.map((runs) => spreadOf(runs.map(({ cost }) => (cost.cpuMs / CALLS) * 1000)))
  for (const [index, size] of SIZES.entries()) {
    const result = costs[index]!
    const ratio = result.median / costs[0]!.median
    report({
      bench: 'plan',
      case: `${size.toLocaleString('en-US')} audiences ${sets.name}`,
      result,
      unit: 'CPU µs/call',
      wall: spreadOf(outcomes[index]!.map(({ cost }) => (cost.wallMs / CALLS) * 1000)).median,
      ...(index > 0 && { baseline: { name: `${SIZES[0]!} audiences`, value: costs[0]!.median }, ratio }),
      ...(hasTarget && index > 0 && { target: { text: `≤ ${TARGET} ×`, isMet: ratio <= TARGET } }),
    })
  }
}
