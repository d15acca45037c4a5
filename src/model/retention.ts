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

/** The bounds that a space can choose for itself, in days or in numbers, and how large each may be. */
export const RETENTION_SETTINGS = {
  historyDays: { of: 'historyMs', unit: 86_400_000, max: 36_500 },
  historyEventsMax: { of: 'eventsMax', unit: 1, max: Number.MAX_SAFE_INTEGER },
  anonymousDays: { of: 'anonymousMs', unit: 86_400_000, max: 36_500 },
  profilesMax: { of: 'profilesMax', unit: 1, max: 100_000_000 },
} as const satisfies Readonly<Record<string, { of: keyof Retention; unit: number; max: number }>>

export type RetentionSetting = keyof typeof RETENTION_SETTINGS
