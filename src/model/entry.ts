/**
 * Entries of the journal: every change of the state is one. The engine's state follows from their order alone;
 * `receivedAt` is the only clock that it knows.
 */
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

export type Command =
  /** Adds a definition, or changes the one of that type and key; computed over the kept history at once. */
  | { readonly kind: 'define'; readonly definition: DefinitionSource }
  | { readonly kind: 'remove'; readonly key: string; readonly type: DefinitionType }
  /** Sets how much is kept from now on; bounds that are left out are infinite. */
  | { readonly kind: 'retain'; readonly retention: Partial<Retention> }
  /** From now on, entries are read and applied by this version of the rules. */
  | { readonly kind: 'use rules'; readonly version: number }
