/** What a shard begins with, and what it is, as plain data. */
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { IdentityRules } from '../../src/model/external-id.ts'
import type { DeduplicationHead, DeduplicationLimits } from '../deduplication/deduplication.ts'
import type { Retention } from '../../src/model/retention.ts'
import type { PageCut } from '../memory/pages.ts'
import type { SettlementObserver } from '../settlement/settlement-observer.ts'

/** When users are put to rest: that costs memory less, and the next call of such a user more. */
export interface RestLimits {
  /** Who has taken part in nothing for so long, ms of the space's time. */
  readonly idleMs: number
  /** Users that are awake beyond this number rest, the longest untouched first. */
  readonly awakeMax: number
  /** Beyond so many bytes of users, pages that a checkpoint has leave memory, if nobody has touched them for long. */
  readonly bytesMax: number
}

export const NEVER_REST: RestLimits = { idleMs: Infinity, awakeMax: Infinity, bytesMax: Infinity }

export interface ShardOptions {
  readonly definitions?: readonly DefinitionSource[]
  readonly identity?: IdentityRules
  /** Version of the rules that hold at first; the newest by default. */
  readonly rules?: number
  /** All is kept by default. */
  readonly retention?: Retention
  /** No `messageId` is forgotten by default. */
  readonly deduplication?: DeduplicationLimits
  /** By default, nobody rests. */
  readonly rest?: RestLimits
  /** Told of what every settlement has changed. */
  readonly observer?: SettlementObserver
}

/** All of a shard but its actors and the fingerprints of `messageId`s. */
export interface ShardHead {
  readonly clock: number
  readonly arrivals: number
  readonly names: readonly string[]
  readonly definitions: readonly { id: number; source: DefinitionSource; sinceArrival: number; definedAt: number }[]
  readonly nextDefinitionId: number
  readonly retention: Retention
  /** Version of the rules; absent in checkpoints of before there were versions. */
  readonly rules?: number
  readonly deduplication: DeduplicationHead
  /** How many actors there have been; absorbed ones leave their number unused. */
  readonly ordinals: number
}

/** The whole state of a shard. Actors are bytes: an actor at rest is its snapshot. */
export interface ShardState extends ShardHead {
  /** By number; those of one page are written together. */
  readonly pages: readonly Uint8Array[]
  /** Chunks of the log of fingerprints, in its order. */
  readonly fingerprints: readonly Uint8Array[]
}

/** What a shard was at one instant, as far as it had changed since the cut before; taken while it goes on. */
export interface ShardCut {
  readonly head: ShardHead
  readonly pages: PageCut
  /** A chunk of the log of fingerprints as it was, by its number. */
  readonly fingerprints: (chunk: number) => Uint8Array
}

/** An engine that is being brought back. */
export interface ShardRestoration<Shard> {
  /** In any order. */
  addPage(bytes: Uint8Array): void
  /** Chunks of the log of fingerprints, in its order. */
  addFingerprints(bytes: Uint8Array): void
  /** After the last part. Throws where parts do not belong together. */
  finish(): Shard
}
