/** A change of a membership or of a computed trait: a state step and what it publishes. */

export type TransitionType = 'entered' | 'exited' | 'trait'

/** Any JSON value; what traits and properties hold. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

export interface Transition {
  /** The instant at which it became so, epoch ms. */
  readonly at: number
  readonly type: TransitionType
  readonly key: string
  /** The profile's best external id at that moment, `user_id:u1` or `group_id:g1`. */
  readonly profile: string
  /** Of a computed trait; null where it became absent. */
  readonly value?: JsonValue
  /** Counts the transitions of this (profile, key) from 1. */
  readonly sequence: number
}
