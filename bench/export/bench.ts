/**
 * Question: how many members a second does an export write, how long does it hold up the event loop, and how much
 * memory does it take, if half of all are members?
 *   npm run bench -- export        EXPORT_PROFILES=1000000 npm run bench -- export
 *
 * Workload: profiles with two ids and four traits, all in memory, every other a member; exports as CSV with a column
 * for each id and two traits, while every 50th turn of the loop applies a batch that changes ten people. A pause is the
 * longest time between two turns of the event loop, those batches included. Extra memory is the most that the heap and
 * buffers take beyond what they took before, garbage included. The baseline looks at everybody in one go, holds all
 * rows, and writes one file.
 * Checked: the rows of each export are those of the baseline, which is of the same instant.
 *
 * It does not show: users that have left memory; the sending of the file.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Shard } from '../../actors/engine/shard.ts'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import { csvLines } from '../../destinations/csv-list/csv.ts'
import { type ExportContext, EXPORT_LIMITS, Exports } from '../../src/exports/exports.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import { setTimer } from '../../src/model/timer.ts'
import { Random } from '../harness/random.ts'
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { spreadOf } from '../harness/spread.ts'

const PROFILES = setting('EXPORT_PROFILES', 200_000)
const RUNS = setting('BENCH_RUNS', 5)
const SEED = 20_261_130
const START = Date.UTC(2026, 0, 1)
const TRAITS = ['plan', 'city']
/** People of one batch, at first and of those that come meanwhile. */
const FILLED = 100
const CHANGED = 10
const TURNS = 50
const MEGABYTE = 1024 * 1024
/** At a million profiles. */
const MS_MAX = 60_000

const SOURCE: DefinitionSource = {
  kind: 'audience',
  key: 'of_even',
  type: 'USERS',
  query: "trait('group') = 'even'",
}

const random = new Random(SEED)
const shard = new Shard({ memory: LARGE_MEMORY, definitions: [SOURCE] })
const bodyOf = (profile: number, isEven: boolean): object => ({
  type: 'identify',
  userId: `user-${profile}`,
  traits: {
    email: `user-${profile}@example.com`,
    plan: random.below(2) === 0 ? 'basic' : '=pro',
    city: 'Vienna, Austria',
    group: isEven ? 'even' : 'odd',
  },
})
for (let from = 0; from < PROFILES; from += FILLED) apply(from, FILLED, (profile) => profile % 2 === 0)

function apply(from: number, count: number, isEven: (profile: number) => boolean): void {
  const bodies = Array.from({ length: Math.min(count, PROFILES - from) }, (_, index) => from + index)
  const calls = bodies.map((profile) => ({ body: bodyOf(profile, isEven(profile)), sourceId: '' }))
  shard.apply({ kind: 'calls', receivedAt: START, calls })
}

interface Run {
  readonly elapsedMs: number
  readonly pauseMs: number
  readonly extraBytes: number
}

function takenBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Looks at everybody at once, and writes one file. */
function writeInOneGo(path: string): Run & { readonly text: string } {
  globalThis.gc?.()
  const before = takenBytes()
  const start = performance.now()
  const records = [['key', 'user_id', 'email', ...TRAITS]]
  for (const actor of shard.actors()) {
    if (actor.kind !== 'user' || actor.definedValue(0) !== true) continue
    const id = (type: string): string => actor.ids.find((one) => one.type === type)?.value ?? ''
    const traits = TRAITS.map((name) => actor.traits.values[name] as string)
    records.push([actor.label, id('user_id'), id('email'), ...traits])
  }
  const text = csvLines(records)
  writeFileSync(path, text)
  const elapsedMs = performance.now() - start
  return { elapsedMs, pauseMs: elapsedMs, extraBytes: takenBytes() - before, text }
}

let turns = 0
let most = 0
const context: ExportContext = {
  shard,
  load: () => Promise.reject(new Error('everybody is in memory')),
  relieve: () => Promise.resolve(),
  elapsedMs: () => performance.now(),
  breathe: async () => {
    await nextTurn()
    if (++turns % TURNS !== 0) return
    most = Math.max(most, takenBytes())
    apply(random.below(PROFILES - CHANGED), CHANGED, () => random.below(2) === 0)
  },
  catchUp: () => Promise.resolve(),
  numberOf: () => 0,
  traits: () => ({ audienceOfAccounts: () => undefined, read: ({ traits }, _, name) => traits.values[name] }),
}

async function run(folder: string, index: number, expected: string): Promise<Run> {
  const exports = new Exports({ context, timer: setTimer, limits: EXPORT_LIMITS, directory: join(folder, 'exports') })
  globalThis.gc?.()
  const before = takenBytes()
  most = before
  const monitor = monitorEventLoopDelay({ resolution: 1 })
  monitor.enable()
  const start = performance.now()
  const { directory, name } = await exports.make(
    `exp_${index}`,
    {
      source: SOURCE,
      collection: 'users',
      format: 'formatted',
      ids: undefined,
      traits: TRAITS,
      isHashed: false,
      hasBom: false,
    },
    new AbortController().signal,
  )
  const elapsedMs = performance.now() - start
  monitor.disable()
  const extraBytes = Math.max(most, takenBytes()) - before
  if (sorted(readFileSync(join(directory, name), 'utf8')) !== sorted(expected)) throw new Error('expected other rows')
  await exports.stop()
  return { elapsedMs, pauseMs: monitor.max / 1e6, extraBytes }
}

function sorted(text: string): string {
  return text.split('\r\n').sort().join('\n')
}

const folder = mkdtempSync(join(tmpdir(), 'bench-export-'))
const runs: Run[] = []
const baselines: Run[] = []
let members = 0
try {
  for (let index = 0; index < RUNS; index++) {
    const { text, ...baseline } = writeInOneGo(join(folder, 'baseline.csv'))
    members = text.split('\r\n').length - 2
    baselines.push(baseline)
    runs.push(await run(folder, index, text))
  }
} finally {
  rmSync(folder, { recursive: true })
}

const rates = spreadOf(runs.map(({ elapsedMs }) => (members * 1_000) / elapsedMs))
const baselineRate = spreadOf(baselines.map(({ elapsedMs }) => (members * 1_000) / elapsedMs)).median
const rateMin = (1_000_000 / 2 / MS_MAX) * 1_000
const name = 'in one go'
report({
  bench: 'export',
  case: `of ${PROFILES.toLocaleString('en')}, half of them`,
  result: rates,
  unit: 'members/s',
  baseline: { name, value: baselineRate },
  ratio: rates.median / baselineRate,
  target: { text: `≥ ${Math.round(rateMin)} members/s`, isMet: rates.median >= rateMin },
})
const pause = spreadOf(runs.map(({ pauseMs }) => pauseMs))
const baselinePause = spreadOf(baselines.map(({ pauseMs }) => pauseMs)).median
report({
  bench: 'export',
  case: 'longest pause of the loop',
  result: pause,
  unit: 'ms',
  baseline: { name, value: baselinePause },
  ratio: pause.median / baselinePause,
})
const extra = spreadOf(runs.map(({ extraBytes }) => extraBytes / MEGABYTE))
const baselineExtra = spreadOf(baselines.map(({ extraBytes }) => extraBytes / MEGABYTE)).median
report({
  bench: 'export',
  case: 'memory beyond that of the space',
  result: extra,
  unit: 'MB',
  baseline: { name, value: baselineExtra },
  ratio: extra.median / baselineExtra,
})
