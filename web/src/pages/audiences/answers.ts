/** Answers about what audiences and computed traits are connected with, and about their members. */

export interface ListedDestination {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  readonly status: 'Connected' | 'Disabled' | 'Unreachable' | 'Settings missing'
  readonly metadata: { readonly slug: string; readonly name: string; readonly kind: 'event' | 'list' }
}

export interface DeliveryOverview {
  readonly created: number
  readonly delivered: number
  readonly collapsed: number
  readonly waiting: number
  readonly pendingRetry: number
  readonly held: number
  readonly failed: { readonly total: number; readonly byReason: Readonly<Record<string, number>> }
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number }
}

/** The counts of all connections of a destination. */
export interface DestinationOverview {
  readonly connections: readonly (Pick<DeliveryOverview, 'held' | 'failed'> & {
    readonly connectionId: string
    readonly definitionId: string
  })[]
}

export type IdStrategy = 'first' | 'last' | 'all'

export interface IdSync {
  readonly externalId: string
  readonly strategy: IdStrategy
  readonly mapTo?: string
}

export interface ConnectionSettings {
  readonly sendIdentify: boolean
  readonly sendTrack: boolean
  readonly sendGroup: boolean
  readonly enteredEvent: string
  readonly exitedEvent: string
  readonly computedEvent: string
  /** By their name here, the name there. */
  readonly traits: Readonly<Record<string, string>>
  readonly approvalMembers: number
  readonly approvalShare: number
}

export interface ConnectionAnswer {
  readonly id: string
  readonly destination: { readonly id: string; readonly name?: string; readonly type?: string }
  readonly definitionId: string
  readonly enabled: boolean
  readonly status: 'connected' | 'disconnected' | 'syncing' | 'waiting for approval'
  readonly waitingMembers?: number
  readonly idSyncConfiguration: readonly IdSync[]
  readonly connectionSettings: ConnectionSettings
}

/** Something that reads an audience, or a destination that is told of it. */
export interface Reference {
  readonly id: string
  readonly type: 'AUDIENCE' | 'COMPUTED_TRAIT' | 'DESTINATION'
  readonly name: string
}

export interface Member {
  /** `user_id:u1`: of the best of its ids. */
  readonly id: string
  /** `use_…` or `acc_…`. */
  readonly segmentId: string
  readonly externalIds: readonly { readonly type: string; readonly value: string }[]
  readonly traits: Readonly<Record<string, unknown>>
  readonly until?: string
}
