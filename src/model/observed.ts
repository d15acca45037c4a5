/** The names that calls have had lately, for whoever builds a query. */
import type { JsonValue } from './json.ts'

export interface ObservedEvent {
  readonly name: string
  /** In the present hour and the 23 before it. */
  readonly count24h: number
  /** Receive time, epoch ms. */
  readonly lastSeenAt: number
}

export const FIELD_TYPES = ['string', 'number', 'boolean', 'date', 'array', 'object', 'null'] as const
export type FieldType = (typeof FIELD_TYPES)[number]

/** A property of an event, or a trait. */
export interface ObservedField {
  /** As a query names it: `a.b` within an object. */
  readonly path: string
  /** The share of the calls that have it. */
  readonly present: number
  /** The most frequent first, with its share of the values. */
  readonly types: readonly { readonly type: FieldType; readonly share: number }[]
  /** The most frequent first; only if there are few. */
  readonly values?: readonly { readonly value: JsonValue; readonly share: number }[]
}
