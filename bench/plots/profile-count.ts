/**
 * A point of the curve over profiles: a space of the bench `memory` with as many as the argument says, its bytes after
 * a checkpoint, and then calls of profiles chosen at random, a run after another. A call comes in a batch of a hundred:
 * its JSON is parsed, it is journalled, applied and answered, and its page comes back from Redis if it has left memory.
 * The CPU is that of this process, all its threads, without Redis.
 */
import type { Pipeline } from '../../src/space/pipeline.ts'
import { collectGarbage, Stopwatch } from '../harness/cost.ts'
import { Random } from '../harness/random.ts'
import { type Spread, spreadOf } from '../harness/spread.ts'
import { EVENTS_PER_PROFILE, laterCall, type TimedText } from '../memory/calls-of.ts'
import { type MoveTo, sendCalls } from '../memory/fill.ts'
import { type FilledSpace, releaseAll, withFilledSpace } from '../memory/space.ts'
import { handOver } from './apart.ts'
import { SIZES } from './sizes.ts'

const PROFILES = Number(process.argv[2])
/** Few beside the profiles, whose histories they make longer. */
const CALLS = Math.min(SIZES.PLOTS_CALLS, PROFILES)
const SEED = 20_261_130
/** Profiles whose events are counted in the end. */
const CHECKED = 1000

export interface SpaceFigures {
  /** CPU µs per call. */
  readonly cost: Spread
  /** Bytes of the resident set per profile, the runtime and this bench included. */
  readonly resident: Spread
  /** Bytes of the users in memory, off the heap, per profile: those that have left memory count as none. */
  readonly users: Spread
}

handOver(await withFilledSpace(PROFILES, measure))

async function measure({ pipeline, moveTo, check }: FilledSpace): Promise<SpaceFigures> {
  await pipeline.backUp('bench', () => Promise.resolve())
  await releaseAll()
  const [resident, users] = [process.memoryUsage.rss(), pipeline.shard.residentPages.bytes]
  await check()
  const cost = await measureCalls(pipeline, moveTo)
  await pipeline.stop()
  return { cost, resident: spreadOf([resident / PROFILES]), users: spreadOf([users / PROFILES]) }
}

/** The first run does not count. */
async function measureCalls(pipeline: Pipeline, moveTo: MoveTo): Promise<Spread> {
  const random = new Random(SEED)
  const callsOfProfiles = new Uint32Array(PROFILES)
  const costs: number[] = []
  for (let run = 0; run <= SIZES.BENCH_RUNS; run++) {
    const calls = Array.from({ length: CALLS }, (_, index): TimedText => {
      const profile = random.below(PROFILES)
      callsOfProfiles[profile]!++
      return laterCall(random, profile, run * CALLS + index)
    })
    collectGarbage()
    const stopwatch = new Stopwatch()
    stopwatch.start()
    await sendCalls(pipeline, calls, moveTo)
    stopwatch.stop()
    if (run > 0) costs.push((stopwatch.cost.cpuMs / CALLS) * 1000)
  }
  await checkEvents(pipeline, callsOfProfiles)
  return spreadOf(costs)
}

/** Throws unless some profiles that were called keep the events of before and one for each call. */
async function checkEvents({ reads }: Pipeline, callsOfProfiles: Uint32Array): Promise<void> {
  let checked = 0
  for (const [profile, calls] of callsOfProfiles.entries()) {
    if (calls === 0) continue
    if (++checked > CHECKED) return
    const found = await reads.find('users', { type: 'user_id', value: `user-${profile}` })
    const kept = found?.kind === 'user' ? found.keptEvents().length : 0
    if (kept !== EVENTS_PER_PROFILE + calls)
      throw new Error(`user-${profile} keeps ${kept} events, with ${calls} calls`)
  }
}
