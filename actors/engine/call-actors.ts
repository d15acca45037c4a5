/**
 * Finds the actors of a call: the profile that its ids name, found, created or united, and the account that it names.
 */
import { EngineError } from '../../src/model/errors.ts'
import type { ExternalId, IdentityRules } from '../../src/model/external-id.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { AccountActor } from '../actor/account-actor.ts'
import type { HistoryStore } from '../history/history.ts'
import type { Identity, Resolution } from '../identity/identity.ts'
import type { Plans } from '../compiler/compile.ts'
import { eventsOfOthers, ProfileActor } from '../actor/profile-actor.ts'
import type { Roster } from '../memory/roster.ts'
import type { Settlement } from '../settlement/settlement.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'
import { sameValue } from '../values/values.ts'

export interface CallActorsOptions {
  readonly identity: Identity
  readonly roster: Roster
  readonly wheel: TimingWheel
  readonly settlement: Settlement
  readonly store: HistoryStore
  readonly rules: IdentityRules
  /** The highest number of users. */
  readonly profilesMax: () => number
}

export class CallActors {
  readonly #identity: Identity
  readonly #roster: Roster
  readonly #wheel: TimingWheel
  readonly #settlement: Settlement
  readonly #store: HistoryStore
  readonly #rules: IdentityRules
  readonly #profilesMax: () => number

  constructor({ identity, roster, wheel, settlement, store, rules, profilesMax }: CallActorsOptions) {
    this.#profilesMax = profilesMax
    this.#identity = identity
    this.#roster = roster
    this.#wheel = wheel
    this.#settlement = settlement
    this.#store = store
    this.#rules = rules
  }

  /** Returns the profile that the ids name; it and its accounts take part in the settlement. */
  profileOf(ids: readonly ExternalId[], now: number, plans: Plans): ProfileActor {
    const known = ids.length === 1 ? this.#identity.find(ids[0]!.type, ids[0]!.value) : undefined
    if (known) return this.#joined(known)
    const resolution = this.#identity.resolve(ids)
    const profile = this.#resolved(resolution, now, plans)
    const { added, profiles } = resolution
    if (added.length > 0 && profiles.length > 0) this.#settlement.notes?.named.push({ user: profile, added })
    for (const id of added) {
      this.#identity.assign(id, profile.ordinal)
      this.#settlement.onFailure(() => this.#identity.release(id))
      profile.addId(id)
    }
    return profile
  }

  #resolved({ profiles }: Resolution, now: number, plans: Plans): ProfileActor {
    const [survivor, ...absorbed] = profiles
    if (!survivor) {
      this.#checkRoom()
      const created = new ProfileActor(this.#roster.nextOrdinal, plans.user, this.#settlement, this.#store, this.#rules)
      this.#roster.add(created)
      this.#settlement.onFailure(() => this.#roster.takeBack(created))
      created.begin(now)
      this.#settlement.join(created)
      return created
    }
    if (absorbed.length === 0) return this.#joined(survivor)
    this.#merge(survivor, absorbed, now, plans)
    return survivor
  }

  #checkRoom(): void {
    const max = this.#profilesMax()
    if (this.#roster.userCount >= max)
      throw new EngineError('profiles_limit', `The space has ${max} profiles, which is as many as it may have`)
  }

  /** Removes a user whose last call is long ago: nobody knows its ids. */
  expire(profile: ProfileActor, now: number): void {
    profile.next({ kind: 'expired', at: now })
    this.#settlement.onSuccess(() => {
      for (const id of profile.ids) this.#identity.release(id)
      this.#wheel.set(profile.ordinal, Infinity)
      this.#roster.remove(profile)
      profile.leaveMemory()
    })
  }

  #joined(profile: ProfileActor): ProfileActor {
    this.#settlement.join(profile)
    for (const account of profile.accounts) account.takePart()
    return profile
  }

  #merge(survivor: ProfileActor, absorbed: readonly ProfileActor[], now: number, plans: Plans): void {
    const accounts = [...new Set([survivor, ...absorbed].flatMap((profile) => [...profile.accounts]))]
    const unseen = accounts.map((account) => eventsOfOthers(account, [survivor, ...absorbed]))
    this.#settlement.onFailure(() => absorbed.forEach((profile) => this.#readmit(profile)))
    this.#settlement.notes?.united.push({
      survivor,
      absorbed: absorbed.map(({ ordinal }) => ordinal),
      differing: differingDefinitions([survivor, ...absorbed]),
    })
    for (const profile of absorbed) {
      for (const id of profile.ids) this.#identity.assign(id, survivor.ordinal)
      this.#wheel.set(profile.ordinal, Infinity)
      this.#roster.remove(profile)
    }
    survivor.next({ kind: 'merge', at: now, absorbed })
    const conditions = plans.user.conditions
    for (const [index, account] of accounts.entries())
      account.next({ kind: 'users united', at: now, survivor, absorbed, conditions, unseen: unseen[index]! })
    survivor.next({ kind: 'accounts changed', at: now, readers: plans.user.readersOfAccounts })
  }

  /** Undoes that a profile was absorbed. */
  #readmit(profile: ProfileActor): void {
    for (const id of profile.ids) this.#identity.assign(id, profile.ordinal)
    this.#roster.add(profile)
    this.#wheel.set(profile.ordinal, profile.dueAt)
  }

  /** Returns the account of a group, linked with the profile; it takes part in the settlement. */
  accountOf(profile: ProfileActor, groupId: string, now: number, plans: Plans): AccountActor {
    const account = this.#roster.account(groupId) ?? this.#createAccount(groupId, now, plans)
    this.#settlement.join(account)
    if (account.users.has(profile.ordinal)) return account
    this.#settlement.notes?.joined.push({ account, user: profile })
    account.next({ kind: 'link', at: now, user: profile, conditions: plans.user.conditions })
    profile.next({ kind: 'accounts changed', at: now, readers: plans.user.readersOfAccounts })
    return account
  }

  #createAccount(groupId: string, now: number, plans: Plans): AccountActor {
    const account = new AccountActor({
      ordinal: this.#roster.nextOrdinal,
      plan: plans.account,
      sink: this.#settlement,
      groupId,
      userAt: (ordinal) => this.#roster.user(ordinal),
    })
    this.#roster.add(account)
    this.#settlement.onFailure(() => this.#roster.takeBack(account))
    account.begin(now)
    return account
  }
}

/** Lists the definitions, by number, of which the profiles do not all have the same value. */
function differingDefinitions(profiles: readonly ProfileActor[]): Set<number> {
  const ids = new Set(profiles.flatMap(({ defined }) => [...defined.ids()]))
  const differing = new Set<number>()
  for (const id of ids) {
    const values = profiles.map(({ defined }) => toldValue(defined.get(id)?.value))
    if (values.some((value) => !sameValue(value, values[0]))) differing.add(id)
  }
  return differing
}

/** Treats false as null: nobody is told that a profile never was in an audience, or never had a value. */
function toldValue(value: JsonValue | undefined): JsonValue {
  return value === undefined || value === false ? null : value
}
