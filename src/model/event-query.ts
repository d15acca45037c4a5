/** A page of a profile's kept events: which are asked for, and which are found. */
import type { ProfileEvent } from './event.ts'

export interface EventQuery {
  /** Epoch ms, both inclusive. */
  readonly from: number
  readonly to: number
  readonly isWanted: (name: string) => boolean
  readonly isNewestFirst: boolean
  readonly limit: number
  /** Where the page begins; undefined for the first. */
  readonly start: EventPlace | undefined
}

/** Names an event of a profile. */
export interface EventPlace {
  readonly ts: number
  /** '' if its call had none. */
  readonly messageId: string
  /** Its number among those that have all of the above in common, in the order of the page; nearly always 0. */
  readonly rank: number
}

export interface FoundEvent<User> {
  readonly event: ProfileEvent
  readonly user: User
}

export interface EventPage<User> {
  readonly events: readonly FoundEvent<User>[]
  /** The event that comes next. */
  readonly next?: EventPlace
}
