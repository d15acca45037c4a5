/** Reads the newest checkpoint, and compares the states that it holds with what its kept events determine. */
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { Shard } from '../../actors/engine/shard.ts'
import type { Difference } from '../../actors/engine/inspection.ts'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import { readCheckpoint, type RecoveryProgress } from './recovery.ts'

export interface VerifiedCheckpoint {
  readonly number: number
  /** Users and accounts. */
  readonly actors: number
  readonly differences: number
  /** The actor that was to be shown, as lines; undefined if it is not there. */
  readonly shown: readonly string[] | undefined
}

export interface VerificationOptions {
  /** An id of a user, `user_id:u1`, or of an account, `group_id:g1`, to be shown with all that is kept of it. */
  readonly show?: string | undefined

  readonly onDifference: (difference: Difference) => void
  readonly onProgress: (progress: RecoveryProgress) => void
}

/**
 * Resolves with undefined if there is no checkpoint. Rejects with a CheckpointDamagedError if the newest is not as it
 * was written, and with a CheckpointVersionError if a later program wrote it.
 */
export async function verifyNewest(
  store: CheckpointStore,
  { show, onDifference, onProgress }: VerificationOptions,
): Promise<VerifiedCheckpoint | undefined> {
  const [number] = await store.committed()
  if (number === undefined) return undefined
  const { shard } = await readCheckpoint(store, [number], { shard: { memory: LARGE_MEMORY }, onProgress })
  const inspection = shard.inspection()
  const shown = show === undefined ? undefined : actorOf(shard, show)
  const lines = shown && inspection.printed(shown)
  let differences = 0
  for (const difference of inspection.differences()) {
    differences++
    onDifference(difference)
  }
  return { number, actors: shard.actors().length, differences, shown: lines }
}

function actorOf(shard: Shard, id: string): SpaceActor | undefined {
  const colon = id.indexOf(':')
  const [type, value] = [id.slice(0, colon), id.slice(colon + 1)]
  return type === 'group_id' ? shard.account(value) : shard.profile(type, value)
}
