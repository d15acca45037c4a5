/**
 * The changes of a settlement, for observers such as the outbox. They are told once, when the settlement has succeeded,
 * while the actors are still as the settlement left them; an observer must not change them, and keeps none of the
 * lists.
 */
import type { Consent } from '../../src/model/consent.ts'
import type { ExternalId } from '../../src/model/external-id.ts'
import type { CauseKind, Transition } from '../../src/model/transition.ts'
import type { AccountActor } from '../actor/account-actor.ts'
import type { ProfileActor } from '../actor/profile-actor.ts'
import type { SpaceActor } from '../actor/space-actor.ts'

export interface SettledChange {
  readonly actor: SpaceActor
  /** Its number in the space. */
  readonly definition: number
  readonly transition: Transition
}

/** Several users are one now. */
export interface UnitedUsers {
  readonly survivor: ProfileActor
  /** Ordinals of those that are no more. */
  readonly absorbed: readonly number[]
  /** Definitions, by number, whose values were not the same for all of them. */
  readonly differing: ReadonlySet<number>
}

/** A user that was there before has ids that nobody had. */
export interface NamedUser {
  readonly user: ProfileActor
  readonly added: readonly ExternalId[]
}

/** A user belongs to an account from now on. */
export interface JoinedUser {
  readonly account: AccountActor
  readonly user: ProfileActor
}

/** A user has said what it allows, or has become one with others. */
export interface ConsentedUser {
  readonly user: ProfileActor
  /** The consent before: its own, or of each of those that are one now; undefined where nothing was known. */
  readonly before: readonly (Consent | undefined)[]
}

/** A user's link to an account is taken back, or the user is deleted. */
export interface LeftUser {
  readonly account: AccountActor
  readonly user: ProfileActor
}

/** Written to while the settlement is open. */
export interface SettlementNotes {
  readonly united: UnitedUsers[]
  readonly named: NamedUser[]
  readonly joined: JoinedUser[]
  readonly consented: ConsentedUser[]
  readonly left: LeftUser[]
  /** Users that are deleted: they are there until all have been told. */
  readonly deleted: ProfileActor[]
}

export interface Settled {
  /** Epoch ms. */
  readonly at: number
  /** The reason for which the actors settled. */
  readonly cause: CauseKind
  /** The source of the call, if it is one. */
  readonly sourceId: string | undefined
  readonly changes: readonly SettledChange[]
  readonly united: readonly UnitedUsers[]
  readonly named: readonly NamedUser[]
  readonly joined: readonly JoinedUser[]
  readonly consented: readonly ConsentedUser[]
  readonly left: readonly LeftUser[]
  readonly deleted: readonly ProfileActor[]
}

export interface SettlementObserver {
  settled(settled: Settled): void
}
