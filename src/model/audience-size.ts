/** The size of an audience, now and over time. */

export interface SizeChange {
  /** Users or accounts that have entered. */
  readonly entered: number
  readonly left: number
  /** Those of both who did so by time alone. */
  readonly byTime: number
}

/** A step of time. */
export interface SizeStep extends SizeChange {
  /** When it begins, epoch ms. */
  readonly at: number
  /** The size at its end, or now. */
  readonly size: number
}

/** Steps from an instant to another, epoch ms. */
export interface SizeRange {
  readonly from: number
  readonly to: number
  readonly step: 'minute' | 'hour' | 'day'
}

/** The present size, and the changes of the present hour and the 23 before it. */
export interface PresentSize {
  readonly count: number
  readonly entered24h: number
  readonly left24h: number
}
