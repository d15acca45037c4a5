/**
 * The actors of a space, and the parts that find, settle, schedule and restore them, put together. It decides nothing
 * about entries: the shard does.
 */
import type { IdentityRules } from '../../src/model/external-id.ts'
import type { Retention } from '../../src/model/retention.ts'
import type { Transition } from '../../src/model/transition.ts'
import { ActorStore } from '../actor/actor-store.ts'
import type { ProfileActor } from '../actor/profile-actor.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { viewOf, viewOfAccount, viewOfUser } from '../actor/views.ts'
import { DefinedPlans } from '../compiler/defined-plans.ts'
import type { Definitions } from '../compiler/definitions.ts'
import { TimingWheel } from '../deadlines/timing-wheel.ts'
import { Deduplication, type DeduplicationLimits } from '../deduplication/deduplication.ts'
import { Identity } from '../identity/identity.ts'
import { Suppressions } from '../identity/suppressions.ts'
import type { MemoryLimits } from '../memory/actor-memory.ts'
import type { Scratch } from '../packing/scratch.ts'
import { writeRecord } from '../records/actor-record.ts'
import { ActorReader } from '../records/actor-reader.ts'
import { admit } from '../records/admission.ts'
import { PagePartWriter, type StoredActor } from '../records/page-codec.ts'
import { PAGE_ACTORS } from '../records/pages.ts'
import { Roster } from '../records/roster.ts'
import { DUE_AT } from '../rows/row.ts'
import type { SettlementObserver } from '../settlement/settlement-observer.ts'
import { Settlement } from '../settlement/settlement.ts'
import { CallActors } from './call-actors.ts'
import { CallApplication } from './call-application.ts'
import { Changeover } from './changeover.ts'
import { expiresAt } from './expiry.ts'
import { PeopleCommands } from './people-commands.ts'
import { Redefinition } from './redefinition.ts'
import { ResidentPages } from './resident-pages.ts'
import { SpaceClock } from './space-clock.ts'
import { TouchedPages } from './touched-pages.ts'

export interface ActorSystemOptions {
  readonly definitions: Definitions
  readonly identity: IdentityRules
  readonly retention: Retention
  readonly deduplication: DeduplicationLimits | undefined
  readonly memory: MemoryLimits
  readonly liveStatesMax: number
  readonly residentBytesMax: number
  readonly observer: SettlementObserver | undefined
  /** True if windows go on counting events that are no longer kept. */
  readonly doWindowsCountAll: () => boolean
}

export class ActorSystem {
  retention: Retention
  defined: DefinedPlans
  readonly store: ActorStore
  readonly identity: Identity
  readonly suppressions = new Suppressions()
  readonly wheel = new TimingWheel()
  readonly roster = new Roster({
    write: (scratch, ordinal) => this.#writeActor(scratch, ordinal, false),
    isHeld: (ordinal) => this.#isHeld(ordinal),
    evict: (ordinal) => this.#evict(ordinal),
  })
  readonly settlement = new Settlement({
    isAccount: (ordinal) => this.roster.isAccount(ordinal),
    onJoin: (ordinal) => {
      this.roster.changing(ordinal)
    },
    onBehind: (actor, now) => {
      if (!this.isRestoring) this.changeover.walk!.adopt(actor, now)
    },
    onSettled: (actor) => this.schedule(actor),
    onRestored: (ordinal) => {
      const row = this.store.rows.at(ordinal)
      this.wheel.set(ordinal, row === 0 ? Infinity : this.store.memory.state.doubles[row + DUE_AT]!)
    },
  })
  readonly redefinition: Redefinition
  readonly changeover: Changeover
  readonly deduplication: Deduplication
  readonly residentPages: ResidentPages
  readonly reader: ActorReader
  readonly calls: CallApplication
  readonly people: PeopleCommands
  readonly clock: SpaceClock
  /** True while deadlines are found again: whoever is behind stays so. */
  isRestoring = false
  /** True while accounts and their users stay in memory. */
  areLinkedHeld = false
  readonly #callActors: CallActors
  readonly #liveStatesMax: number
  readonly #residentBytesMax: number

  constructor(options: ActorSystemOptions) {
    const { roster, wheel, settlement } = this
    settlement.observer = options.observer
    this.retention = options.retention
    this.defined = DefinedPlans.of(options.definitions)
    this.#liveStatesMax = options.liveStatesMax
    this.#residentBytesMax = options.residentBytesMax
    this.store = new ActorStore({
      memory: options.memory,
      rules: options.identity,
      sink: settlement,
      plans: this.defined.plans,
      userAt: (ordinal) => viewOfUser(this.store, ordinal),
      accountAt: (ordinal) => viewOfAccount(this.store, ordinal),
    })
    settlement.attach(this.store)
    this.deduplication = new Deduplication(options.deduplication)
    this.identity = new Identity(options.identity, (ordinal) => viewOfUser(this.store, ordinal))
    this.residentPages = new ResidentPages({
      roster,
      identity: this.identity,
      wheel,
      store: this.store,
      now: () => this.clock.now,
      doAccountsReadUsers: () => this.#doAccountsReadUsers(options.doWindowsCountAll()),
      actorsOf: (command) => this.people.everybodyOf(command),
      usedBytes: () => this.store.memory.usedBytes,
      admit: (actors, areStatesValid) => this.#admit(actors, areStatesValid),
    })
    this.reader = new ActorReader({
      roster,
      identity: this.identity,
      members: this.store.values.members,
      viewOf: (ordinal) => this.seen(ordinal),
    })
    this.clock = new SpaceClock({
      wheel,
      settlement,
      labelOf: (ordinal) => this.viewOf(ordinal)!.label,
      beforeFiring: (ordinals, transitions) => this.#bringOn(ordinals, transitions),
      onDue: (actor, due) => this.#onDue(actor, due),
    })
    this.redefinition = new Redefinition({ roster, settlement, store: this.store, wheel })
    this.changeover = new Changeover({
      roster,
      settlement,
      wheel,
      store: this.store,
      now: () => this.clock.now,
      onFault: (fault) => this.clock.setAside(fault),
      defined: () => this.defined,
    })
    this.#callActors = new CallActors({
      identity: this.identity,
      roster,
      wheel,
      settlement,
      store: this.store,
      profilesMax: () => this.retention.profilesMax,
      beforeUniting: (ordinal, now) => {
        if (this.store.laggards?.isBehind(ordinal)) this.changeover.walk!.adoptAbsorbed(ordinal, now)
      },
    })
    this.calls = new CallApplication({
      clock: this.clock,
      settlement,
      deduplication: this.deduplication,
      callActors: this.#callActors,
      suppressions: this.suppressions,
      beforeTouching: (call, transitions) => {
        if (this.changeover.isSwitching) this.#bringOn(this.residentPages.namedBy(call), transitions)
      },
    })
    this.people = new PeopleCommands({
      clock: this.clock,
      identity: this.identity,
      roster,
      settlement,
      store: this.store,
      suppressions: this.suppressions,
      wheel,
      plans: () => this.defined.plans,
      beforeTouching: (ordinals, transitions) => this.#bringOn(ordinals, transitions),
      onDue: (actor, due) => this.#onDue(actor, due),
      end: (profile, now) => this.#callActors.end(profile, now),
    })
  }

  /** Returns a view of an actor that is in memory, which stays with it. */
  viewOf(ordinal: number): SpaceActor | undefined {
    if (this.store.rows.at(ordinal) === 0) return undefined
    return viewOf(this.store, ordinal, this.roster.isAccount(ordinal))
  }

  /** Returns a view of an actor that is in memory, to be read at once: with its values since a switch. */
  seen(ordinal: number): SpaceActor | undefined {
    const view = this.viewOf(ordinal)
    if (view && this.changeover.isSwitching && !this.settlement.isOpen) view.foreseen = this.changeover.foresee(ordinal)
    return view
  }

  /** Settles what a switch has changed of actors that are about to be touched, and of all whom they reach. */
  #bringOn(ordinals: Iterable<number>, transitions: Transition[]): void {
    if (!this.changeover.isSwitching) return
    const touched = new TouchedPages(
      { roster: this.roster, store: this.store, doAccountsReadUsers: () => false },
      { areUsersTold: false },
    )
    for (const ordinal of ordinals) touched.add(ordinal)
    this.changeover.walk!.bring(touched.ordinals, transitions)
  }

  #onDue(actor: SpaceActor, due: number): void {
    if (expiresAt(actor, this.retention) <= due) this.#callActors.end(actor as ProfileActor, due)
  }

  /** Sets how much is kept from now on; a user that should have gone already goes when the clock moves on. */
  retain(retention: Retention): void {
    const isSame = retention.anonymousMs === this.retention.anonymousMs
    this.retention = retention
    if (isSame) return
    this.write(() => {
      for (const ordinal of this.roster.ordinals()) {
        this.roster.changing(ordinal)
        this.store.rows.touch(this.store.rows.at(ordinal))
        const actor = this.viewOf(ordinal)!
        // Without its states, the deadline that is known may be too early, and nothing would come of it.
        if (actor.isUnbuilt) this.setDeadline(ordinal, Math.min(actor.dueAt, this.#expiryOf(actor)))
        else this.schedule(actor)
      }
    })
  }

  #expiryOf(actor: SpaceActor): number {
    return Math.max(this.clock.now, expiresAt(actor, this.retention))
  }

  /** Computes and stores the next deadline of an actor, whose row is one to write to. */
  schedule(actor: SpaceActor): void {
    const due = Math.max(this.clock.now, actor.schedule())
    this.setDeadline(actor.ordinal, Math.min(due, this.#expiryOf(actor)))
  }

  setDeadline(ordinal: number, due: number): void {
    this.store.memory.state.doubles[this.store.rows.at(ordinal) + DUE_AT] = due
    this.wheel.set(ordinal, due)
  }

  /** Lets an action write to the memory of actors outside of any settlement. It must not fail. */
  write(act: () => void): void {
    this.store.memory.barrier.begin()
    act()
    this.store.commit()
  }

  /** True while users take more memory than they may. */
  get isOverMemory(): boolean {
    return this.#residentBytesMax < Infinity && this.residentPages.isOver(this.#residentBytesMax)
  }

  /** Lets states become bytes, and pages leave memory, while there are too many. */
  release(): void {
    this.store.packStates(this.#liveStatesMax)
    if (this.#residentBytesMax < Infinity) this.residentPages.release(this.#residentBytesMax)
  }

  /**
   * Encodes all actors as they are now, page by page, without what follows from the rest. Throws an Error while a page
   * is out of memory.
   */
  encodeAll(): Uint8Array[] {
    const pages: Uint8Array[] = []
    for (let page = 0; page * PAGE_ACTORS < this.roster.nextOrdinal; page++) {
      const part = new PagePartWriter(true)
      for (const ordinal of this.roster.ordinalsOf(page))
        part.add(ordinal, (scratch) => {
          if (this.#writeActor(scratch, ordinal, true)) return true
          throw new Error(`page ${page} is not in memory: what is on it cannot be told`)
        })
      pages.push(part.end())
    }
    return pages
  }

  #writeActor(scratch: Scratch, ordinal: number, isBare: boolean): boolean {
    if (this.store.rows.at(ordinal) === 0) return false
    writeRecord(scratch, this.store, ordinal, { isAccount: this.roster.isAccount(ordinal), isBare })
    return true
  }

  /** True if an account may compute states from its users' kept events, without a change of definitions. */
  #doAccountsReadUsers(doWindowsCountAll: boolean): boolean {
    const { judgedMsMax, hasSessions } = this.store.plans.account
    return judgedMsMax > 0 || hasSessions || !doWindowsCountAll
  }

  #isHeld(ordinal: number): boolean {
    if (this.store.watched.has(ordinal)) return true
    // How many users satisfy its conditions is stored with its states.
    if (this.roster.isAccount(ordinal) && this.viewOf(ordinal)!.isUnbuilt) return true
    return this.areLinkedHeld && this.store.links.count(this.store.rows.at(ordinal)) > 0
  }

  #evict(ordinal: number): void {
    this.#moved(() => {
      const isAccount = this.roster.isAccount(ordinal)
      viewOf(this.store, ordinal, isAccount).dropStates()
      this.store.remove(ordinal, !isAccount)
    })
  }

  #admit(actors: readonly StoredActor[], areStatesValid: boolean): void {
    this.#moved(() => {
      for (const stored of actors) admit(this.store, stored, areStatesValid)
    })
  }

  /** Lets actors leave memory or come back: nothing changes. */
  #moved(act: () => void): void {
    this.store.values.members.uncounted(() => this.write(act))
  }
}
