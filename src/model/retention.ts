/** How long single events of a user are kept, and how many of them. */
export interface Retention {
  /** Events of this age, ms, may be forgotten; never less than the longest window in use. */
  readonly historyMs: number
  readonly eventsMax: number
}

export const KEEP_ALL: Retention = { historyMs: Infinity, eventsMax: Infinity }
