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
import { ActorReader } from '../records/actor-reader.ts'
import { Roster } from '../records/roster.ts'
import type { SettlementObserver } from '../settlement/settlement-observer.ts'
import { Settlement } from '../settlement/settlement.ts'
import type { FailedDeadline } from './applied.ts'
import { CallActors } from './call-actors.ts'
import { CallApplication } from './call-application.ts'
import { Changeover } from './changeover.ts'
import { PeopleCommands } from './people-commands.ts'
import { Redefinition } from './redefinition.ts'
import { ResidentPages } from './resident-pages.ts'
import { Schedule } from './schedule.ts'
import { SpaceClock } from './space-clock.ts'
import type { SpaceRules } from './space-rules.ts'
import { StoredActors } from './stored-actors.ts'
import { TouchedPages } from './touched-pages.ts'

export interface ActorSystemOptions {
  readonly definitions: Definitions
  readonly rules: SpaceRules
  readonly identity: IdentityRules
  readonly retention: Retention
  readonly deduplication: DeduplicationLimits | undefined
  readonly memory: MemoryLimits
  readonly liveStatesMax: number
  readonly residentBytesMax: number
  readonly observer: SettlementObserver | undefined
}

export class ActorSystem {
  readonly rules: SpaceRules
  defined: DefinedPlans
  readonly store: ActorStore
  readonly identity: Identity
  readonly suppressions = new Suppressions()
  readonly wheel = new TimingWheel()
  readonly roster = new Roster({
    write: (scratch, ordinal) => this.stored.write(scratch, ordinal, false),
    isHeld: (ordinal) => this.stored.isHeld(ordinal),
    evict: (ordinal) => {
      this.stored.evict(ordinal)
    },
  })
  readonly settlement = new Settlement({
    isAccount: (ordinal) => this.roster.isAccount(ordinal),
    onJoin: (ordinal) => {
      this.roster.changing(ordinal)
    },
    onBehind: (actor, now) => {
      if (!this.isRestoring) this.changeover.walk!.adopt(actor, now)
    },
    onSettled: (actor) => {
      this.schedule.renew(actor)
    },
    onRestored: (ordinal) => {
      this.schedule.restore(ordinal)
    },
  })
  readonly schedule: Schedule
  readonly stored: StoredActors
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
  readonly #callActors: CallActors
  readonly #liveStatesMax: number
  readonly #residentBytesMax: number

  constructor(options: ActorSystemOptions) {
    const { roster, wheel, settlement } = this
    settlement.observer = options.observer
    this.rules = options.rules
    this.defined = DefinedPlans.of(options.definitions)
    this.#liveStatesMax = options.liveStatesMax
    this.#residentBytesMax = options.residentBytesMax
    const store: ActorStore = new ActorStore({
      memory: options.memory,
      rules: options.identity,
      sink: settlement,
      plans: this.defined.plans,
      userAt: (ordinal) => viewOfUser(store, ordinal),
      accountAt: (ordinal) => viewOfAccount(store, ordinal),
    })
    this.store = store
    settlement.attach(store)
    this.stored = new StoredActors(store, roster)
    this.deduplication = new Deduplication(options.deduplication)
    this.identity = new Identity(options.identity, (ordinal) => viewOfUser(store, ordinal))
    const now = () => this.clock.now
    const viewOf = (ordinal: number) => this.viewOf(ordinal)!
    this.schedule = new Schedule({ retention: options.retention, roster, store, wheel, now, viewOf })
    this.residentPages = this.#makeResidentPages()
    const { members } = store.values
    this.reader = new ActorReader({ roster, identity: this.identity, members, viewOf: (ordinal) => this.seen(ordinal) })
    this.clock = new SpaceClock({
      wheel,
      settlement,
      labelOf: (ordinal) => viewOf(ordinal).label,
      beforeFiring: (ordinals, transitions) => this.#bringOn(ordinals, transitions),
      onDue: (actor, due) => this.#onDue(actor, due),
    })
    this.redefinition = new Redefinition({ roster, settlement, store, wheel })
    const onFault = (fault: FailedDeadline) => {
      this.clock.setAside(fault)
    }
    const defined = () => this.defined
    this.changeover = new Changeover({ roster, settlement, wheel, store, now, onFault, defined })
    this.#callActors = this.#makeCallActors()
    this.calls = this.#makeCalls()
    this.people = this.#makePeople()
  }

  #makeResidentPages(): ResidentPages {
    return new ResidentPages({
      roster: this.roster,
      identity: this.identity,
      wheel: this.wheel,
      store: this.store,
      now: () => this.clock.now,
      doAccountsReadUsers: () => this.#doAccountsReadUsers(),
      actorsOf: (command) => this.people.everybodyOf(command),
      usedBytes: () => this.store.memory.usedBytes,
      admit: (actors, areStatesValid) => {
        this.stored.admit(actors, areStatesValid)
      },
    })
  }

  #makeCallActors(): CallActors {
    return new CallActors({
      identity: this.identity,
      roster: this.roster,
      wheel: this.wheel,
      settlement: this.settlement,
      store: this.store,
      profilesMax: () => this.schedule.retention.profilesMax,
      beforeUniting: (ordinal, now) => {
        if (this.store.laggards?.isBehind(ordinal)) this.changeover.walk!.adoptAbsorbed(ordinal, now)
      },
    })
  }

  #makeCalls(): CallApplication {
    return new CallApplication({
      clock: this.clock,
      settlement: this.settlement,
      deduplication: this.deduplication,
      callActors: this.#callActors,
      suppressions: this.suppressions,
      beforeTouching: (call, transitions) => {
        if (this.changeover.isSwitching) this.#bringOn(this.residentPages.namedBy(call), transitions)
      },
    })
  }

  #makePeople(): PeopleCommands {
    return new PeopleCommands({
      clock: this.clock,
      identity: this.identity,
      roster: this.roster,
      settlement: this.settlement,
      store: this.store,
      suppressions: this.suppressions,
      wheel: this.wheel,
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
    if (this.schedule.isExpired(actor, due)) this.#callActors.end(actor as ProfileActor, due)
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

  /** True if an account may compute states from its users' kept events, without a change of definitions. */
  #doAccountsReadUsers(): boolean {
    const { judgedMsMax, hasSessions } = this.store.plans.account
    return judgedMsMax > 0 || hasSessions || !this.rules.doWindowsCountAll
  }
}
