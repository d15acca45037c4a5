/**
 * The engine of one space: a state machine over the entries of its journal. It reads no clock, no environment and no
 * randomness; the same entries give the same transitions, byte for byte.
 *
 * Order at one instant (normative in docs/semantics.md): what is due strictly before an entry's receive time happens
 * first, each at its own instant; then the input is applied, and its profile settles once, all that falls due for it at
 * that time included; what is due for others then happens when the clock moves on.
 */
import { type Call, eventTime, readCall } from '../src/model/call.ts'
import type { CallsEntry, CheckedCall, CommandEntry, Entry, RawCall } from '../src/model/entry.ts'
import { EngineError } from '../src/model/errors.ts'
import { canonicalId, DEFAULT_IDENTITY_RULES, type ExternalId, type IdentityRules } from '../src/model/external-id.ts'
import { KEEP_ALL, type Retention } from '../src/model/retention.ts'
import type { Transition } from '../src/model/transition.ts'
import { AccountActor } from './account-actor.ts'
import { APPLIED, type Applied, type CallOutcome, DUPLICATE, type Fault, NO_FAULTS } from './applied.ts'
import type { ShardOptions, ShardState } from './shard-state.ts'
import { ActorDecoder, encodeActor } from './actor-codec.ts'
import type { Actor } from './actor.ts'
import { mementoOf } from './defined-value.ts'
import { Definitions } from './definitions.ts'
import { Deduplication } from './deduplication.ts'
import { beginCount, dropEnded } from './backfill.ts'
import type { HistoryStore } from './history.ts'
import { Identity, type Resolution } from './identity.ts'
import { Names } from './names.ts'
import { compilePlans, type Plans } from './plan/compile.ts'
import type { Plan } from './plan/plan.ts'
import { sumOfWork, type Work } from './plan/predicate.ts'
import type { DefinitionInput } from './plan/references.ts'
import { eventsOfOthers, ProfileActor } from './profile-actor.ts'
import { exactSince, forgetEvents } from './retention.ts'
import { Settlement } from './settlement.ts'
import { Slabs } from './slabs.ts'
import type { SpaceActor } from './space-actor.ts'
import { TimingWheel } from './timing-wheel.ts'

const NO_OUTCOMES: readonly CallOutcome[] = []

export class Shard {
  readonly #rules: IdentityRules
  #retention: Retention
  #definitions: Definitions
  readonly #identity: Identity
  readonly #store: HistoryStore = { names: new Names(), slabs: new Slabs() }
  readonly #wheel = new TimingWheel()
  readonly #settlement = new Settlement((actor) => this.#schedule(actor))
  readonly deduplication: Deduplication
  readonly #accounts = new Map<string, AccountActor>()
  /** By ordinal; undefined where a profile was absorbed by another. */
  readonly #actors: (SpaceActor | undefined)[] = []
  #plans: Plans
  /** Actors due at one instant; kept from one to the next. */
  readonly #due: number[] = []
  /** Of the entry at hand. */
  #faults: readonly Fault[] = NO_FAULTS
  #clock = 0
  #arrivals = 0

  constructor({
    definitions = [],
    identity = DEFAULT_IDENTITY_RULES,
    retention = KEEP_ALL,
    deduplication,
  }: ShardOptions = {}) {
    this.deduplication = new Deduplication(deduplication)
    this.#retention = retention
    this.#rules = identity
    this.#identity = new Identity(identity)
    this.#definitions = Definitions.of(definitions)
    this.#plans = compilePlans(this.#definitions.inputs())
  }

  /** The space's present, epoch ms. */
  get clock(): number {
    return this.#clock
  }

  get retention(): Retention {
    return this.#retention
  }

  get definitions(): Definitions {
    return this.#definitions
  }

  get profileCount(): number {
    return this.#actors.reduce((count, actor) => count + (actor?.kind === 'user' ? 1 : 0), 0)
  }

  /** Work done so far by users and accounts together. */
  get work(): Work {
    const { user, account } = this.#plans
    return sumOfWork(user.work, account.work)
  }

  /** Applies one entry. Throws an EngineError for a command that breaks a rule; then nothing has changed. */
  apply(entry: Entry): Applied {
    if (!Number.isSafeInteger(entry.receivedAt)) throw new RangeError('receivedAt: expected integer epoch ms')
    const transitions: Transition[] = []
    this.#faults = NO_FAULTS
    return { transitions, outcomes: this.#applyEntry(entry, transitions), faults: this.#faults }
  }

  #applyEntry(entry: Entry, transitions: Transition[]): readonly CallOutcome[] {
    switch (entry.kind) {
      case 'calls':
        return this.#calls(entry, transitions)
      case 'tick':
        this.#moveClock(entry.receivedAt, transitions)
        return NO_OUTCOMES
      case 'command':
        this.#command(entry, transitions)
        return NO_OUTCOMES
    }
  }

  /** Everything that the state is, as plain data; what follows from it is left out. */
  state(): ShardState {
    return {
      clock: this.#clock,
      arrivals: this.#arrivals,
      names: [...this.#store.names.toArray()],
      definitions: this.#definitions.toData(),
      nextDefinitionId: this.#definitions.nextId,
      retention: this.#retention,
      deduplication: this.deduplication.state(),
      ordinals: this.#actors.length,
      actors: this.actors().map(encodeActor),
    }
  }

  /** The engine as it was when the state was read off. */
  static of(state: ShardState, options: ShardOptions = {}): Shard {
    const shard = new Shard({ ...options, retention: state.retention })
    shard.#restore(state)
    return shard
  }

  #restore(state: ShardState): void {
    for (const name of state.names) this.#store.names.numberOf(name)
    this.#definitions = Definitions.restored(state.definitions, state.nextDefinitionId)
    this.#plans = compilePlans(this.#definitions.inputs())
    this.deduplication.restore(state.deduplication)
    this.#clock = state.clock
    this.#arrivals = state.arrivals
    this.#actors.length = state.ordinals
    const decoder = new ActorDecoder(this.#plans, this.#settlement, this.#store, this.#rules)
    for (const bytes of state.actors) {
      const actor = decoder.decode(bytes)
      this.#actors[actor.ordinal] = actor
      if (actor.kind === 'account') this.#accounts.set(actor.groupId, actor)
      else for (const id of actor.ids) this.#identity.assign(id, actor)
    }
    decoder.link((ordinal) => this.#actors[ordinal])
    // What fell due at the very instant of the last input has not happened yet for those that it did not concern.
    for (const actor of this.actors()) actor.restore(state.clock - 1)
    this.#settlement.forget()
    for (const actor of this.actors()) this.#schedule(actor)
  }

  /** The next instant at which something happens by time alone; infinite if none. */
  nextDue(): number {
    return this.#wheel.earliest()
  }

  /** The profile that an id names, whatever the case of an email. */
  profile(type: string, value: string): ProfileActor | undefined {
    return this.#identity.find(type, canonicalId(type, value))
  }

  account(groupId: string): AccountActor | undefined {
    return this.#accounts.get(groupId)
  }

  /** Since when the value of a definition is exact; see `exactSince`. */
  exactSince(actor: SpaceActor, definition: number): number | undefined {
    const node = this.#planOf(actor).byId.get(definition)
    const input = this.#definitions.inputs().find(({ id }) => id === definition)
    return node && input && exactSince(actor, node, input.definedAt)
  }

  actors(): readonly SpaceActor[] {
    return this.#actors.filter((actor) => actor !== undefined)
  }

  #calls({ calls, receivedAt }: CallsEntry, transitions: Transition[]): CallOutcome[] {
    const outcomes = new Array<CallOutcome>(calls.length)
    for (let index = 0; index < calls.length; index++)
      outcomes[index] = this.#call(calls[index]!, receivedAt, transitions)
    return outcomes
  }

  #call(raw: RawCall | CheckedCall, receivedAt: number, transitions: Transition[]): CallOutcome {
    const now = Math.max(this.#clock, receivedAt)
    let call: Call
    try {
      call = 'call' in raw ? raw.call : readCall(raw.body, this.#rules)
    } catch (error) {
      return error instanceof EngineError ? { kind: 'refused', error } : { kind: 'failed', cause: error }
    }
    this.#moveClock(now, transitions)
    if (!this.deduplication.isNew(call.messageId, now)) return DUPLICATE
    if (call.type === 'alias') return APPLIED
    try {
      this.#applyCall(call, raw.sourceId, now, transitions)
      return APPLIED
    } catch (cause) {
      this.#settlement.rollBack()
      this.deduplication.takeBack(call.messageId)
      return { kind: 'failed', cause }
    }
  }

  #applyCall(call: Call, sourceId: string, now: number, transitions: Transition[]): void {
    this.#settlement.begin(now)
    const [arrival, ts] = [this.#arrivals + 1, eventTime(call, now)]
    const profile = this.#profileOf(call.ids, now)
    if (call.event !== undefined) {
      const { messageId, properties, context } = call
      const event = { name: call.event, ts, arrival, receivedAt: now, sourceId, messageId, properties, context }
      forgetEvents(profile, this.#retention, this.#plans, { now, arrivals: this.#arrivals })
      profile.next({ kind: 'event', at: now, event })
      for (const account of profile.accounts) account.next({ kind: 'event', at: now, event })
    }
    if (call.type === 'identify' && call.traits)
      profile.next({ kind: 'traits', at: now, traits: call.traits, ts, arrival, sourceId })
    if (call.groupId !== undefined) {
      const account = this.#linkedAccount(profile, call.groupId, now)
      if (call.traits) account.next({ kind: 'traits', at: now, traits: call.traits, ts, arrival, sourceId })
    }
    this.#settlement.finish(transitions)
    this.#arrivals = arrival
  }

  /** The profile that the ids mean, taking part in the settlement with its accounts. */
  #profileOf(ids: readonly ExternalId[], now: number): ProfileActor {
    const known = ids.length === 1 ? this.#identity.find(ids[0]!.type, ids[0]!.value) : undefined
    if (known) return this.#joined(known)
    const resolution = this.#identity.resolve(ids)
    const profile = this.#resolved(resolution, now)
    for (const id of resolution.added) {
      this.#identity.assign(id, profile)
      this.#settlement.onFailure(() => this.#identity.release(id))
      profile.addId(id)
    }
    return profile
  }

  #resolved({ profiles }: Resolution, now: number): ProfileActor {
    const [survivor, ...absorbed] = profiles
    if (!survivor) {
      const created = new ProfileActor(
        this.#actors.length,
        this.#plans.user,
        this.#settlement,
        this.#store,
        this.#rules,
      )
      this.#actors.push(created)
      this.#settlement.onFailure(() => this.#actors.pop())
      created.begin(now)
      this.#settlement.join(created)
      return created
    }
    if (absorbed.length === 0) return this.#joined(survivor)
    this.#merge(survivor, absorbed, now)
    return survivor
  }

  #joined(profile: ProfileActor): ProfileActor {
    this.#settlement.join(profile)
    for (const account of profile.accounts) account.takePart()
    return profile
  }

  #merge(survivor: ProfileActor, absorbed: readonly ProfileActor[], now: number): void {
    const accounts = [...new Set([survivor, ...absorbed].flatMap((profile) => [...profile.accounts]))]
    const unseen = accounts.map((account) => eventsOfOthers(account, [survivor, ...absorbed]))
    this.#settlement.onFailure(() => absorbed.forEach((profile) => this.#readmit(profile)))
    for (const profile of absorbed) {
      for (const id of profile.ids) this.#identity.assign(id, survivor)
      this.#wheel.set(profile.ordinal, Infinity)
      this.#actors[profile.ordinal] = undefined
    }
    survivor.next({ kind: 'merge', at: now, absorbed })
    const conditions = this.#plans.user.conditions
    for (const [index, account] of accounts.entries())
      account.next({ kind: 'users united', at: now, survivor, absorbed, conditions, unseen: unseen[index]! })
    survivor.next({ kind: 'accounts changed', at: now, readers: this.#plans.user.readersOfAccounts })
  }

  /** Takes back that a profile was absorbed. */
  #readmit(profile: ProfileActor): void {
    for (const id of profile.ids) this.#identity.assign(id, profile)
    this.#actors[profile.ordinal] = profile
    this.#wheel.set(profile.ordinal, profile.dueAt)
  }

  #linkedAccount(profile: ProfileActor, groupId: string, now: number): AccountActor {
    const account = this.#accounts.get(groupId) ?? this.#createAccount(groupId, now)
    this.#settlement.join(account)
    if (account.users.has(profile)) return account
    account.next({ kind: 'link', at: now, user: profile, conditions: this.#plans.user.conditions })
    profile.next({ kind: 'accounts changed', at: now, readers: this.#plans.user.readersOfAccounts })
    return account
  }

  #createAccount(groupId: string, now: number): AccountActor {
    const account = new AccountActor(this.#actors.length, this.#plans.account, this.#settlement, groupId)
    this.#actors.push(account)
    this.#accounts.set(groupId, account)
    this.#settlement.onFailure(() => {
      this.#actors.pop()
      this.#accounts.delete(groupId)
    })
    account.begin(now)
    return account
  }

  #moveClock(now: number, transitions: Transition[]): void {
    if (now <= this.#clock) return
    for (let due = this.#wheel.advance(now - 1); due !== Infinity; due = this.#wheel.advance(now - 1)) {
      this.#clock = due
      const count = this.#wheel.take(due, this.#due)
      const ordinals = count === this.#due.length ? this.#due : this.#due.slice(0, count)
      if (count > 1) ordinals.sort((a, b) => a - b)
      this.#fire(ordinals, due, transitions)
    }
    this.#clock = now
  }

  /** One settlement over all that are due; where it fails, each fires by itself. */
  #fire(ordinals: readonly number[], due: number, transitions: Transition[]): void {
    this.#settlement.begin(due)
    try {
      for (const ordinal of ordinals) this.#actors[ordinal]!.next({ kind: 'deadline', at: due })
      this.#settlement.finish(transitions)
    } catch (cause) {
      this.#settlement.rollBack()
      for (const ordinal of ordinals) this.#wheel.set(ordinal, Infinity)
      if (ordinals.length > 1) for (const ordinal of [...ordinals]) this.#fire([ordinal], due, transitions)
      else this.#faults = [...this.#faults, { profile: this.#actors[ordinals[0]!]!.label, at: due, cause }]
    }
  }

  #command({ command, receivedAt }: CommandEntry, transitions: Transition[]): void {
    if (command.kind === 'retain') {
      this.#moveClock(Math.max(this.#clock, receivedAt), transitions)
      this.#retention = command.retention
      return
    }
    const changed =
      command.kind === 'define'
        ? this.#definitions.with(command.definition, this.#arrivals)
        : this.#definitions.without(command.key, command.type)
    const plans = compilePlans(changed.inputs())
    this.#moveClock(Math.max(this.#clock, receivedAt), transitions)
    const [definitions, oldPlans] = [this.#definitions, this.#plans]
    const begun = changed.inputs().filter((input) => !definitions.inputs().includes(input))
    const mementos = this.actors().map((actor) => mementoOf(actor.defined))
    this.#definitions = changed
    this.#plans = plans
    try {
      this.#adopt(begun, transitions)
    } catch (cause) {
      this.#definitions = definitions
      this.#plans = oldPlans
      this.#settlement.rollBack()
      for (const restore of mementos) restore()
      for (const actor of this.actors()) actor.restore(this.#clock - 1, this.#planOf(actor))
      this.#settlement.forget()
      for (const actor of this.actors()) this.#schedule(actor)
      throw cause
    }
  }

  /** Every actor finds its state anew under the plans, at the present instant. */
  #adopt(begun: readonly DefinitionInput[], transitions: Transition[]): void {
    this.#settlement.begin(this.#clock)
    const actors = this.actors()
    for (const actor of actors) dropEnded(actor, this.#planOf(actor))
    for (const actor of actors) {
      actor.next({ kind: 'definitions changed', at: this.#clock, plan: this.#planOf(actor) })
      for (const input of begun)
        beginCount(actor, this.#planOf(actor), input, { inputs: this.#definitions.inputs(), now: this.#clock })
    }
    this.#settlement.finish(transitions)
  }

  /** An actor that a failed call had made is no more by now, and has no deadline. */
  #schedule(actor: Actor): void {
    const due = actor.schedule()
    this.#wheel.set(actor.ordinal, this.#actors[actor.ordinal] === actor ? due : Infinity)
  }

  #planOf(actor: SpaceActor): Plan {
    return this.#plans[actor.kind]
  }
}
