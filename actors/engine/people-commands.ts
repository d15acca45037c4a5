/**
 * Commands about people: a user is deleted, an id suppressed, a user's link to an account taken back. Each is one
 * settlement of whom it is about, and of all that are due at its instant.
 */
import type { PeopleCommand } from '../../src/model/entry.ts'
import { EngineError } from '../../src/model/errors.ts'
import { canonicalId, type ExternalId } from '../../src/model/external-id.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { AccountActor } from '../actor/account-actor.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import type { ProfileActor } from '../actor/profile-actor.ts'
import type { Plans } from '../compiler/compiled-plans.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'
import type { Identity } from '../identity/identity.ts'
import type { Suppressions } from '../identity/suppressions.ts'
import type { Roster } from '../records/roster.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { BY_DELETION, BY_TIME } from '../settlement/causes.ts'
import type { Settlement } from '../settlement/settlement.ts'
import type { SpaceClock } from './space-clock.ts'

export interface PeopleCommandsOptions {
  readonly clock: SpaceClock
  readonly identity: Identity
  readonly roster: Roster
  readonly settlement: Settlement
  readonly store: ActorStore
  readonly suppressions: Suppressions
  readonly wheel: TimingWheel
  readonly plans: () => Plans
  /** Called before a settlement of actors that are about to be touched. */
  readonly beforeTouching: (ordinals: readonly number[], transitions: Transition[]) => void
  /** Called for an actor that is due, within the settlement. */
  readonly onDue: (actor: SpaceActor, due: number) => void
  /** Removes a user once the settlement has succeeded. */
  readonly end: (profile: ProfileActor, now: number) => void
}

/** The actors that a command is about, by ordinals; -1 for one that is not there, or that it is not about. */
interface Subject {
  readonly user: number
  readonly account: number
}

const NOBODY: Subject = { user: -1, account: -1 }

export class PeopleCommands {
  readonly #options: PeopleCommandsOptions

  constructor(options: PeopleCommandsOptions) {
    this.#options = options
  }

  /** Throws an EngineError that names the field of a command that is about somebody who is not there. */
  check(command: PeopleCommand): void {
    if (command.kind === 'suppress' || command.kind === 'unsuppress') return
    const { user, account } = this.#subjectOf(command)
    if (user < 0) throw new EngineError('not_found', 'profile: there is no such profile', 'profile')
    if (command.kind === 'delete') return
    if (account < 0) throw new EngineError('not_found', 'account: there is no such account', 'account')
    const { rows, links } = this.#options.store
    const row = rows.at(user)
    // The links of whoever has left memory are known when it is back.
    if (row !== 0 && links.indexOf(row, account) < 0)
      throw new EngineError('not_found', 'account: the profile does not belong to it', 'account')
  }

  /**
   * Lists all who are or were, as far as is known, somebody that a command is about: with those that a user has taken
   * over, whose pages may have been stored when they were there.
   */
  everybodyOf(command: PeopleCommand): readonly number[] {
    const { rows, origins } = this.#options.store
    const { user } = this.#subjectOf(command)
    const row = user < 0 ? 0 : rows.at(user)
    const former = command.kind === 'delete' && row !== 0 ? origins.former(row) : []
    return [...this.actorsOf(command), ...former]
  }

  /** Lists the actors that a command is about, as far as there are any. */
  actorsOf(command: PeopleCommand): readonly number[] {
    const { user, account } = this.#subjectOf(command)
    return [user, account].filter((ordinal) => ordinal >= 0)
  }

  /** Applies a command at the present instant; one about somebody who has just been forgotten changes nothing. */
  apply(command: PeopleCommand, transitions: Transition[]): void {
    const { clock, wheel, beforeTouching, suppressions, store } = this.#options
    const due = [...wheel.dueUntil(clock.now)].sort((a, b) => a - b)
    beforeTouching([...due, ...this.actorsOf(command)], transitions)
    const { user } = this.#subjectOf(command)
    const ids = command.kind === 'delete' && command.suppress && user >= 0 ? store.ids.read(store.rows.at(user)) : []
    try {
      this.#settle(command, due, transitions)
    } catch (cause) {
      if (due.length === 0) throw cause
      // One of those that are due may be at fault: each fires by itself, and then the command alone.
      clock.fire(due, transitions)
      this.#settle(command, [], transitions)
    }
    suppressions.add(command.kind === 'suppress' ? command.ids.map(canonical) : ids)
    if (command.kind === 'unsuppress') suppressions.remove(command.ids.map(canonical))
  }

  #settle(command: PeopleCommand, due: readonly number[], transitions: Transition[]): void {
    const { clock, settlement, onDue } = this.#options
    const { now } = clock
    const { user, account } = this.#subjectOf(command)
    const deleted = command.kind === 'delete' ? user : -1
    settlement.begin(now, command.kind === 'delete' || command.kind === 'unlink' ? BY_DELETION : BY_TIME)
    try {
      settlement.causes.byTime(due.filter((ordinal) => ordinal !== user && ordinal !== account))
      for (const ordinal of due) if (ordinal !== deleted) onDue(settlement.participant(ordinal), now)
      if (deleted >= 0) this.#delete(deleted, now)
      else if (user >= 0 && account >= 0) this.#unlink(user, account, now)
      settlement.finish(transitions)
    } catch (cause) {
      settlement.rollBack()
      throw cause
    }
  }

  /** Removes a user. Its values are those with which it settled last: what is due for it does not happen any more. */
  #delete(user: number, now: number): void {
    const { settlement, end } = this.#options
    const profile = settlement.enter(user) as ProfileActor
    profile.now = now
    const { pages } = this.#options.roster
    for (const ordinal of [user, ...profile.formerOrdinals, ...profile.accountOrdinals]) pages.storeWhole(ordinal)
    for (const account of profile.accountOrdinals) this.#leave(profile, settlement.participant(account) as AccountActor)
    settlement.notes?.deleted.push(profile)
    end(profile, now)
  }

  #unlink(user: number, from: number, now: number): void {
    const { settlement, plans } = this.#options
    const profile = settlement.participant(user) as ProfileActor
    if (!profile.accountOrdinals.includes(from)) return
    const account = settlement.participant(from) as AccountActor
    for (const other of profile.accountOrdinals) settlement.join(other)
    this.#leave(profile, account)
    profile.next({ kind: 'account left', at: now, account, readers: plans().user.readersOfAccounts })
  }

  #leave(user: ProfileActor, account: AccountActor): void {
    const { clock, settlement, plans } = this.#options
    settlement.notes?.left.push({ account, user })
    account.next({ kind: 'user left', at: clock.now, user, conditions: plans().user.conditions })
  }

  #subjectOf(command: PeopleCommand): Subject {
    if (command.kind !== 'delete' && command.kind !== 'unlink') return NOBODY
    const { identity, roster } = this.#options
    const { type, value } = canonical(command.profile)
    const account = command.kind === 'unlink' ? roster.account(command.account) : undefined
    return { user: identity.ordinalOf(type, value), account: account ?? -1 }
  }
}

function canonical({ type, value }: ExternalId): ExternalId {
  return { type, value: canonicalId(type, value) }
}
