/**
 * For how long does a checkpoint of 100,000 changed profiles hold up the event loop, under load?
 *   npm run bench -- checkpoint        CHECKPOINT_PROFILES=20000 npm run bench -- checkpoint
 *
 * Workload: a pipeline with its journal and checkpoints in a Redis of its own (`appendfsync always`) and twenty
 * definitions; an identify and a track of every profile, so that every page has changed; then batches of 15 at 5,000
 * events a second, while one checkpoint is made, and for as long again with none. A pause is the longest time between
 * two turns of the event loop, by `monitorEventLoopDelay`; all is wall time, garbage collection included, and what the
 * load itself costs is in both. Checked: the checkpoint has every profile, as a recovery from it shows.
 *
 * It does not show: profiles with long histories.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { parseBody, readRequest } from '../../src/model/read-request.ts'
import type { CheckpointSummary } from '../../src/checkpoints/checkpointer.ts'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import { letHeapGrow } from '../../src/process/heap.ts'
import { Pipeline } from '../../src/space/pipeline.ts'
import { recover } from '../../src/space/recovery.ts'
import { DEFINITIONS } from '../engine/definitions.ts'
import { definitionCommand } from '../harness/definition-command.ts'
import { Random } from '../harness/random.ts'
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { inStores } from '../harness/space-stores.ts'
import { spreadOf } from '../harness/spread.ts'

const PROFILES = setting('CHECKPOINT_PROFILES', 100_000)
const RUNS = setting('BENCH_RUNS', 5)
const EVENTS_PER_SECOND = 5_000
const BATCH = 15
const FILL_BATCH = 1_000
const TARGET_MS = 6
/** By it the bench knows the timer of the checkpoints. */
const CHECKPOINT_MS = 123_456

interface Run {
  readonly pauseMs: number
  readonly pauseWithoutMs: number
  readonly checkpoint: CheckpointSummary
}

let messages = 0

function ingest(pipeline: Pipeline, calls: readonly object[]): Promise<unknown> {
  const batch = calls.map((call) => ({ messageId: `message-${++messages}`, ...call }))
  const body = Buffer.from(JSON.stringify({ batch }))
  return pipeline.ingest({ endpoint: 'batch', sourceId: 'bench', body, ...readRequest('batch', parseBody(body)) })
}

function callsOf(profile: number): object[] {
  const userId = `user-${profile}`
  const properties = { category: 'shoes', price: 20, quantity: 1, total: 40 }
  return [
    { type: 'identify', userId, traits: { email: `${userId}@example.com`, plan: 'pro' } },
    { type: 'track', userId, event: 'Order Completed', properties },
  ]
}

/** Sends at the rate until it is told to end. */
async function load(pipeline: Pipeline, until: AbortSignal): Promise<void> {
  const random = new Random(20_260_106)
  const start = performance.now()
  const under: Promise<unknown>[] = []
  for (let sent = 0; !until.aborted;) {
    const due = ((performance.now() - start) / 1000) * EVENTS_PER_SECOND
    for (; sent < due; sent += BATCH) {
      const calls = Array.from({ length: BATCH }, () => callsOf(random.below(PROFILES))[1]!)
      under.push(ingest(pipeline, calls))
    }
    await delay(1)
  }
  await Promise.all(under)
}

/** The longest pause while something goes on, ms. */
async function longestPause(during: () => Promise<unknown>): Promise<number> {
  const monitor = monitorEventLoopDelay({ resolution: 1 })
  monitor.enable()
  await during()
  monitor.disable()
  return monitor.max / 1e6
}

function run(): Promise<Run> {
  return inStores({ appendfsync: 'always' }, async ({ journal, checkpoints }) => {
    let ring: () => void = () => undefined
    let made: (summary: CheckpointSummary) => void = () => undefined
    let timers = 0
    const pipeline = await Pipeline.open({
      journal,
      checkpoints,
      memory: LARGE_MEMORY,
      // The bench says when the checkpoint is due; windows of the workload close long after it.
      timer: (callback, delayMs) => {
        if (delayMs === CHECKPOINT_MS && timers++ === 0) ring = callback
        return () => undefined
      },
      checkpointLimits: { intervalMs: CHECKPOINT_MS, bytesMax: Infinity },
      onCheckpoint: (summary) => made(summary),
    })
    for (const [index, source] of DEFINITIONS.entries()) await pipeline.command(definitionCommand(index, source))
    for (let first = 0; first < PROFILES; first += FILL_BATCH)
      await ingest(pipeline, Array.from({ length: FILL_BATCH }, (_, place) => callsOf(first + place)).flat())
    const ending = new AbortController()
    const loaded = load(pipeline, ending.signal)
    await delay(2_000)
    let checkpoint: CheckpointSummary | undefined
    const pauseMs = await longestPause(async () => {
      checkpoint = await new Promise<CheckpointSummary>((resolve) => {
        made = resolve
        ring()
      })
    })
    const pauseWithoutMs = await longestPause(() => delay(checkpoint!.durationMs))
    ending.abort()
    await loaded
    const expected = pipeline.shard.profileCount
    const ignore = (): void => undefined
    const recovered = await recover({
      journal,
      checkpoints,
      shard: { memory: LARGE_MEMORY },
      onProgress: ignore,
      onDamaged: ignore,
    })
    if (recovered.shard.profileCount !== expected || expected !== PROFILES) throw new Error('profiles are missing')
    return { pauseMs, pauseWithoutMs, checkpoint: checkpoint! }
  })
}

letHeapGrow()
const runs: Run[] = []
for (let count = 0; count < RUNS; count++) runs.push(await run())
const pause = spreadOf(runs.map(({ pauseMs }) => pauseMs))
const without = spreadOf(runs.map(({ pauseWithoutMs }) => pauseWithoutMs)).median
report({
  bench: 'checkpoint',
  case: `longest pause, ${PROFILES.toLocaleString('en')} changed`,
  result: pause,
  unit: 'ms',
  baseline: { name: 'without a checkpoint', value: without },
  ratio: pause.median / without,
  target: { text: `≤ ${TARGET_MS} ms`, isMet: pause.median <= TARGET_MS },
})
report({
  bench: 'checkpoint',
  case: 'from its begin to its commit',
  result: spreadOf(runs.map(({ checkpoint }) => checkpoint.durationMs)),
  unit: 'ms',
})
report({
  bench: 'checkpoint',
  case: 'bytes of a profile in it',
  result: spreadOf(runs.map(({ checkpoint }) => checkpoint.bytes / PROFILES)),
  unit: 'B',
})
