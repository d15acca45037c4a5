/**
 * Question: how many bytes does a profile take, and how long does a full collection stop the process for?
 *   npm run bench -- memory        MEMORY_PROFILES=1000000 npm run bench -- memory
 *
 * Workload: profiles of three ids, five traits and ten events of four properties within thirty days, imported one
 * profile after another, under the twenty definitions of the engine bench, through the pipeline of a server with the
 * settings that it has by default: beyond 512 MB pages of users leave memory for Redis. Everything counts: indexes,
 * deduplication, timers, history, and for the resident set the runtime and this bench too. Read after the last
 * checkpoint and a forced collection. What Redis holds of it is a row of its own. The baseline keeps the same calls of
 * 100,000 profiles at most as parsed objects in an array per user, and nothing else: it knows no membership.
 * Checked: the number of profiles, and of the events that one of them keeps.
 *
 * It does not show: long histories.
 */
import { createRedis } from '../../src/redis/client.ts'
import { collectGarbage } from '../harness/cost.ts'
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { type Spread, spreadOf } from '../harness/spread.ts'
import { fillObjects } from './fill.ts'
import { releaseAll, withFilledSpace } from './space.ts'

const PROFILES = setting('MEMORY_PROFILES', 100_000)
const COLLECTIONS = setting('BENCH_RUNS', 5)
const BASELINE_PROFILES = Math.min(PROFILES, 100_000)
/** From so many profiles on, targets hold: what the runtime takes by itself is little then. */
const TARGETS_FROM = 1_000_000
const BYTES_MAX = 1_536
const COLLECTION_MS_MAX = 300

interface Held {
  readonly heap: number
  /** The rows, blocks and bytes of users and accounts that are in memory. */
  readonly actors: number
  readonly rss: number
  readonly redis: number
  readonly pauseMs: Spread
}

const space = await measureSpace()
const objects = await measureObjects()
reportBytes('resident set, all of it', space.rss, { isMet: space.rss / PROFILES <= BYTES_MAX, text: '≤ 1,536 B' })
reportBytes('heap', space.heap)
reportBytes('users in memory, off the heap', space.actors)
reportBytes('in Redis', space.redis)
report({
  bench: 'memory',
  case: 'baseline: parsed calls, heap',
  result: spreadOf([objects / BASELINE_PROFILES]),
  unit: 'bytes/profile',
})
report({
  bench: 'memory',
  case: `full collection, ${PROFILES.toLocaleString('en-US')} profiles`,
  result: space.pauseMs,
  unit: 'ms',
  ...(PROFILES >= TARGETS_FROM && {
    target: { text: `≤ ${COLLECTION_MS_MAX} ms`, isMet: space.pauseMs.median <= COLLECTION_MS_MAX },
  }),
})

function measureSpace(): Promise<Held> {
  return withFilledSpace(PROFILES, async ({ pipeline, check, address }) => {
    await pipeline.stop()
    await releaseAll()
    const pauseMs = spreadOf(Array.from({ length: COLLECTIONS }, timeCollection))
    const { heapUsed, rss } = process.memoryUsage()
    const actors = pipeline.shard.residentPages.bytes
    await check()
    return { heap: heapUsed, actors, rss, redis: await bytesOf(address), pauseMs }
  })
}

async function measureObjects(): Promise<number> {
  await releaseAll()
  const before = process.memoryUsage().heapUsed
  const check = fillObjects(BASELINE_PROFILES)
  await releaseAll()
  const held = process.memoryUsage().heapUsed - before
  await check()
  return held
}

async function bytesOf(address: string): Promise<number> {
  const client = createRedis(address)
  await client.connect()
  const memory = await client.info('memory')
  client.disconnect()
  return Number(/used_memory:(\d+)/.exec(memory)![1])
}

function timeCollection(): number {
  const begun = performance.now()
  collectGarbage()
  return performance.now() - begun
}

function reportBytes(name: string, bytes: number, target?: { readonly text: string; readonly isMet: boolean }): void {
  report({
    bench: 'memory',
    case: name,
    result: spreadOf([bytes / PROFILES]),
    unit: 'bytes/profile',
    ...(target && PROFILES >= TARGETS_FROM && { target }),
  })
}
