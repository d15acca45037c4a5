/**
 * The live feed of transitions, as its readers know it.
 *
 * F1. The id of a transition is the position of the journal's entry that it comes from, and its number within that
 *     entry: it follows from the journal alone, and no two transitions have the same.
 */
import type { DefinitionType } from './definition.ts'
import { EngineError, kindOf } from './errors.ts'
import type { ExternalId } from './external-id.ts'
import type { Collection } from './trait-catalogue.ts'

/** The id of a transition; or a bare one, whose index is 0: it comes before the first transition of its entry. */
export interface TransitionId {
  /** Position of the entry in the journal. */
  readonly position: number
  /** Number of the transition within the entry, from 1. */
  readonly index: number
}

/** The transitions that a reader asks for. */
export type FeedFilter =
  | { readonly kind: 'space' }
  | { readonly kind: 'definition'; readonly type: DefinitionType; readonly key: string }
  | { readonly kind: 'profile'; readonly collection: Collection; readonly id: ExternalId }

/** One event of the feed; one without data only says until which id the reader has everything. */
export interface FeedEvent {
  readonly event?: 'transition' | 'gap' | 'dropped'
  readonly id?: string
  /** JSON. */
  readonly data?: string
}

/** The far end of a feed. */
export interface FeedReader {
  /** True while so much waits to be taken that nothing should be sent. */
  readonly isFull: boolean
  send(event: FeedEvent): void
  /** Sends nothing more. */
  end(): void
  /** Drops what it has not taken. */
  cut(): void
}

export interface FeedSubscription {
  /** Goes on with a reader that was full, and is not any more. */
  proceed(): void
  /** Forgets a reader that is gone. */
  leave(): void
}

export interface FeedApi {
  /**
   * Sends a reader the transitions after an id, or those from now on. Throws an EngineError for an id that is none, for
   * a profile that is not there, and if there are too many readers.
   */
  follow(filter: FeedFilter, after: string | undefined, reader: FeedReader): FeedSubscription
}

export function formatTransitionId({ position, index }: TransitionId): string {
  return `${position}-${index}`
}

/** Reads an id as `formatTransitionId` wrote it. Throws an EngineError for any other text. */
export function readTransitionId(text: unknown): TransitionId {
  const match = typeof text === 'string' ? /^(\d{1,15})-(\d{1,15})$/.exec(text) : undefined
  if (match) return { position: Number(match[1]), index: Number(match[2]) }
  const got = typeof text === 'string' ? 'another text' : kindOf(text)
  const message = `Last-Event-ID: expected the id of an event of this feed, such as 12-1, got ${got}`
  throw new EngineError('validation_error', message, 'Last-Event-ID')
}

/** Returns a number below 0 if `a` comes first, above 0 if `b` does. */
export function compareTransitionIds(a: TransitionId, b: TransitionId): number {
  return a.position - b.position || a.index - b.index
}
