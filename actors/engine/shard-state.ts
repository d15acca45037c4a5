/** The options and the state of a shard, as plain data. */
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { IdentityRules } from '../../src/model/external-id.ts'
import type { DeduplicationHead, DeduplicationLimits } from '../deduplication/deduplication.ts'
import type { Retention } from '../../src/model/retention.ts'
import type { StoredDefinition } from '../compiler/definitions.ts'
import type { StoredChangeover } from './changeover.ts'
import type { Layouts } from '../compiler/compiled-plans.ts'
import type { PageCut } from '../records/pages.ts'
import type { MemoryLimits } from '../memory/actor-memory.ts'
import type { SettlementObserver } from '../settlement/settlement-observer.ts'

export interface ShardOptions {
  readonly definitions?: readonly DefinitionSource[]
  readonly identity?: IdentityRules
  /** The version of the rules at first; the newest by default. */
  readonly rules?: number
  /** All is kept by default. */
  readonly retention?: Retention
  /** No `messageId` is forgotten by default. */
  readonly deduplication?: DeduplicationLimits
  /** The memory that is set aside for the actors; enough for small replays by default. */
  readonly memory?: MemoryLimits
  /** States that are by themselves and kept as objects while they are in use; some thousand users' by default. */
  readonly liveStatesMax?: number
  /** Beyond so many bytes of users, pages that a checkpoint has leave memory, if nobody has touched them for long. */
  readonly residentBytesMax?: number
  /** Receives the changes of every settlement. */
  readonly observer?: SettlementObserver
}

/** All of a shard but its actors and the fingerprints of `messageId`s. */
export interface ShardHead {
  readonly clock: number
  readonly arrivals: number
  readonly names: readonly string[]
  /** Chunks of suppressed ids; absent if there are none. */
  readonly suppressed?: readonly Uint8Array[]
  readonly definitions: readonly StoredDefinition[]
  /** Definitions whose last values are kept, though they are not there; absent before there were any. */
  readonly asideDefinitions?: readonly StoredDefinition[]
  readonly nextDefinitionId: number
  /** The change of definitions that is under way. */
  readonly changeover?: StoredChangeover
  /** By which the states of actors are stored; absent in checkpoints that hold none. */
  readonly layouts?: Layouts
  readonly retention: Retention
  /** The version of the rules; absent in checkpoints that are older than versions. */
  readonly rules?: number
  readonly deduplication: DeduplicationHead
  /** The number of actors that there have ever been; absorbed ones leave their number unused. */
  readonly ordinals: number
}

/** The whole state of a shard. Actors are bytes. */
export interface ShardState extends ShardHead {
  /** By number; those of one page are written together. */
  readonly pages: readonly Uint8Array[]
  /** Chunks of the log of fingerprints, in its order. */
  readonly fingerprints: readonly Uint8Array[]
}

/** The state of a shard at one instant, as far as it had changed since the cut before; read while the shard goes on. */
export interface ShardCut {
  readonly head: ShardHead
  readonly pages: PageCut
  /** Returns a chunk of the log of fingerprints as it was, by its number. */
  readonly fingerprints: (chunk: number) => Uint8Array
}

/** A shard that is being restored. */
export interface ShardRestoration<Shard> {
  /** Adds a page of actors by its parts, from the whole page on; pages in any order. */
  addPage(parts: readonly Uint8Array[]): void
  /** Adds a chunk of the log of fingerprints, in order. */
  addFingerprints(bytes: Uint8Array): void
  /** Returns the shard, after the last part. Throws an Error if parts do not belong together. */
  finish(): Shard
}
