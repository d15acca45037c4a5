/** The parts of the API's answers that the console shows. Instants are ISO 8601. */

export type Role = 'viewer' | 'editor' | 'admin'

export interface SessionAnswer {
  readonly role: Role
  readonly tokenId: string
  /** The space that the token opens; absent: all of them. */
  readonly spaceId?: string
}

export interface SpaceAnswer {
  readonly id: string
  readonly name: string
  readonly status: string
  /** True if everybody in it is invented. */
  readonly isDemonstration?: boolean
}

export interface Pagination {
  readonly current: string
  readonly next?: string
  readonly totalEntries: number
}

export interface AudienceAnswer {
  readonly id: string
  readonly name: string
  readonly key: string
  readonly description?: string
  readonly enabled: boolean
  readonly status: 'Live' | 'Computing' | 'Disabled' | 'Failed'
  readonly audienceType: 'USERS' | 'ACCOUNTS'
  readonly definition: { readonly query: string; readonly type: string }
  readonly options?: {
    readonly includeHistoricalData?: boolean
    readonly includeAnonymousUsers?: boolean
    readonly filterByExternalIds?: readonly string[]
  }
  readonly progress?: { readonly share: number; readonly expectedLiveAt?: string }
  readonly size?: { readonly count: number; readonly type: string }
  readonly entered24h?: number
  readonly left24h?: number
  readonly createdAt: string
  readonly updatedAt: string
}

export interface ComputedTraitAnswer {
  readonly id: string
  readonly name: string
  readonly key: string
  readonly description?: string
  readonly enabled: boolean
  readonly status: 'Live' | 'Computing' | 'Disabled' | 'Failed'
  readonly definition: { readonly query: string; readonly type: 'USERS' | 'ACCOUNTS' }
  readonly progress?: { readonly share: number; readonly expectedLiveAt?: string }
  readonly createdAt: string
  readonly updatedAt: string
}

export interface Transition {
  readonly at: string
  readonly type: 'entered' | 'exited' | 'trait'
  readonly key: string
  /** `user_id:u1`: for the page alone, and no address. */
  readonly profile: string
  /** Absent if the profile is deleted. */
  readonly segmentId?: string
  readonly value?: unknown
  readonly audienceId?: string
  readonly computedTraitId?: string
}

export interface SizeStep {
  readonly at: string
  readonly size: number
  readonly entered: number
  readonly left: number
  readonly byTime: number
}

export interface ObservedField {
  readonly path: string
  readonly present: number
  readonly types: readonly { readonly type: string; readonly share: number }[]
  readonly values?: readonly { readonly value: unknown; readonly share: number }[]
}

export interface ObservedEvent {
  readonly name: string
  readonly count24h: number
  readonly lastSeenAt: string
}

export interface ExternalId {
  readonly type: string
  readonly id: string
}

export interface Estimate {
  readonly count: number
  readonly low: number
  readonly high: number
  readonly share: number
}

/** An id as lists of members have it. */
export interface MemberId {
  readonly type: string
  readonly value: string
}

export interface SampleMember {
  /** `user_id:u1`: for the page alone, and no address. */
  readonly id: string
  readonly externalIds: readonly MemberId[]
  readonly traits: Readonly<Record<string, unknown>>
  readonly until?: string
  readonly because?: readonly { readonly messageId: string; readonly ts: string }[]
}

export interface PreviewAnswer {
  readonly id: string
  readonly status: 'RUNNING' | 'COMPLETED' | 'FAILED'
  readonly estimate?: Estimate
  readonly size?: { readonly count: number }
  readonly asOf?: string
  readonly sample?: readonly SampleMember[]
  readonly identifiers?: Readonly<Record<string, number>>
  readonly overlap?: readonly {
    readonly id: string
    readonly both: number
    readonly onlyThis: number
    readonly onlyOther: number
  }[]
  readonly difference?: { readonly enter: number | Estimate; readonly leave: number | Estimate }
  readonly recent?: readonly { readonly at: string; readonly entered: number; readonly left: number }[]
  readonly deliveries?: readonly { readonly destinationId: string; readonly calls: number; readonly held: boolean }[]
  readonly conditions?: readonly ConditionCount[]
  readonly cost?: {
    readonly nodesAdded: number
    readonly nodesShared: number
    readonly bytes: number
    readonly microsecondsPerEvent: number
    readonly changesByTimePerDay: number
    /** Null: all that is kept. */
    readonly historyDays: number | null
  }
}

/** The number who meet a condition, by its place in the query's text. */
export interface ConditionCount {
  readonly start: number
  readonly end: number
  readonly meets: number
  readonly without: number
  readonly onlyThrough?: number
}
