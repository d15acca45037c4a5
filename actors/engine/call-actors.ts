/**
 * Finds the actors of a call: the profile that its ids name, found, created or united, and the account that it names.
 */
import { EngineError } from '../../src/model/errors.ts'
import type { CallOrigin } from '../../src/model/call-origin.ts'
import type { Consent } from '../../src/model/consent.ts'
import type { ExternalId } from '../../src/model/external-id.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { AccountActor } from '../actor/account-actor.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import type { Newcomer } from '../actor/message.ts'
import type { ProfileActor } from '../actor/profile-actor.ts'
import { viewOfUser } from '../actor/views.ts'
import type { Plans } from '../compiler/compiled-plans.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'
import { formerId, idsInTable } from '../identity/former-users.ts'
import type { Identity, Resolution } from '../identity/identity.ts'
import type { TraitOrigin } from '../rows/traits.ts'
import type { Roster } from '../records/roster.ts'
import type { Settlement } from '../settlement/settlement.ts'
import { sameValue } from '../values/values.ts'

export interface CallActorsOptions {
  readonly identity: Identity
  readonly roster: Roster
  readonly wheel: TimingWheel
  readonly settlement: Settlement
  readonly store: ActorStore
  /** The highest number of users. */
  readonly profilesMax: () => number
  /** Called for a user that another one is about to take over. */
  readonly beforeUniting: (ordinal: number, now: number) => void
}

export class CallActors {
  readonly #options: CallActorsOptions

  constructor(options: CallActorsOptions) {
    this.#options = options
  }

  /** Returns the profile that the ids name; it and its accounts take part in the settlement. */
  profileOf(ids: readonly ExternalId[], call: CallOrigin, plans: Plans): ProfileActor {
    const { identity, settlement } = this.#options
    const known = identity.holderOf(ids)
    if (known >= 0) return this.#joined(known)
    const resolution = identity.resolve(ids)
    const profile = this.#resolved(resolution, call.receivedAt, plans)
    const { added, profiles } = resolution
    if (added.length > 0 && profiles.length > 0) settlement.notes?.named.push({ user: profile, added })
    if (added.length === 0) return profile
    settlement.onFailure(() => {
      for (const id of added) identity.release(id)
    })
    for (const id of added) identity.assign(id, profile.ordinal)
    profile.addIds(added, call)
    return profile
  }

  #resolved({ profiles }: Resolution, now: number, plans: Plans): ProfileActor {
    const [survivor, ...absorbed] = profiles
    if (survivor === undefined) return this.#createUser(now)
    if (absorbed.length === 0) return this.#joined(survivor)
    return this.#merge(survivor, absorbed, now, plans)
  }

  #createUser(now: number): ProfileActor {
    const { roster, settlement, store, profilesMax } = this.#options
    const max = profilesMax()
    if (roster.userCount >= max)
      throw new EngineError('profiles_limit', `The space has ${max} profiles, which is as many as it may have`)
    const ordinal = roster.nextOrdinal
    roster.changing(ordinal)
    store.rows.create(ordinal, 0)
    roster.addUser(ordinal)
    settlement.onFailure(() => roster.takeBack(ordinal))
    const user = settlement.participant(ordinal) as ProfileActor
    user.begin(now)
    return user
  }

  /** Records what a user has allowed. */
  consent(user: ProfileActor, consent: Consent, origin: TraitOrigin): void {
    const { settlement } = this.#options
    settlement.notes?.consented.push({ user, before: [user.traits.consent] })
    user.next({ kind: 'consent', at: user.now, consent, ...origin })
  }

  /** Removes a user, once the settlement has succeeded: its ids are nobody's. */
  end(profile: ProfileActor, now: number): void {
    const { identity, settlement } = this.#options
    const { ordinal } = profile
    const ids = idsInTable(profile)
    profile.next({ kind: 'ended', at: now })
    settlement.onSuccess(() => {
      this.#remove(profile)
      for (const id of ids) identity.release(id)
      this.#options.roster.removeUser(ordinal)
    })
  }

  /** Releases all that a user holds. */
  #remove(profile: ProfileActor): void {
    const { settlement, store, wheel } = this.#options
    const { ordinal } = profile
    profile.dropStates()
    store.remove(ordinal, true)
    wheel.set(ordinal, Infinity)
    settlement.ends(ordinal)
  }

  #joined(ordinal: number): ProfileActor {
    const { settlement } = this.#options
    const profile = settlement.participant(ordinal) as ProfileActor
    if (profile.accountCount > 0) for (const account of profile.accountOrdinals) settlement.join(account)
    return profile
  }

  #merge(first: number, others: readonly number[], now: number, plans: Plans): ProfileActor {
    const { settlement, store, beforeUniting } = this.#options
    for (const ordinal of others) beforeUniting(ordinal, now)
    const united = [first, ...others].map((ordinal) => viewOfUser(store, ordinal))
    const absorbed = united.slice(1)
    const accounts = [...new Set(united.flatMap(({ accountOrdinals }) => accountOrdinals))]
    const newcomers = accounts.map((account) => newcomersOf(account, united))
    const differing = settlement.notes && differingDefinitions(united)
    // An account that joined later would find the histories united already.
    for (const account of accounts) settlement.join(account)
    const survivor = settlement.participant(first) as ProfileActor
    settlement.notes?.united.push({ survivor, absorbed: [...others], differing: differing! })
    settlement.notes?.consented.push({ user: survivor, before: united.map(({ traits }) => traits.consent) })
    settlement.causes.unites(first)
    survivor.next({ kind: 'merge', at: now, absorbed })
    const conditions = plans.user.conditions
    for (const [index, account] of accounts.entries())
      store.accountAt(account).next({
        kind: 'users united',
        at: now,
        survivor,
        absorbed,
        conditions,
        newcomers: newcomers[index]!,
      })
    for (const profile of absorbed) this.#absorbed(profile, first)
    survivor.next({ kind: 'accounts changed', at: now, readers: plans.user.readersOfAccounts })
    return survivor
  }

  /** Removes a user that another one has taken over. */
  #absorbed(profile: ProfileActor, survivor: number): void {
    const { identity, roster, settlement, wheel } = this.#options
    const { ordinal, dueAt } = profile
    const ids = idsInTable(profile)
    roster.changing(ordinal)
    settlement.onFailure(() => {
      identity.release(formerId(ordinal))
      for (const id of ids) identity.assign(id, ordinal)
      roster.addUser(ordinal)
      wheel.set(ordinal, dueAt)
    })
    for (const id of [...ids, formerId(ordinal)]) identity.assign(id, survivor)
    roster.removeUser(ordinal)
    this.#remove(profile)
  }

  /** Returns the account of a group, linked with the profile; it takes part in the settlement. */
  accountOf(profile: ProfileActor, groupId: string, call: CallOrigin, plans: Plans): AccountActor {
    const { roster, settlement } = this.#options
    const now = call.receivedAt
    const known = roster.account(groupId)
    const account =
      known === undefined ? this.#createAccount(groupId, call) : (settlement.participant(known) as AccountActor)
    account.noteCall(call)
    if (profile.accountOrdinals.includes(account.ordinal)) return account
    settlement.notes?.joined.push({ account, user: profile })
    const { conditions, readersOfAccounts } = plans.user
    account.next({ kind: 'link', at: now, user: profile, conditions })
    profile.next({ kind: 'accounts changed', at: now, readers: readersOfAccounts })
    return account
  }

  #createAccount(groupId: string, call: CallOrigin): AccountActor {
    const { roster, settlement, store } = this.#options
    const ordinal = roster.nextOrdinal
    roster.changing(ordinal)
    const row = store.rows.create(ordinal, 0)
    store.ids.writeTexts(row, `group_id:${groupId}`, [groupId])
    store.origins.add({ row, idCount: 0 }, 1, call)
    roster.addAccount(ordinal, groupId)
    settlement.onFailure(() => roster.takeBack(ordinal, groupId))
    const account = settlement.participant(ordinal) as AccountActor
    account.begin(call.receivedAt)
    return account
  }
}

/** Lists those profiles that are not the account's users. */
function newcomersOf(account: number, profiles: readonly ProfileActor[]): Newcomer[] {
  return profiles
    .filter(({ accountOrdinals }) => !accountOrdinals.includes(account))
    .map((profile) => ({ events: profile.keptEvents(), older: profile.older }))
}

/** Lists the definitions, by number, of which the profiles do not all have the same value. */
function differingDefinitions(profiles: readonly ProfileActor[]): Set<number> {
  const ids = new Set(profiles.flatMap(({ defined }) => [...defined.ids()]))
  const differing = new Set<number>()
  for (const id of ids) {
    const values = profiles.map((profile) => toldValue(profile.definedValue(id)))
    if (values.some((value) => !sameValue(value, values[0]))) differing.add(id)
  }
  return differing
}

/** Treats false as null: nobody is told that a profile never was in an audience, or never had a value. */
function toldValue(value: JsonValue | undefined): JsonValue {
  return value === undefined || value === false ? null : value
}
