/**
 * How many bytes does a profile take, and how long does a full collection stop the process for?
 *   npm run bench -- memory
 *   MEMORY_PROFILES=1000000 NODE_OPTIONS=--max-old-space-size=16000 npm run bench -- memory
 *
 * Workload: profiles of three ids, five traits and ten events of four properties within thirty days, under the twenty
 * definitions of the engine bench; parsed one call at a time, so that nothing of the input stays but what the engine
 * keeps. Everything counts: indexes, deduplication, timers, history. Read after a forced collection, less what was
 * there before. The baseline keeps the same calls as parsed objects in an array per user, and nothing else: it knows no
 * membership.
 * Checked: the number of profiles, and of the events that one of them keeps.
 *
 * It does not show: what allocating at full speed adds between collections; how long history may be.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { collectGarbage } from '../harness/cost.ts'
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { type Spread, spreadOf } from '../harness/spread.ts'
import { fillEngine, fillObjects } from './fill.ts'

const PROFILES = setting('MEMORY_PROFILES', 100_000)
const COLLECTIONS = setting('BENCH_RUNS', 5)

interface Held {
  readonly heap: number
  /** Array buffers and other memory of objects, off the heap. */
  readonly external: number
  readonly rss: number
  readonly pauseMs: Spread
}

const engine = await measure(fillEngine)
const objects = await measure(fillObjects)
reportBytes('heap', engine.heap, objects.heap)
reportBytes('off the heap', engine.external)
reportBytes('heap and off the heap', engine.heap + engine.external, objects.heap)
reportBytes('resident set', engine.rss)
report({
  bench: 'memory',
  case: `full collection, ${PROFILES.toLocaleString('en-US')} profiles`,
  result: engine.pauseMs,
  unit: 'ms',
  baseline: { name: 'parsed calls', value: objects.pauseMs.median },
  ratio: engine.pauseMs.median / objects.pauseMs.median,
})

/** @param fill makes what is measured, and returns what keeps it alive */
async function measure(fill: (profiles: number) => { readonly check: () => void }): Promise<Held> {
  await releaseAll()
  const before = process.memoryUsage()
  const filled = fill(PROFILES)
  await releaseAll()
  const pauseMs = spreadOf(Array.from({ length: COLLECTIONS }, timeCollection))
  const after = process.memoryUsage()
  filled.check()
  return {
    heap: after.heapUsed - before.heapUsed,
    external: after.external - before.external,
    rss: after.rss - before.rss,
    pauseMs,
  }
}

/** Array buffers are given back some time after the collection that found them unused. */
async function releaseAll(): Promise<void> {
  collectGarbage()
  await sleep(200)
  collectGarbage()
}

function timeCollection(): number {
  const begun = performance.now()
  collectGarbage()
  return performance.now() - begun
}

function reportBytes(name: string, bytes: number, baseline?: number): void {
  report({
    bench: 'memory',
    case: name,
    result: spreadOf([bytes / PROFILES]),
    unit: 'bytes/profile',
    ...(baseline !== undefined && {
      baseline: { name: 'parsed calls', value: baseline / PROFILES },
      ratio: bytes / baseline,
    }),
  })
}
