/**
 * Question: how long is it until a preview has its first estimate, and until it is exact, and for how long does it hold
 * up the event loop?
 *   npm run bench -- preview        PREVIEW_PROFILES=1000000 npm run bench -- preview
 *
 * Workload: profiles of an identify and up to nine events, all in memory; previews of an audience that reads every
 * history, while the event loop has nothing else to do. A pause is the longest time between two of its turns. The
 * baseline is the command that defines the same audience, which holds the loop for all of it.
 * Checked: the estimate's interval is less than two percent of all wide; the exact size is that of the audience, once
 * it is defined.
 *
 * It does not show: calls that come meanwhile; users that have left memory.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Shard } from '../../actors/engine/shard.ts'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import { Preview } from '../../src/space/preview.ts'
import type { PreviewContext } from '../../src/space/preview-context.ts'
import { Random } from '../harness/random.ts'
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { spreadOf } from '../harness/spread.ts'

const PROFILES = setting('PREVIEW_PROFILES', 200_000)
const RUNS = setting('BENCH_RUNS', 5)
const SEED = 20_261_129
const START = Date.UTC(2026, 0, 1)
const EVENTS_MAX = 9
const ESTIMATE_MS_MAX = 1_000
/** At a million profiles. */
const EXACT_MS_MAX = 60_000
const WIDTH_MAX = 0.02

const SOURCE: DefinitionSource = {
  kind: 'audience',
  key: 'often',
  type: 'USERS',
  query: "event('Viewed').within(30 days).count() >= 5 AND event('Viewed').where(property('price') > 90).count() >= 1",
}

const random = new Random(SEED)
const shard = new Shard({ memory: LARGE_MEMORY })
for (let profile = 0; profile < PROFILES; profile++) {
  const userId = `user-${profile}`
  const bodies: object[] = [{ type: 'identify', userId, traits: { plan: 'pro' } }]
  for (let count = random.below(EVENTS_MAX + 1); count > 0; count--)
    bodies.push({ type: 'track', userId, event: 'Viewed', properties: { price: random.below(100) } })
  shard.apply({ kind: 'calls', receivedAt: START, calls: bodies.map((body) => ({ body, sourceId: '' })) })
}

interface Run {
  readonly estimateMs: number
  readonly exactMs: number
  readonly pauseMs: number
  readonly width: number
  readonly size: number
}

const context: PreviewContext = {
  shard,
  load: () => Promise.reject(new Error('everybody is in memory')),
  relieve: () => Promise.resolve(),
  clock: () => START,
  elapsedMs: () => performance.now(),
  breathe: () => nextTurn(),
  random: (bound) => random.below(bound),
  numberOf: () => undefined,
  connectionsOf: () => [],
  traitOf: () => undefined,
}

async function run(): Promise<Run> {
  const monitor = monitorEventLoopDelay({ resolution: 1 })
  monitor.enable()
  const start = performance.now()
  const preview = new Preview(
    { source: SOURCE, options: {}, compareWith: undefined, overlapWith: [], traits: [], changeOf: undefined },
    context,
  )
  await preview.estimate()
  const estimateMs = performance.now() - start
  const { low, high } = preview.findings().estimate!
  await preview.complete()
  const exactMs = performance.now() - start
  monitor.disable()
  const { size } = preview.findings().exact!
  preview.end()
  return { estimateMs, exactMs, pauseMs: monitor.max / 1e6, width: (high - low) / PROFILES, size }
}

const runs: Run[] = []
for (let count = 0; count < RUNS; count++) runs.push(await run())
const start = performance.now()
shard.apply({ kind: 'command', receivedAt: START, command: { kind: 'define', definition: SOURCE } })
const defineMs = performance.now() - start
let members = 0
for (const actor of shard.actors()) if (actor.definedValue(0) === true) members++
if (runs.some(({ size }) => size !== members)) throw new Error(`expected ${members} members in each preview`)
if (runs.some(({ width }) => width >= WIDTH_MAX)) throw new Error('an estimate is too wide')

const baseline = { name: 'defining it', value: defineMs }
const of = `of ${PROFILES.toLocaleString('en')}`
const estimate = spreadOf(runs.map(({ estimateMs }) => estimateMs))
report({
  bench: 'preview',
  case: `the first estimate, ${of}`,
  result: estimate,
  unit: 'ms',
  baseline,
  ratio: estimate.median / defineMs,
  target: { text: `≤ ${ESTIMATE_MS_MAX} ms`, isMet: estimate.median <= ESTIMATE_MS_MAX },
})
const exact = spreadOf(runs.map(({ exactMs }) => exactMs))
const exactMax = (EXACT_MS_MAX * PROFILES) / 1_000_000
report({
  bench: 'preview',
  case: `exact, ${of}`,
  result: exact,
  unit: 'ms',
  baseline,
  ratio: exact.median / defineMs,
  target: { text: `≤ ${exactMax} ms`, isMet: exact.median <= exactMax },
})
const pause = spreadOf(runs.map(({ pauseMs }) => pauseMs))
report({
  bench: 'preview',
  case: 'longest pause of the loop',
  result: pause,
  unit: 'ms',
  baseline,
  ratio: pause.median / defineMs,
})
