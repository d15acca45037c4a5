/** The record of an audience or computed trait beyond its definition, and the commands that change it. */
import type { DefinitionSource } from './definition.ts'
import type { DeliveryCommand } from './destination.ts'
import type { PeopleCommand, Slice } from './entry.ts'
import type { Retention } from './retention.ts'
import type { Role } from './role.ts'

export type DefinitionKind = DefinitionSource['kind']

/** As a command of the journal carries it: a replay gives it back unchanged. */
export interface DefinitionRecord {
  /** `aud_…` or `tra_…`. */
  readonly id: string
  readonly name: string
  readonly description: string
  /** False: it is kept, and not computed. */
  readonly enabled: boolean
  /** Epoch ms. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly source: DefinitionSource
  /** As the API was given them, defaults filled in. */
  readonly options: Readonly<Record<string, boolean | number | readonly string[]>>
}

/** Progress of a definition that is not live yet. */
export interface DefinitionProgress {
  /** From 0 to 1. */
  readonly share: number
  /** When it is expected to go live, epoch ms; undefined while that cannot be told. */
  readonly liveAt: number | undefined
}

/** A record with its place in the order of creation. */
export interface ListedRecord {
  readonly sequence: number
  readonly record: DefinitionRecord
}

/** As a command of the journal carries it. */
export interface TokenRecord {
  /** `tok_…`. */
  readonly id: string
  readonly description: string
  /** Absent in journals of before there were roles: an admin's. */
  readonly role?: Role
  /** SHA-256 of the token, in hex. */
  readonly digest: string
  /** Epoch ms. */
  readonly createdAt: number
}

/** As a command of the journal carries it. */
export interface SourceRecord {
  /** `src_…`, or `default`. */
  readonly id: string
  readonly name: string
  /** False: its calls are refused. */
  readonly enabled: boolean
  /** True if destinations are told nothing of what its calls change. */
  readonly quiet?: boolean
  /** The newest first. */
  readonly writeKeys: readonly WriteKey[]
  /** Epoch ms. */
  readonly createdAt: number
}

export interface WriteKey {
  readonly key: string
  /** Epoch ms. */
  readonly createdAt: number
  /** Undefined for the one that holds; others are taken until then. */
  readonly expiresAt?: number
}

export const REGULATION_TYPES = ['SUPPRESS_WITH_DELETE', 'SUPPRESS_ONLY', 'DELETE_ONLY', 'UNSUPPRESS'] as const
export type RegulationType = (typeof REGULATION_TYPES)[number]

/** As a command of the journal carries it, and as it is kept: without the people that it is about. */
export interface RegulationRecord {
  /** `reg_…`. */
  readonly id: string
  readonly type: RegulationType
  /** Users that it was asked for. */
  readonly subjects: number
  /** Epoch ms. */
  readonly createdAt: number
  /** Absent while users are still to be deleted. */
  readonly finishedAt?: number
}

export type SpaceCommand =
  | {
      readonly kind: 'define'
      readonly record: DefinitionRecord
      /** In journals of before there were steps, the definitions change at once for all. */
      readonly inSteps?: boolean
      /** `updatedAt` of the record that it is a change of: it is refused if there is another by then. */
      readonly ifUpdatedAt?: number
    }
  | { readonly kind: 'remove'; readonly id: string; readonly inSteps?: boolean }
  /** Goes on with the change of definitions that is under way. */
  | { readonly kind: 'proceed'; readonly slice: Slice }
  | { readonly kind: 'add token'; readonly token: TokenRecord }
  | { readonly kind: 'remove token'; readonly id: string }
  | { readonly kind: 'put source'; readonly source: SourceRecord }
  | { readonly kind: 'remove source'; readonly id: string }
  | {
      readonly kind: 'retain'
      readonly retention: Partial<Retention>
      /** The bounds among them that the space itself has chosen; absent: as before. */
      readonly chosen?: Partial<Retention>
    }
  | { readonly kind: 'use rules'; readonly version: number }
  | Exclude<PeopleCommand, { kind: 'delete' }>
  /** Deletes a user; one that a regulation asks for may have gone meanwhile. */
  | (Extract<PeopleCommand, { kind: 'delete' }> & { readonly regulationId?: string })
  | { readonly kind: 'regulate'; readonly regulation: RegulationRecord; readonly userIds: readonly string[] }
  /** Drops the deletions of a regulation that are still to be made, and forgets it. */
  | { readonly kind: 'end regulation'; readonly id: string }
  | DeliveryCommand
