/** One event of a profile, as windows, funnels and reducers see it. */
import type { JsonObject } from './json.ts'

export interface ProfileEvent {
  /** `Page Viewed` for a page call, `Screen Viewed` for a screen call. */
  readonly name: string
  /** Event time, epoch ms. Events are ordered by `(ts, arrival)`. */
  readonly ts: number
  /** Number of the call in its space, counted up by the journal's order. */
  readonly arrival: number
  /** Receive time, epoch ms; never before `ts`. */
  readonly receivedAt: number
  readonly sourceId: string
  readonly messageId: string
  readonly properties: JsonObject
  readonly context: JsonObject
  /** The ids that its call had, by their numbers among those of its user; undefined if they are not known. */
  readonly ids?: readonly number[] | undefined
}

/** Orders events of one profile: by event time, then arrival. */
export function compareEvents(
  a: { readonly ts: number; readonly arrival: number },
  b: { readonly ts: number; readonly arrival: number },
): number {
  return a.ts - b.ts || a.arrival - b.arrival
}
