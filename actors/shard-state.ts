/** What a shard is, as plain data. */
import type { DefinitionSource } from '../src/model/definition.ts'

/** The state of a shard. Actors are bytes: an actor at rest is its snapshot. */
export interface ShardState {
  readonly clock: number
  readonly arrivals: number
  readonly names: readonly string[]
  readonly definitions: readonly { id: number; source: DefinitionSource; sinceArrival: number }[]
  readonly nextDefinitionId: number
  readonly messageIds: readonly string[]
  /** How many actors there have been; absorbed ones leave their number unused. */
  readonly ordinals: number
  readonly actors: readonly Uint8Array[]
}
