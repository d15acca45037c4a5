/** Bounds of the events and users that a space keeps. A change is an entry of the journal. */
export interface Retention {
  /** Single events of this age, ms, may be forgotten; never less than the longest window in use. */
  readonly historyMs: number
  /** Events of one user. */
  readonly eventsMax: number
  /** A user known by `anonymous_id`s only, who belongs to no account, is forgotten so long after its last call. */
  readonly anonymousMs: number
  /** A call that would make one user more is refused. */
  readonly profilesMax: number
}

export const KEEP_ALL: Retention = {
  historyMs: Infinity,
  eventsMax: Infinity,
  anonymousMs: Infinity,
  profilesMax: Infinity,
}
