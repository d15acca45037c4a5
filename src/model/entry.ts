/**
 * Entries of the journal: every change of the state is one. The engine's state follows from their order alone;
 * `receivedAt` is the only clock that it knows.
 */
import type { ExternalId } from './external-id.ts'
import type { Call } from './call.ts'
import type { DefinitionSource, DefinitionType } from './definition.ts'
import type { Retention } from './retention.ts'

export type Entry = CallsEntry | TickEntry | CommandEntry

/** Tracking calls of one group commit, in order. */
export interface CallsEntry<Item = RawCall | CheckedCall> {
  readonly kind: 'calls'
  /** Epoch ms; never smaller than that of the entry before. */
  readonly receivedAt: number
  readonly calls: readonly Item[]
}

export interface RawCall {
  /** The call as it was received: untrusted JSON. */
  readonly body: unknown
  /** The source whose write key it came with. */
  readonly sourceId: string
}

/** Nothing came in, but time went on: deadlines before `receivedAt` fire. */
export interface TickEntry {
  readonly kind: 'tick'
  readonly receivedAt: number
}

/** A call that has been read by the identity rules of the engine that takes it. */
export interface CheckedCall {
  readonly call: Call
  readonly sourceId: string
}

export interface CommandEntry {
  readonly kind: 'command'
  readonly receivedAt: number
  readonly command: Command
}

/** The most that one entry does of a change of definitions. */
export interface Slice {
  /** Users and accounts that take part. */
  readonly actors: number
  /** Users and accounts that are looked at. */
  readonly rows: number
  /** Kept events of those that take part. */
  readonly events: number
}

/** About people: `profile` is a user, by any of its ids. */
export type PeopleCommand =
  /** Removes a user, with all that is known of it; with `suppress`, its ids are suppressed from then on. */
  | { readonly kind: 'delete'; readonly profile: ExternalId; readonly suppress?: boolean | undefined }
  /** Drops calls of these ids from now on, or takes them again. */
  | { readonly kind: 'suppress' | 'unsuppress'; readonly ids: readonly ExternalId[] }
  /** Takes back that a user belongs to an account, by its group id. */
  | { readonly kind: 'unlink'; readonly profile: ExternalId; readonly account: string }

export type Command =
  | PeopleCommand
  /**
   * Adds a definition, or changes the one of that type and key, computed over the kept history: at once, or in steps
   * that follow. Then it goes live with the one that completes it.
   */
  | { readonly kind: 'define'; readonly definition: DefinitionSource; readonly inSteps?: boolean | undefined }
  /** Takes a definition out. With `isKept` its last values are kept aside, should it be defined again. */
  | {
      readonly kind: 'remove'
      readonly key: string
      readonly type: DefinitionType
      readonly isKept?: boolean | undefined
      readonly inSteps?: boolean | undefined
    }
  /** Goes on with the change of definitions that is under way. */
  | { readonly kind: 'proceed'; readonly slice: Slice }
  /** Sets how much is kept from now on; bounds that are left out are infinite. */
  | { readonly kind: 'retain'; readonly retention: Partial<Retention> }
  /** From now on, entries are read and applied by this version of the rules. */
  | { readonly kind: 'use rules'; readonly version: number }

export function isAboutPeople(command: Command): command is PeopleCommand {
  return ['delete', 'suppress', 'unsuppress', 'unlink'].includes(command.kind)
}
