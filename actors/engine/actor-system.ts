/**
 * The actors of a space, and the parts that find, settle, schedule, wake and restore them, put together. It decides
 * nothing about entries: the shard does.
 */
import type { IdentityRules } from '../../src/model/external-id.ts'
import type { Retention } from '../../src/model/retention.ts'
import { Redefinition } from './redefinition.ts'
import type { RestLimits } from './shard-state.ts'
import { ActorDecoder } from '../memory/actor-codec.ts'
import { ActorReader } from '../memory/actor-reader.ts'
import { readFrame } from '../memory/actor-frame.ts'
import type { Actor } from '../actor/actor.ts'
import type { Definitions } from '../compiler/definitions.ts'
import { Deduplication } from '../deduplication/deduplication.ts'
import { expiresAt, rescheduleAll } from './expiry.ts'
import type { HistoryStore } from '../history/history.ts'
import { Identity } from '../identity/identity.ts'
import { NameTable } from '../history/name-table.ts'
import { DefinedPlans } from '../compiler/defined-plans.ts'
import { CallActors } from './call-actors.ts'
import { CallApplication } from './call-application.ts'
import type { ProfileActor } from '../actor/profile-actor.ts'
import { settledAt } from '../actor/settled-at.ts'
import { ResidentPages } from './resident-pages.ts'
import { Roster } from '../memory/roster.ts'
import { Settlement } from '../settlement/settlement.ts'
import { Slabs } from '../history/slabs.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { SpaceClock } from './space-clock.ts'
import { TimingWheel } from '../deadlines/timing-wheel.ts'
import type { DeduplicationLimits } from '../deduplication/deduplication.ts'
import type { SettlementObserver } from '../settlement/settlement-observer.ts'

export interface ActorSystemOptions {
  readonly definitions: Definitions
  readonly identity: IdentityRules
  readonly retention: Retention
  readonly deduplication: DeduplicationLimits | undefined
  readonly rest: RestLimits
  readonly observer: SettlementObserver | undefined
}

export class ActorSystem {
  retention: Retention
  defined: DefinedPlans
  readonly identity: Identity
  readonly store: HistoryStore = { names: new NameTable(), slabs: new Slabs() }
  readonly wheel = new TimingWheel()
  readonly roster = new Roster(this.wheel, (bytes, dueAt) => this.#wake(bytes, dueAt))
  readonly settlement = new Settlement({
    onJoin: (actor) => {
      if (!this.redefinition.isUnderWay) this.roster.changing(actor.ordinal)
    },
    onSettled: (actor) => this.schedule(actor),
  })
  readonly decoder: ActorDecoder
  readonly redefinition: Redefinition
  readonly deduplication: Deduplication
  readonly residentPages: ResidentPages
  readonly reader: ActorReader
  readonly calls: CallApplication
  readonly clock = new SpaceClock({
    wheel: this.wheel,
    roster: this.roster,
    settlement: this.settlement,
    onDue: (actor, due) => this.#onDue(actor, due),
  })
  readonly #callActors: CallActors
  readonly #restLimits: RestLimits

  constructor({ definitions, identity, retention, deduplication, rest, observer }: ActorSystemOptions) {
    const { roster, wheel, settlement, store, clock } = this
    settlement.observer = observer
    this.retention = retention
    this.defined = new DefinedPlans(definitions)
    this.#restLimits = rest
    this.deduplication = new Deduplication(deduplication)
    this.identity = new Identity(identity, (ordinal) => roster.user(ordinal))
    this.residentPages = new ResidentPages(roster, this.identity, wheel)
    this.decoder = new ActorDecoder({
      sink: settlement,
      store,
      rules: identity,
      userAt: (ordinal) => roster.user(ordinal),
      accountAt: (ordinal) => roster.accountAt(ordinal),
    })
    this.reader = new ActorReader(roster, this.decoder, () => this.defined.plans)
    // Nobody leaves memory before all actors have the new definitions.
    this.redefinition = new Redefinition({
      roster,
      settlement,
      decoder: this.decoder,
      wheel,
      rest: () => this.#putToRest(0),
    })
    const profilesMax = (): number => this.retention.profilesMax
    this.#callActors = new CallActors({
      identity: this.identity,
      roster,
      wheel,
      settlement,
      store,
      rules: identity,
      profilesMax,
    })
    this.calls = new CallApplication({
      clock,
      settlement,
      deduplication: this.deduplication,
      callActors: this.#callActors,
    })
  }

  #onDue(actor: SpaceActor, due: number): void {
    actor.next({ kind: 'deadline', at: due })
    if (expiresAt(actor, this.retention) <= due) this.#callActors.expire(actor as ProfileActor, due)
  }

  /** Sets how much is kept from now on. */
  retain(retention: Retention): void {
    const isSame = retention.anonymousMs === this.retention.anonymousMs
    this.retention = retention
    if (isSame) return
    const schedule = (actor: Actor) => this.schedule(actor)
    rescheduleAll({ roster: this.roster, wheel: this.wheel, retention, now: this.clock.now, schedule })
  }

  /** Computes and stores the next deadline of an actor. An actor made by a failed call is no more by now. */
  schedule(actor: Actor): void {
    const due = Math.max(this.clock.now, Math.min(actor.schedule(), expiresAt(actor, this.retention)))
    actor.dueAt = due
    this.wheel.set(actor.ordinal, this.roster.awakeAt(actor.ordinal) === actor ? due : Infinity)
  }

  /**
   * Makes a user from the bytes that it rests as. Its stored deadline counts: one computed again may be earlier, but
   * nothing would come of it.
   */
  #wake(bytes: Uint8Array, dueAt: number): SpaceActor {
    const actor = this.decoder.actorOf(readFrame(bytes), this.defined.plans)
    this.settlement.quietly(() => actor.restore(settledAt(this.clock.now, dueAt)))
    actor.dueAt = dueAt
    return actor
  }

  /** Puts users to rest after an entry of so many calls, and lets pages leave memory. */
  rest(calls: number): void {
    this.#putToRest(calls)
    this.release()
  }

  #putToRest(calls: number): void {
    const { idleMs, awakeMax } = this.#restLimits
    if (idleMs < Infinity || awakeMax < Infinity)
      this.roster.rest({ idleSince: this.clock.now - idleMs, max: awakeMax, looks: 8 + 2 * calls })
  }

  /** Lets pages leave memory while there are too many. */
  release(): void {
    this.residentPages.release(this.#restLimits.bytesMax)
  }
}
