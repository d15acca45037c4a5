/** What an actor may be told. It handles one message at a time, to completion. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonObject } from '../../src/model/json.ts'
import type { Dependents } from '../plan/dependents.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { ExternalId } from '../../src/model/external-id.ts'
import type { DefinedValue } from './defined-value.ts'
import type { History } from '../history/history.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import type { SlotTable } from './slot-table.ts'
import type { TraitOrigin, Traits } from './traits.ts'
import type { DefinitionNode, Plan } from '../plan/plan.ts'

/** A user, as accounts and other users know it. */
export interface User {
  readonly ordinal: number
  readonly ids: readonly ExternalId[]
  readonly traits: Traits
  readonly history: History
  readonly mergeCount: number
  readonly older: ForgottenTotals | undefined
  readonly defined: SlotTable<DefinedValue>
  readonly accounts: ReadonlySet<Account>
  keptEvents(): readonly ProfileEvent[]
  definedValue(id: number): JsonValue | undefined
  joinAccount(account: Account): void
  leaveAccount(account: Account): void
  takePart(): void
  next(message: Message): void
}

/** An account, as its users know it. */
export interface Account {
  readonly ordinal: number
  /** `group_id:g1`. */
  readonly label: string
  readonly defined: SlotTable<DefinedValue>
  definedValue(id: number): JsonValue | undefined
  takePart(): void
  next(message: Message): void
}

/** `at` is the instant of the input, or of the deadline, that it comes from; it never goes back. */
export type Message = { readonly at: number } & Content

type Content =
  /** An event of the user, or of one of the account's users. */
  | { readonly kind: 'event'; readonly event: ProfileEvent }
  /** To a user: only these events are kept from now on; `older` holds what the others have left. */
  | {
      readonly kind: 'events forgotten'
      readonly kept: readonly ProfileEvent[]
      readonly older: ForgottenTotals
      /** What looked at the forgotten events must be found anew. */
      readonly matters: boolean
    }
  /** To an account: some user's kept events are others now. */
  | { readonly kind: 'kept events changed' }
  | ({ readonly kind: 'traits'; readonly traits: JsonObject } & TraitOrigin)
  /** To a user: it is no more; what it is in it leaves, and its computed traits have no value. */
  | { readonly kind: 'expired' }
  /** Nothing but time: what is due by now is judged anew. */
  | { readonly kind: 'deadline' }
  /** To a user: it takes over what others hold, who then are no more. */
  | { readonly kind: 'merge'; readonly absorbed: readonly User[] }
  /** To an account: a user is linked; its whole history counts from now on. */
  | { readonly kind: 'link'; readonly user: User; readonly conditions: readonly DefinitionNode[] }
  /** To an account: some of its users have become one. `unseen`: events of those that were not its users. */
  | {
      readonly kind: 'users united'
      readonly survivor: User
      readonly absorbed: readonly User[]
      readonly conditions: readonly DefinitionNode[]
      readonly unseen: readonly ProfileEvent[]
    }
  /** To an account: what it asks of its users has changed for one of them. */
  | { readonly kind: 'condition flipped'; readonly condition: DefinitionNode; readonly holds: boolean }
  /** To a user: what it reads of its accounts may have changed. */
  | { readonly kind: 'accounts changed'; readonly readers: Dependents }
  /** The space has other definitions: everything that follows from them is found anew. */
  | { readonly kind: 'definitions changed'; readonly plan: Plan }
