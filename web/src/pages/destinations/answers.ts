/** Answers of the API about destinations, as far as they are shown. Instants are ISO 8601. */

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject
export interface JsonObject {
  [name: string]: JsonValue
}

/** Shown in place of a secret; given back, the secret stays. */
export const MASK = '••••••••'

export interface DestinationAnswer {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  readonly status: 'Connected' | 'Disabled' | 'Unreachable' | 'Settings missing'
  readonly metadata: { readonly slug: string; readonly name: string; readonly kind: 'event' | 'list' }
  readonly settings: JsonObject
  readonly consentCategories?: readonly string[]
  readonly unknownConsent?: 'allowed' | 'refused'
  readonly missingSettings?: readonly string[]
  readonly createdAt: string
  readonly updatedAt: string
}

/** A type of destination in a list. */
export interface TypeAnswer {
  readonly slug: string
  readonly name: string
  readonly kind: 'event' | 'list'
  readonly description?: string
  readonly origin: 'rollcall' | 'catalogue'
  readonly categories: readonly string[]
  readonly availability: 'offered' | 'off'
  readonly reason?: string
  readonly needs?: 'settings' | 'client_credentials' | 'oauth_app' | 'partner_secret'
  readonly installed: boolean
}

/** One type with all that there is to say of it. */
export interface WholeTypeAnswer extends TypeAnswer {
  readonly settings: Schema
  readonly secrets: readonly string[]
  readonly canAuthorize?: boolean
  readonly environment?: readonly string[]
  readonly actions?: readonly ActionAnswer[]
  readonly defaults?: Readonly<Partial<Record<CallKind, { readonly action: string; readonly mapping: JsonObject }>>>
}

/** The part of JSON Schema that settings have. */
export interface Schema {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly default?: JsonValue
  readonly enum?: readonly JsonValue[]
  readonly minimum?: number
  readonly maxLength?: number
  readonly maximum?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

export type CallKind = 'identify' | 'entered' | 'exited' | 'computed' | 'group'

export interface ActionField {
  readonly key: string
  readonly label: string
  readonly description?: string
  readonly type: string
  readonly required?: boolean
  readonly default?: JsonValue
  /** A list of such values. */
  readonly multiple?: boolean
  /** True for a part whose values the tool lists. */
  readonly dynamic?: boolean
  /** Parts of an object. */
  readonly properties?: readonly ActionField[]
}

export interface ActionAnswer {
  readonly key: string
  readonly title: string
  readonly description?: string
  readonly fields: readonly ActionField[]
  /** Keys of the fields whose values the tool lists. */
  readonly dynamicFields?: readonly string[]
}

export interface ChoicesAnswer {
  readonly choices: readonly { readonly value: JsonValue; readonly label: string }[]
  readonly nextPage?: string
}

/** An entry of the setting `mappings`. */
export interface Mapping {
  readonly action: string
  readonly calls?: readonly CallKind[]
  readonly mapping?: JsonObject
}

/** Deliveries by their result; latencies in ms. */
export interface Overview {
  readonly created: number
  readonly filtered: number
  readonly delivered: number
  readonly collapsed: number
  readonly retries: number
  readonly waiting: number
  readonly pendingRetry: number
  readonly held: number
  readonly failed: { readonly total: number; readonly byReason: Readonly<Record<string, number>> }
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number }
}

export interface ConnectionOverview extends Overview {
  readonly connectionId: string
  readonly definitionId: string
  readonly key: string
}

export interface OverviewAnswer {
  readonly overview: Overview
  readonly connections: readonly ConnectionOverview[]
}

export interface ConnectionAnswer {
  readonly id: string
  readonly destination: { readonly id: string }
  readonly enabled: boolean
  readonly status: 'connected' | 'disconnected' | 'syncing' | 'waiting for approval'
  readonly waitingMembers?: number
}

export interface FailureAnswer {
  readonly number: number
  readonly connectionId: string
  readonly profile: string
  readonly value: unknown
  readonly reason: string
  readonly message: string
  readonly attempts: number
  readonly failedAt: string
}

/** The answer of a tool to a question: a test, or a rehearsal. */
export type Asked<Found> =
  | ({ readonly status: 'SUCCESS' } & Found)
  | { readonly status: 'FAILED'; readonly reason: string; readonly message: string }

export interface Rehearsed {
  readonly action?: string
  readonly requests: readonly {
    readonly method: string
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: unknown
  }[]
}
