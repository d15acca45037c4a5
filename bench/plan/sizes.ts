/** The same calls under sets of audiences of several sizes, of which they concern the same few. */
import type { Work } from '../../actors/plan/predicate.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import { UNITS } from '../../src/model/time.ts'
import { type Calls, CallWriter } from '../harness/calls.ts'
import { alternate } from '../harness/cost.ts'
import { engineSubject } from '../harness/engine-subject.ts'
import { Random } from '../harness/random.ts'
import { assertSameChanges, type Outcome, run } from '../harness/subject.ts'
import { CONCERNED } from './definitions.ts'

const PROFILES = 10_000
const SEED = 20_260_102
const START = Date.UTC(2026, 0, 1)
const SPAN_MS = 30 * UNITS.day

export interface AudienceSets {
  readonly name: string
  readonly sizes: readonly number[]
  readonly definitionsOf: (count: number) => DefinitionSource[]
}

/** One event of 10,000 profiles over thirty days. */
export function generateVisits(count: number): Calls {
  const random = new Random(SEED)
  const writer = new CallWriter()
  let receivedAt = START
  for (let index = 0; index < count; index++) {
    receivedAt += random.below((2 * SPAN_MS) / count)
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

/** Returns the outcomes of each size. Throws unless all have the same transitions and the same work. */
export async function compareSizes({ name, sizes, definitionsOf }: AudienceSets, calls: Calls): Promise<Outcome[][]> {
  const outcomes = await alternate(
    Object.fromEntries(sizes.map((size) => [`${size}`, () => runCounted(definitionsOf(size), calls)])),
  )
  assertSameChanges(Object.values(outcomes).flat(), name)
  assertSameWork(Object.values(outcomes).flat(), name)
  return sizes.map((size) => outcomes[`${size}`]!)
}

interface CountedOutcome extends Outcome {
  readonly work: Work
}

async function runCounted(definitions: readonly DefinitionSource[], calls: Calls): Promise<CountedOutcome> {
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
