/**
 * Question: how long is it until a definition is live, and how much does it hold up the calls that come meanwhile?
 *   npm run bench -- definitions        DEFINITIONS_PROFILES=1000000 npm run bench -- definitions
 *
 * Workload: profiles of an identify and up to nine events, all in memory, in a space with a journal in Redis
 * (`appendfsync always`); 2,000 events a second in batches of ten. The baseline is the same load without any change,
 * right after it and for as long, though no more than a minute: the rarer a pause, the longer one must look. A pause is
 * the longest time between two turns of the loop, a latency is counted from when a batch was due. A definition is live
 * when its lookups show it; it is settled when all transitions of it have been told.
 * Checked: whoever is in each audience afterwards is as many as there should be, and every call is taken.
 *
 * It does not show: users that have left memory; destinations.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import { parseBody, readRequest } from '../../src/model/read-request.ts'
import { letHeapGrow } from '../../src/process/heap.ts'
import { Pipeline } from '../../src/space/pipeline.ts'
import { collectGarbage } from '../harness/cost.ts'
import { Random } from '../harness/random.ts'
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { inStores } from '../harness/space-stores.ts'
import { quantile, spreadOf } from '../harness/spread.ts'

const PROFILES = setting('DEFINITIONS_PROFILES', 100_000)
const EVENTS_MAX = 9
const BATCH = 10
const BATCH_EVERY_MS = 5
const CALM_MS = { min: 5_000, max: 60_000 }
const WARM_MS = 1_000
const FILL_BATCH = 500
/** Beyond those of the same load without a change. */
const PAUSE_MS_MAX = 3
const P99_MS_MAX = 10

/** By what each looks at: a condition, and the share of all that is in it. */
const CASES: readonly { readonly name: string; readonly query: string; readonly liveMsMax?: number }[] = [
  { name: 'an unseen event', query: "event('Never').count() >= 1", liveMsMax: 1_000 },
  { name: 'an unseen event, everybody in it', query: "NOT event('Never').count() >= 1" },
  { name: 'every history, half in it', query: "event('Viewed').count() >= 5", liveMsMax: 120_000 },
  { name: 'a part of one that is there', query: "event('Viewed').count() >= 7" },
  {
    name: 'a funnel',
    query: "event('Viewed').where(event('Viewed').within(parent: 1 hour).count() >= 1).count() >= 2",
  },
  { name: 'a trait', query: "trait('plan') = 'pro'" },
]

interface Load {
  readonly pauseMs: number
  readonly p99Ms: number
}

const random = new Random(20_261_129)
let calls = 0

function send(pipeline: Pipeline, batch: readonly object[]): Promise<unknown> {
  const body = Buffer.from(JSON.stringify({ batch: batch.map((call) => ({ messageId: `m${++calls}`, ...call })) }))
  return pipeline.ingest({ endpoint: 'batch', sourceId: '', body, ...readRequest('batch', parseBody(body)) })
}

async function fill(pipeline: Pipeline): Promise<void> {
  let batch: object[] = []
  for (let profile = 0; profile < PROFILES; profile++) {
    const userId = `user-${profile}`
    batch.push({ type: 'identify', userId, traits: { plan: profile % 2 === 0 ? 'pro' : 'free' } })
    for (let count = random.below(EVENTS_MAX + 1); count > 0; count--)
      batch.push({ type: 'track', userId, event: 'Viewed', properties: { price: random.below(100) } })
    if (batch.length < FILL_BATCH) continue
    await send(pipeline, batch)
    batch = []
  }
  await send(pipeline, batch)
}

/** Sends calls for a while, then until some work is done, which is what is measured. */
async function under(pipeline: Pipeline, work: () => Promise<void>): Promise<Load> {
  // What was read before, to check it, must not be collected meanwhile.
  collectGarbage()
  const latencies: number[] = []
  const sent: Promise<void>[] = []
  const monitor = monitorEventLoopDelay({ resolution: 1 })
  const start = performance.now()
  let count = 0
  const timer = setInterval(() => {
    for (; start + count * BATCH_EVERY_MS <= performance.now(); count++) {
      const dueAt = start + count * BATCH_EVERY_MS
      const user = { type: 'track', userId: `user-${random.below(PROFILES)}`, event: 'Opened' }
      const batch = Array.from({ length: BATCH }, () => user)
      sent.push(send(pipeline, batch).then(() => void latencies.push(performance.now() - dueAt)))
    }
  }, 1)
  await sleep(WARM_MS)
  latencies.length = 0
  monitor.enable()
  await work()
  monitor.disable()
  clearInterval(timer)
  await Promise.all(sent)
  latencies.sort((a, b) => a - b)
  return { pauseMs: monitor.max / 1e6, p99Ms: quantile(latencies, 0.99) }
}

/** Resolves when it is settled, with when it was live and settled. */
async function define(pipeline: Pipeline, source: DefinitionSource): Promise<{ liveMs: number; settledMs: number }> {
  const start = performance.now()
  let liveMs = 0
  const done = new Promise<number>((resolve) => {
    const following = pipeline.applied$.subscribe(() => {
      const { changeover } = pipeline.shard
      if (liveMs === 0 && changeover.intended === pipeline.shard.definitions) liveMs = performance.now() - start
      if (liveMs === 0 || changeover.progress) return
      following.unsubscribe()
      resolve(performance.now() - start)
    })
  })
  const times = { createdAt: 0, updatedAt: 0 }
  const record = { id: source.key, name: source.key, description: '', enabled: true, source, options: {}, ...times }
  await pipeline.command({ kind: 'define', record })
  const settledMs = await done
  return { liveMs, settledMs }
}

function membersOf(pipeline: Pipeline, key: string): number {
  const id = pipeline.shard.definitions.input(key, 'USERS')!.id
  return pipeline.shard.actors().filter((actor) => actor.definedValue(id) === true).length
}

letHeapGrow()
await inStores({ appendfsync: 'always' }, async ({ journal }) => {
  const pipeline = await Pipeline.open({ journal, memory: LARGE_MEMORY })
  await fill(pipeline)
  for (const [index, { name, query, liveMsMax }] of CASES.entries()) {
    const source: DefinitionSource = { kind: 'audience', key: `case_${index}`, type: 'USERS', query }
    let times = { liveMs: 0, settledMs: 0 }
    const load = await under(pipeline, async () => {
      times = await define(pipeline, source)
    })
    const calmMs = Math.max(CALM_MS.min, Math.min(CALM_MS.max, times.settledMs))
    const calm = await under(pipeline, () => sleep(calmMs))
    const draft = pipeline.shard.drafts.draft(source)
    const expected = pipeline.shard
      .actors()
      .filter((actor) => draft.evaluate(actor, pipeline.shard.clock).value === true)
    if (membersOf(pipeline, source.key) !== expected.length) throw new Error(`expected ${expected.length} in ${name}`)
    const ofCase = `${name}, of ${PROFILES.toLocaleString('en')}`
    report({
      bench: 'definitions',
      case: `${ofCase}: live`,
      result: spreadOf([times.liveMs]),
      unit: 'ms',
      larger: [{ name: 'settled', value: times.settledMs, ratio: times.settledMs / times.liveMs }],
      ...(liveMsMax && { target: { text: `≤ ${liveMsMax} ms`, isMet: times.liveMs <= liveMsMax } }),
    })
    for (const [what, value, base, max] of [
      ['longest pause', load.pauseMs, calm.pauseMs, PAUSE_MS_MAX],
      ['p99 of ingestion', load.p99Ms, calm.p99Ms, P99_MS_MAX],
    ] as const)
      report({
        bench: 'definitions',
        case: `${ofCase}: ${what}`,
        result: spreadOf([value]),
        unit: 'ms',
        baseline: { name: 'without a change', value: base },
        ratio: value / base,
        target: { text: `≤ ${max} ms more`, isMet: value - base <= max },
      })
  }
  await pipeline.stop()
})
