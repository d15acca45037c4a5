/** Reads the newest checkpoint, and compares the states that it holds with what its kept events determine. */
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import type { Difference } from '../../actors/engine/verification.ts'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import { readCheckpoint, type RecoveryProgress } from './recovery.ts'

export interface VerifiedCheckpoint {
  readonly number: number
  /** Users and accounts. */
  readonly actors: number
  readonly differences: number
}

export interface VerificationOptions {
  readonly onDifference: (difference: Difference) => void
  readonly onProgress: (progress: RecoveryProgress) => void
}

/**
 * Resolves with undefined if there is no checkpoint. Rejects with a CheckpointDamagedError if the newest is not as it
 * was written, and with a CheckpointVersionError if a later program wrote it.
 */
export async function verifyNewest(
  store: CheckpointStore,
  { onDifference, onProgress }: VerificationOptions,
): Promise<VerifiedCheckpoint | undefined> {
  const [number] = await store.committed()
  if (number === undefined) return undefined
  const { shard } = await readCheckpoint(store, [number], { shard: { memory: LARGE_MEMORY }, onProgress })
  let differences = 0
  for (const difference of shard.differences()) {
    differences++
    onDifference(difference)
  }
  return { number, actors: shard.actors().length, differences }
}
