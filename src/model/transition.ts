/** A change of a membership or of a computed trait: a state step and what it publishes. */
import type { JsonValue } from './json.ts'

export type TransitionType = 'entered' | 'exited' | 'trait'

export interface Transition {
  /** The instant at which it became so, epoch ms. */
  readonly at: number
  readonly type: TransitionType
  readonly key: string
  /** The profile's best external id at that moment, `user_id:u1` or `group_id:g1`. */
  readonly profile: string
  /** Only for a computed trait; null if it became absent. */
  readonly value?: JsonValue
  /** Counts the transitions of this (profile, key) from 1. */
  readonly sequence: number
}
