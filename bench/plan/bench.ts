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
import { UNITS } from '../../src/model/time.ts'
import type { Work } from '../../actors/plan/predicate.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import { type Calls, CallWriter } from '../harness/calls.ts'
import { alternate } from '../harness/cost.ts'
import { engineSubject } from '../harness/engine-subject.ts'
import { Random } from '../harness/random.ts'
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { spreadOf } from '../harness/spread.ts'
import { assertSameChanges, type Outcome, run } from '../harness/subject.ts'
import { CONCERNED, onOtherEvents, onOtherValues } from './definitions.ts'

const CALLS = setting('PLAN_CALLS', 50_000)
const PROFILES = 10_000
const SIZES = [10, 100, 1000, 10_000]
const SEED = 20_260_102
const START = Date.UTC(2026, 0, 1)
const SPAN_MS = 30 * UNITS.day
/** Ratio to the cost with ten audiences. */
const TARGET = 1.3

const calls = generateCalls()
await compareSizes('on other events', onOtherEvents, true)
await compareSizes('on other values', onOtherValues, false)

function generateCalls(): Calls {
  const random = new Random(SEED)
  const writer = new CallWriter()
  let receivedAt = START
  for (let index = 0; index < CALLS; index++) {
    receivedAt += random.below((2 * SPAN_MS) / CALLS)
    const body = {
      type: 'track',
      messageId: random.hex(),
      timestamp: new Date(receivedAt).toISOString(),
      userId: `user-${random.below(PROFILES)}`,
      event: 'Visited',
      properties: { sku: `s-${random.below(CONCERNED)}`, price: random.below(100) },
    }
    writer.add(JSON.stringify(body), receivedAt)
  }
  return writer.finish()
}

async function compareSizes(
  name: string,
  definitionsOf: (count: number) => DefinitionSource[],
  hasTarget: boolean,
): Promise<void> {
  const outcomes = await alternate(
    Object.fromEntries(SIZES.map((size) => [`${size}`, () => runCounted(definitionsOf(size))])),
  )
  assertSameChanges(Object.values(outcomes).flat(), name)
  assertSameWork(Object.values(outcomes).flat(), name)
  const costs = SIZES.map((size) => spreadOf(outcomes[`${size}`]!.map(({ cost }) => (cost.cpuMs / CALLS) * 1000)))
  for (const [index, size] of SIZES.entries()) {
    const result = costs[index]!
    const ratio = result.median / costs[0]!.median
    report({
      bench: 'plan',
      case: `${size.toLocaleString('en-US')} audiences ${name}`,
      result,
      unit: 'CPU µs/call',
      wall: spreadOf(outcomes[`${size}`]!.map(({ cost }) => (cost.wallMs / CALLS) * 1000)).median,
      ...(index > 0 && { baseline: { name: `${SIZES[0]!} audiences`, value: costs[0]!.median }, ratio }),
      ...(hasTarget && index > 0 && { target: { text: `≤ ${TARGET} ×`, isMet: ratio <= TARGET } }),
    })
  }
}

interface CountedOutcome extends Outcome {
  readonly work: Work
}

async function runCounted(definitions: readonly DefinitionSource[]): Promise<CountedOutcome> {
  const subject = engineSubject(definitions, calls)
  const before = subject.shard.work
  const outcome = await run(subject, calls, calls.end)
  const { predicates, nodes, definitions: evaluations, verdicts } = subject.shard.work
  return {
    ...outcome,
    work: {
      predicates: predicates - before.predicates,
      nodes: nodes - before.nodes,
      definitions: evaluations - before.definitions,
      verdicts: verdicts - before.verdicts,
    },
  }
}

function assertSameWork(outcomes: readonly CountedOutcome[], name: string): void {
  const first = JSON.stringify(outcomes[0]!.work)
  for (const { work } of outcomes)
    if (JSON.stringify(work) !== first) throw new Error(`${name}: the work is ${JSON.stringify(work)}, not ${first}`)
}
