/** The parts of the Profile API's answers that the pages of profiles show. Instants are ISO 8601. */
import type { ExternalId } from '../../api/answers.ts'

export type Collection = 'users' | 'accounts'

export interface Cursor {
  readonly has_more: boolean
  readonly next: string
}

export interface Listed<Item> {
  readonly data: readonly Item[]
  readonly cursor: Cursor
}

export interface ProfileAnswer {
  /** `use_…` or `acc_…`. */
  readonly id: string
  readonly external_ids: readonly ExternalId[]
  readonly created_at: string | null
  readonly updated_at: string | null
}

export interface TraitAnswer {
  readonly value: unknown
  /** The source of a call; or the audience (`aud_…`) or the computed trait (`tra_…`). */
  readonly source_id: string
  readonly updated_at?: string
  readonly exact_since?: string
}

export interface TraitsAnswer {
  readonly traits: Readonly<Record<string, TraitAnswer>>
  readonly cursor: Cursor
}

export interface KeptId extends ExternalId {
  readonly source_id: string | null
  readonly created_at: string | null
}

export interface LinkAnswer {
  readonly to_collection: Collection
  /** `use_…` or `acc_…`. */
  readonly id: string
  readonly external_ids: readonly KeptId[]
}

export interface EventAnswer {
  readonly type: string
  readonly event: string
  readonly message_id: string | null
  readonly source_id: string
  readonly timestamp: string
  readonly properties: Readonly<Record<string, unknown>>
  readonly context: Readonly<Record<string, unknown>>
  readonly external_ids?: readonly ExternalId[]
  readonly related?: { readonly users?: string }
}

export interface MetadataAnswer {
  readonly created_at: string | null
  readonly updated_at: string | null
  readonly expires_at: string | null
}

export interface Cause {
  readonly kind: 'call' | 'time' | 'merge' | 'definition'
  readonly messageId?: string
}

export interface PastTransition {
  readonly at: string
  readonly key: string
  readonly type: 'entered' | 'exited' | 'trait'
  readonly value?: unknown
  readonly cause: Cause
}

export interface EventReference {
  readonly messageId: string
  readonly ts: string
}

export interface ExplainedCondition {
  readonly start: number
  readonly end: number
  readonly holds: boolean
  readonly value: unknown
  readonly events: readonly EventReference[]
  readonly changesAt?: string
  readonly wants?: string
  readonly of?: readonly ExplainedCondition[]
  readonly occurrences?: readonly ExplainedOccurrence[]
  readonly users?: readonly ExplainedUser[]
}

export interface ExplainedOccurrence extends EventReference {
  readonly leavesAt?: string
  readonly holds: boolean
  readonly changesAt?: string
  readonly of: readonly ExplainedCondition[]
}

export interface ExplainedUser {
  /** `user_id:u1`. */
  readonly id: string
  readonly holds: boolean
  readonly changesAt?: string
  readonly of: readonly ExplainedCondition[]
}

export interface Explanation {
  readonly value: unknown
  readonly text: string
  readonly changesAt?: string
  readonly eligible?: false
  readonly exactSince?: string
  readonly conditions: readonly ExplainedCondition[]
}
