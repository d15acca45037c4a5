/** What a shard begins with, and what it is, as plain data. */
import type { DefinitionSource } from '../src/model/definition.ts'
import type { IdentityRules } from '../src/model/external-id.ts'
import type { DeduplicationLimits, DeduplicationState } from './deduplication.ts'
import type { Retention } from '../src/model/retention.ts'

export interface ShardOptions {
  readonly definitions?: readonly DefinitionSource[]
  readonly identity?: IdentityRules
  /** All is kept by default. */
  readonly retention?: Retention
  /** No `messageId` is forgotten by default. */
  readonly deduplication?: DeduplicationLimits
}

/** The state of a shard. Actors are bytes: an actor at rest is its snapshot. */
export interface ShardState {
  readonly clock: number
  readonly arrivals: number
  readonly names: readonly string[]
  readonly definitions: readonly { id: number; source: DefinitionSource; sinceArrival: number; definedAt: number }[]
  readonly nextDefinitionId: number
  readonly retention: Retention
  readonly deduplication: DeduplicationState
  /** How many actors there have been; absorbed ones leave their number unused. */
  readonly ordinals: number
  readonly actors: readonly Uint8Array[]
}
