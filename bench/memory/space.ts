/** A space as a server holds it by default, filled with profiles, under the twenty definitions of the engine bench. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import { CHECKPOINT_LIMITS } from '../../src/checkpoints/checkpoint-schedule.ts'
import { UNITS } from '../../src/model/time.ts'
import { Pipeline } from '../../src/space/pipeline.ts'
import { DEFINITIONS } from '../engine/definitions.ts'
import { collectGarbage } from '../harness/cost.ts'
import { definitionCommand } from '../harness/definition-command.ts'
import { inStores } from '../harness/space-stores.ts'
import { type Check, fillSpace, type MoveTo } from './fill.ts'

/** The defaults of a server. */
const RESIDENT_BYTES_MAX = 512 * 1024 * 1024
const DEDUPLICATION = { horizonMs: UNITS.day, idsMax: 50_000_000 }

export interface FilledSpace {
  readonly pipeline: Pipeline
  readonly moveTo: MoveTo
  /** Throws unless the space has all that it was filled with, and nothing more. */
  readonly check: Check
  /** Address of its Redis. */
  readonly address: string
}

/** The space and its Redis are gone afterwards; whoever uses it stops the pipeline. */
export function withFilledSpace<Value>(profiles: number, use: (space: FilledSpace) => Promise<Value>): Promise<Value> {
  return inStores({ appendfsync: 'everysec' }, async ({ address, journal, checkpoints }) => {
    let now = 0
    const moveTo = (instant: number): number => (now = instant)
    const pipeline = await Pipeline.open({
      journal,
      checkpoints,
      clock: () => now,
      memory: LARGE_MEMORY,
      residentBytesMax: RESIDENT_BYTES_MAX,
      deduplication: DEDUPLICATION,
      checkpointLimits: CHECKPOINT_LIMITS,
      onFailure: (cause) => {
        throw cause
      },
    })
    for (const [index, source] of DEFINITIONS.entries()) await pipeline.command(definitionCommand(index, source))
    const check = await fillSpace(pipeline, profiles, moveTo)
    return use({ pipeline, moveTo, check, address })
  })
}

/** Array buffers are given back some time after the collection that found them unused. */
export async function releaseAll(): Promise<void> {
  collectGarbage()
  await sleep(200)
  collectGarbage()
}
