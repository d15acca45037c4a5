/** When something happens by time alone: the next deadline of each actor, in its row and in the wheel. */
import type { Retention } from '../../src/model/retention.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'
import type { Roster } from '../records/roster.ts'
import { DUE_AT } from '../rows/row.ts'
import { expiresAt } from './expiry.ts'

export interface ScheduleOptions {
  readonly retention: Retention
  readonly roster: Roster
  readonly store: ActorStore
  readonly wheel: TimingWheel
  readonly now: () => number
  /** Returns a view of an actor that is in memory. */
  readonly viewOf: (ordinal: number) => SpaceActor
}

export class Schedule {
  readonly #options: ScheduleOptions
  #retention: Retention

  constructor(options: ScheduleOptions) {
    this.#options = options
    this.#retention = options.retention
  }

  get retention(): Retention {
    return this.#retention
  }

  /** Sets how much is kept from now on; a user that should have gone already goes when the clock moves on. */
  retain(retention: Retention): void {
    const isSame = retention.anonymousMs === this.#retention.anonymousMs
    this.#retention = retention
    if (isSame) return
    const { roster, store, viewOf } = this.#options
    store.write(() => {
      for (const ordinal of roster.ordinals()) {
        roster.changing(ordinal)
        store.rows.touch(store.rows.at(ordinal))
        const actor = viewOf(ordinal)
        // Without its states, the deadline that is known may be too early, and nothing would come of it.
        if (actor.isUnbuilt) this.set(ordinal, Math.min(actor.dueAt, this.#expiryOf(actor)))
        else this.renew(actor)
      }
    })
  }

  /** True for a user that is forgotten at an instant, or before it. */
  isExpired(actor: SpaceActor, at: number): boolean {
    return expiresAt(actor, this.#retention) <= at
  }

  /** Computes and stores the next deadline of an actor, whose row is one to write to. */
  renew(actor: SpaceActor): void {
    const due = Math.max(this.#options.now(), actor.schedule())
    this.set(actor.ordinal, Math.min(due, this.#expiryOf(actor)))
  }

  set(ordinal: number, due: number): void {
    const { store, wheel } = this.#options
    store.memory.state.doubles[store.rows.at(ordinal) + DUE_AT] = due
    wheel.set(ordinal, due)
  }

  /** Takes over the deadline that the row has, or that there is none without a row. */
  restore(ordinal: number): void {
    const { store, wheel } = this.#options
    const row = store.rows.at(ordinal)
    wheel.set(ordinal, row === 0 ? Infinity : store.memory.state.doubles[row + DUE_AT]!)
  }

  #expiryOf(actor: SpaceActor): number {
    return Math.max(this.#options.now(), expiresAt(actor, this.#retention))
  }
}
