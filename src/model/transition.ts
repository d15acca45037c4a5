/** A change of a membership or of a computed trait: a state step and what it publishes. */
import type { JsonValue } from './json.ts'

export type TransitionType = 'entered' | 'exited' | 'trait'

/**
 * The cause of a transition: a call that the profile has part in; time alone; profiles that became one by a call;
 * another definition; a profile that was deleted, or a link that was taken back.
 */
export type CauseKind = 'call' | 'time' | 'merge' | 'definition' | 'deletion'

/** A transition that is kept with its profile. */
export interface PastTransition {
  /** Epoch ms. */
  readonly at: number
  readonly type: TransitionType
  readonly key: string
  /** Absent for an audience, and if it is too long to be kept. */
  readonly value?: JsonValue
  readonly cause: CauseKind
  /** The call's, if it is known. */
  readonly messageId: string | undefined
}

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
