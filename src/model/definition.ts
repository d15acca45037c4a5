/** Definitions: audiences and computed traits, of users or of accounts. */

export type ActorKind = 'user' | 'account'

/** The kind of actors that a definition is about, in the words of Segment's Public API. */
export type DefinitionType = 'USERS' | 'ACCOUNTS'

export interface DefinitionSource {
  readonly kind: 'audience' | 'computed_trait'
  /** Name of the trait that carries it; unique per `type`. */
  readonly key: string
  readonly name?: string
  readonly type: DefinitionType
  /** The definition in the query language. */
  readonly query: string
  /** Audiences of users: `anonymous_id` makes a profile eligible too. */
  readonly includeAnonymousUsers?: boolean
  /** Audiences of users: only profiles with an id of one of these types; replaces the default list. */
  readonly filterByExternalIds?: readonly string[]
  /** False: only events that come in after creation count (default true). */
  readonly includeHistoricalData?: boolean
  /** Events from before its creation count only if they happened at most so many days before it. */
  readonly backfillDays?: number
}

/** Id types that make a profile eligible for an audience of users, if the definition names none. */
export const ELIGIBLE_ID_TYPES: readonly string[] = ['user_id', 'email', 'android.idfa', 'ios.idfa']

/** Ten years. */
export const BACKFILL_DAYS_MAX = 3_650
