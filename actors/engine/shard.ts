/**
 * The engine of one space: a state machine over the entries of its journal. It reads no clock, no environment and no
 * randomness; the same entries give the same transitions, byte for byte.
 *
 * Order at one instant (normative in docs/semantics.md): what is due strictly before an entry's receive time happens
 * first, each at its own instant; then the input is applied, and its profile settles once, all that falls due for it at
 * that time included; what is due for others then happens when the clock moves on.
 */
import { type Call, eventTime, readCall } from '../../src/model/call.ts'
import type { CallsEntry, CheckedCall, CommandEntry, Entry, RawCall } from '../../src/model/entry.ts'
import { EngineError } from '../../src/model/errors.ts'
import { canonicalId, DEFAULT_IDENTITY_RULES, type IdentityRules } from '../../src/model/external-id.ts'
import { KEEP_ALL, type Retention } from '../../src/model/retention.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { AccountActor } from '../actor/account-actor.ts'
import { APPLIED, type Applied, type CallOutcome, DUPLICATE, NO_OUTCOMES } from './applied.ts'
import { Redefinition } from './redefinition.ts'
import {
  type RestLimits,
  NEVER_REST,
  type ShardCut,
  type ShardHead,
  type ShardOptions,
  type ShardRestoration,
  type ShardState,
} from './shard-state.ts'
import { ActorDecoder } from '../memory/actor-codec.ts'
import { ActorReader } from '../memory/actor-reader.ts'
import { readFrame } from '../memory/actor-frame.ts'
import type { Actor } from '../actor/actor.ts'
import { Definitions } from '../compiler/definitions.ts'
import { CHUNK_IDS, Deduplication } from '../deduplication/deduplication.ts'
import { expiresAt, rescheduleAll } from './expiry.ts'
import type { HistoryStore } from '../history/history.ts'
import { Identity } from '../identity/identity.ts'
import { NameTable } from '../history/name-table.ts'
import { compilePlans, type Plans } from '../compiler/compile.ts'
import type { Plan } from '../plan/plan.ts'
import { sumOfWork, type Work } from '../plan/predicate.ts'
import { CallActors } from './call-actors.ts'
import type { ProfileActor } from '../actor/profile-actor.ts'
import { exactSince, forgetEvents } from './forget-events.ts'
import { Restoration } from './restoration.ts'
import { settledAt } from '../actor/settled-at.ts'
import { encodeBarePage } from '../memory/pages.ts'
import { ResidentPages } from './resident-pages.ts'
import { Roster } from '../memory/roster.ts'
import { Settlement } from '../settlement/settlement.ts'
import { Slabs } from '../history/slabs.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { SpaceClock } from './space-clock.ts'
import { TimingWheel } from '../deadlines/timing-wheel.ts'

export class Shard {
  readonly #rules: IdentityRules
  #retention: Retention
  #definitions: Definitions
  readonly #identity: Identity
  readonly #store: HistoryStore = { names: new NameTable(), slabs: new Slabs() }
  readonly #wheel = new TimingWheel()
  readonly #roster = new Roster(this.#wheel, (bytes, dueAt) => this.#wake(bytes, dueAt))
  readonly #settlement = new Settlement({
    onJoin: (actor) => {
      if (!this.#redefinition.isUnderWay) this.#roster.changing(actor.ordinal)
    },
    onSettled: (actor) => this.#schedule(actor),
  })
  readonly #decoder: ActorDecoder
  readonly #redefinition: Redefinition
  readonly #restLimits: RestLimits
  readonly deduplication: Deduplication
  readonly residentPages: ResidentPages
  readonly reader: ActorReader
  readonly #callActors: CallActors
  #plans: Plans
  readonly #clock = new SpaceClock({
    wheel: this.#wheel,
    roster: this.#roster,
    settlement: this.#settlement,
    onDue: (actor, due) => this.#onDue(actor, due),
  })
  #arrivals = 0

  constructor({
    definitions = [],
    identity = DEFAULT_IDENTITY_RULES,
    retention = KEEP_ALL,
    deduplication,
    rest = NEVER_REST,
    observer,
  }: ShardOptions = {}) {
    this.#settlement.observer = observer
    this.deduplication = new Deduplication(deduplication)
    this.#retention = retention
    this.#rules = identity
    this.#restLimits = rest
    this.#identity = new Identity(identity, (ordinal) => this.#roster.user(ordinal))
    this.residentPages = new ResidentPages(this.#roster, this.#identity, this.#wheel)
    this.#decoder = new ActorDecoder({
      sink: this.#settlement,
      store: this.#store,
      rules: identity,
      userAt: (ordinal) => this.#roster.user(ordinal),
      accountAt: (ordinal) => this.#roster.accountAt(ordinal),
    })
    this.reader = new ActorReader(this.#roster, this.#decoder, () => this.#plans)
    this.#redefinition = new Redefinition({
      roster: this.#roster,
      settlement: this.#settlement,
      decoder: this.#decoder,
      wheel: this.#wheel,
      // Nobody leaves memory before all have adopted the definitions.
      rest: () => this.#putToRest(0),
    })
    this.#callActors = new CallActors({
      identity: this.#identity,
      roster: this.#roster,
      wheel: this.#wheel,
      settlement: this.#settlement,
      store: this.#store,
      rules: identity,
      profilesMax: () => this.#retention.profilesMax,
    })
    this.#definitions = Definitions.of(definitions)
    this.#plans = compilePlans(this.#definitions.inputs())
  }

  /** The space's present, epoch ms. */
  get clock(): number {
    return this.#clock.now
  }

  get retention(): Retention {
    return this.#retention
  }

  get definitions(): Definitions {
    return this.#definitions
  }

  get profileCount(): number {
    return this.#roster.userCount
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
    const outcomes = this.#applyEntry(entry, transitions)
    this.#rest(outcomes.length)
    return { transitions, outcomes, faults: this.#clock.takeFaults() }
  }

  #applyEntry(entry: Entry, transitions: Transition[]): readonly CallOutcome[] {
    switch (entry.kind) {
      case 'calls':
        return this.#calls(entry, transitions)
      case 'tick':
        this.#clock.moveTo(entry.receivedAt, transitions)
        return NO_OUTCOMES
      case 'command':
        this.#command(entry, transitions)
        return NO_OUTCOMES
    }
  }

  /** Everything that the state is, as plain data; what follows from it is left out. All must be in memory. */
  state(): ShardState {
    const { hours, first } = this.deduplication.head()
    const log = this.deduplication.log()
    const next = hours.reduce((place, [, count]) => place + count, first)
    const fingerprints: Uint8Array[] = []
    for (let chunk = Math.floor(first / CHUNK_IDS); chunk * CHUNK_IDS < next; chunk++) fingerprints.push(log(chunk))
    return {
      ...this.#head(),
      pages: Array.from(this.#roster.encodeAll(), (actors: Uint8Array[] | undefined) => encodeBarePage(actors ?? [])),
      fingerprints,
    }
  }

  /** What has changed since the last cut, as of now; between two entries. The one before is taken back unless kept. */
  cut(): ShardCut {
    return { head: this.#head(), pages: this.#roster.pages.cut(), fingerprints: this.deduplication.log() }
  }

  /** What becomes of the cut at hand: it was stored, or is to be made anew. */
  endCut(isStored: boolean): void {
    if (isStored) this.residentPages.stored()
    else this.#roster.pages.takeBack()
  }

  #head(): ShardHead {
    return {
      clock: this.#clock.now,
      arrivals: this.#arrivals,
      names: [...this.#store.names.toArray()],
      definitions: this.#definitions.toData(),
      nextDefinitionId: this.#definitions.nextId,
      retention: this.#retention,
      deduplication: this.deduplication.head(),
      ordinals: this.#roster.nextOrdinal,
    }
  }

  /** The engine as it was when the state was read off. */
  static of(state: ShardState, options: ShardOptions = {}): Shard {
    const restoring = Shard.restoring(state, options)
    for (const page of state.pages) restoring.addPage(page)
    for (const chunk of state.fingerprints) restoring.addFingerprints(chunk)
    return restoring.finish()
  }

  /** Brings an engine back part by part: pages in any order, chunks of fingerprints in theirs. */
  static restoring(head: ShardHead, options: ShardOptions = {}): ShardRestoration<Shard> {
    const shard = new Shard({ ...options, retention: { ...KEEP_ALL, ...head.retention } })
    const restoration = shard.#begin(head)
    return {
      addPage: (bytes) => restoration.addPage(bytes),
      addFingerprints: (bytes) => shard.deduplication.restoreChunk(bytes),
      finish: () => {
        shard.deduplication.restored()
        restoration.finish()
        return shard
      },
    }
  }

  #begin(head: ShardHead): Restoration {
    for (const name of head.names) this.#store.names.numberOf(name)
    this.#definitions = Definitions.restored(head.definitions, head.nextDefinitionId)
    this.#plans = compilePlans(this.#definitions.inputs())
    this.deduplication.restore(head.deduplication)
    this.#clock.now = head.clock
    this.#arrivals = head.arrivals
    this.#roster.expect(head.ordinals)
    return new Restoration({
      roster: this.#roster,
      identity: this.#identity,
      wheel: this.#wheel,
      settlement: this.#settlement,
      decoder: this.#decoder,
      plans: this.#plans,
      clock: head.clock,
      schedule: (actor) => this.#schedule(actor),
      rest: () => this.#rest(1),
      release: () => this.residentPages.release(this.#restLimits.bytesMax),
    })
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
    return this.#roster.account(groupId)
  }

  /** Since when the value of a definition is exact; see `exactSince`. */
  exactSince(actor: SpaceActor, definition: number): number | undefined {
    const node = this.#planOf(actor).byId.get(definition)
    const input = this.#definitions.inputs().find(({ id }) => id === definition)
    return node && input && exactSince(actor, node, input.definedAt)
  }

  /** All users and accounts, in order; who was at rest is awake then. */
  actors(): readonly SpaceActor[] {
    return Array.from(this.#roster.ordinals(), (ordinal) => this.#roster.at(ordinal)!)
  }

  #calls({ calls, receivedAt }: CallsEntry, transitions: Transition[]): CallOutcome[] {
    return calls.map((raw) => this.#call(raw, receivedAt, transitions))
  }

  #call(raw: RawCall | CheckedCall, receivedAt: number, transitions: Transition[]): CallOutcome {
    const now = Math.max(this.#clock.now, receivedAt)
    let call: Call
    try {
      call = 'call' in raw ? raw.call : readCall(raw.body, this.#rules)
    } catch (error) {
      return error instanceof EngineError ? { kind: 'refused', error } : { kind: 'failed', cause: error }
    }
    this.#clock.moveTo(now, transitions)
    if (!this.deduplication.isNew(call.messageId, now)) return DUPLICATE
    if (call.type === 'alias') return APPLIED
    try {
      this.#applyCall(call, raw.sourceId, now, transitions)
      return APPLIED
    } catch (cause) {
      this.#settlement.rollBack()
      this.deduplication.takeBack(call.messageId)
      return cause instanceof EngineError ? { kind: 'refused', error: cause } : { kind: 'failed', cause }
    }
  }

  #applyCall(call: Call, sourceId: string, now: number, transitions: Transition[]): void {
    this.#settlement.begin(now)
    const [arrival, ts] = [this.#arrivals + 1, eventTime(call, now)]
    const profile = this.#callActors.profileOf(call.ids, now, this.#plans)
    profile.seen(now)
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
      const account = this.#callActors.accountOf(profile, call.groupId, now, this.#plans)
      if (call.traits) account.next({ kind: 'traits', at: now, traits: call.traits, ts, arrival, sourceId })
    }
    this.#settlement.finish(transitions)
    this.#arrivals = arrival
  }

  #onDue(actor: SpaceActor, due: number): void {
    actor.next({ kind: 'deadline', at: due })
    if (expiresAt(actor, this.#retention) <= due) this.#callActors.expire(actor as ProfileActor, due)
  }

  #command({ command, receivedAt }: CommandEntry, transitions: Transition[]): void {
    if (command.kind === 'retain') {
      this.#clock.moveTo(receivedAt, transitions)
      this.#retain({ ...KEEP_ALL, ...command.retention })
      return
    }
    const changed =
      command.kind === 'define'
        ? this.#definitions.with(command.definition, this.#arrivals)
        : this.#definitions.without(command.key, command.type)
    const plans = compilePlans(changed.inputs())
    this.#clock.moveTo(receivedAt, transitions)
    const [definitions, oldPlans] = [this.#definitions, this.#plans]
    const begun = changed.inputs().filter((input) => !definitions.inputs().includes(input))
    this.#definitions = changed
    this.#plans = plans
    try {
      this.#redefinition.adopt({ plans, oldPlans, begun, inputs: changed.inputs(), now: this.#clock.now }, transitions)
    } catch (cause) {
      this.#definitions = definitions
      this.#plans = oldPlans
      throw cause
    }
  }

  #retain(retention: Retention): void {
    const isSame = retention.anonymousMs === this.#retention.anonymousMs
    this.#retention = retention
    if (isSame) return
    const schedule = (actor: Actor) => this.#schedule(actor)
    rescheduleAll({ roster: this.#roster, wheel: this.#wheel, retention, now: this.#clock.now, schedule })
  }

  /** An actor that a failed call had made is no more by now, and has no deadline. */
  #schedule(actor: Actor): void {
    const due = Math.max(this.#clock.now, Math.min(actor.schedule(), expiresAt(actor, this.#retention)))
    actor.dueAt = due
    this.#wheel.set(actor.ordinal, this.#roster.awakeAt(actor.ordinal) === actor ? due : Infinity)
  }

  /**
   * A user as it was when it went to rest. The deadline that it had counts: one that is found again may be earlier, but
   * nothing would come of it.
   */
  #wake(bytes: Uint8Array, dueAt: number): SpaceActor {
    const actor = this.#decoder.actorOf(readFrame(bytes), this.#plans)
    this.#settlement.quietly(() => actor.restore(settledAt(this.#clock.now, dueAt)))
    actor.dueAt = dueAt
    return actor
  }

  #rest(calls: number): void {
    this.#putToRest(calls)
    this.residentPages.release(this.#restLimits.bytesMax)
  }

  #putToRest(calls: number): void {
    const { idleMs, awakeMax } = this.#restLimits
    if (idleMs < Infinity || awakeMax < Infinity)
      this.#roster.rest({ idleSince: this.#clock.now - idleMs, max: awakeMax, looks: 8 + 2 * calls })
  }

  #planOf(actor: SpaceActor): Plan {
    return this.#plans[actor.kind]
  }
}
