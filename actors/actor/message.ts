/** Messages to users and to accounts. An actor handles one message at a time, to completion. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { Consent } from '../../src/model/consent.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import type { Dependents } from '../plan/dependents.ts'
import type { ExternalId } from '../../src/model/external-id.ts'
import type { DefinedValue } from '../rows/defined-values.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import type { TraitOrigin, Traits } from '../rows/traits.ts'
import type { Adoption } from '../plan/adoption.ts'
import type { DefinitionNode } from '../plan/plan.ts'

/** The values of the definitions that ever had one, by id. */
export interface DefinedList {
  get(id: number): DefinedValue | undefined
  ids(): readonly number[]
}

/** A user, as accounts and other users know it. */
export interface User {
  readonly ordinal: number
  readonly ids: readonly ExternalId[]
  readonly traits: Traits
  readonly mergeCount: number
  readonly older: ForgottenTotals | undefined
  /** The time since which its windows count all events; 0 if they lack none. */
  readonly countedSince: number
  /** True if its states are still to be computed. */
  readonly isUnbuilt: boolean
  readonly row: number
  readonly defined: DefinedList
  readonly accounts: readonly Account[]
  readonly accountOrdinals: readonly number[]
  keptEvents(): readonly ProfileEvent[]
  definedValue(id: number): JsonValue | undefined
  joinAccount(account: Account): void
  next(message: UserMessage): void
}

/** An account, as its users know it. */
export interface Account {
  readonly ordinal: number
  /** `group_id:g1`. */
  readonly label: string
  readonly defined: DefinedList
  definedValue(id: number): JsonValue | undefined
  next(message: AccountMessage): void
}

/** The states that forgotten events leave behind, and that must be computed again from those that are kept. */
export type Stale = 'none' | 'judged' | 'all'

/** A user as it was before it became one with another. */
export interface Newcomer {
  readonly events: readonly ProfileEvent[]
  /** The totals of its forgotten events. */
  readonly older: ForgottenTotals | undefined
}

/** `at` is the instant of the input, or of the deadline, that a message comes from; it never goes back. */
type Timed<Content> = { readonly at: number } & Content

export type UserMessage = Timed<SharedContent | UserContent>
export type AccountMessage = Timed<SharedContent | AccountContent>
export type Message = UserMessage | AccountMessage

type SharedContent =
  /** An event of the user, or of one of the account's users. */
  | { readonly kind: 'event'; readonly event: ProfileEvent }
  | ({ readonly kind: 'traits'; readonly traits: JsonObject } & TraitOrigin)
  /** Time has passed: whatever is due by now is judged again. */
  | { readonly kind: 'deadline' }
  /** The space has other definitions. `conditions`: those that accounts put to users from now on, by number. */
  | {
      readonly kind: 'definitions changed'
      readonly adoption: Adoption
      readonly conditions: ReadonlyMap<number, DefinitionNode>
    }

type UserContent =
  /** Only these events are kept from now on; `older` holds the totals of the others. */
  | {
      readonly kind: 'events forgotten'
      readonly kept: readonly ProfileEvent[]
      readonly older: ForgottenTotals
      readonly stale: Stale
    }
  /** The user has said what it allows, by category. */
  | ({ readonly kind: 'consent'; readonly consent: Consent } & TraitOrigin)
  /** The user is no more: it leaves its audiences, and its computed traits have no value. */
  | { readonly kind: 'ended' }
  /** The link to an account is taken back. */
  | { readonly kind: 'account left'; readonly account: Account; readonly readers: Dependents }
  /** The user takes over what others hold, who then are no more. */
  | { readonly kind: 'merge'; readonly absorbed: readonly User[] }
  /** Values that the user reads of its accounts may have changed. */
  | { readonly kind: 'accounts changed'; readonly readers: Dependents }

type AccountContent =
  /** Some user's kept events are others now. */
  | { readonly kind: 'kept events changed'; readonly stale: Stale }
  /** A user is linked; its whole history counts from now on. */
  | { readonly kind: 'link'; readonly user: User; readonly conditions: readonly DefinitionNode[] }
  /** A user's link is taken back: it is as if there had never been one. */
  | { readonly kind: 'user left'; readonly user: User; readonly conditions: readonly DefinitionNode[] }
  /** Some of the account's users have become one. `newcomers`: those of them that were not its users. */
  | {
      readonly kind: 'users united'
      readonly survivor: User
      readonly absorbed: readonly User[]
      readonly conditions: readonly DefinitionNode[]
      readonly newcomers: readonly Newcomer[]
    }
  /** A condition on the account's users has changed for one of them. */
  | { readonly kind: 'condition flipped'; readonly condition: DefinitionNode; readonly holds: boolean }
