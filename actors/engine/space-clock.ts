/** The present of a space. It moves on with the entries; deadlines on the way fire at their own instants. */
import type { Transition } from '../../src/model/transition.ts'
import { type FailedDeadline, NO_FAULTS } from './applied.ts'
import { BY_TIME } from '../settlement/causes.ts'
import type { Settlement } from '../settlement/settlement.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'

export interface SpaceClockOptions {
  readonly wheel: TimingWheel
  readonly settlement: Settlement
  /** Names an actor in the report of a deadline that failed. */
  readonly labelOf: (ordinal: number) => string
  /** Called before a settlement of actors that are due. */
  readonly beforeFiring: (ordinals: readonly number[], transitions: Transition[]) => void
  /** Called for an actor that is due, within the settlement of all that are due at that instant. */
  readonly onDue: (actor: SpaceActor, due: number) => void
}

export class SpaceClock {
  readonly #options: SpaceClockOptions
  /** Actors due at one instant; the array is reused. */
  readonly #due: number[] = []
  #faults: readonly FailedDeadline[] = NO_FAULTS
  /** Epoch ms; it never goes back. */
  now = 0

  constructor(options: SpaceClockOptions) {
    this.#options = options
  }

  /** Returns the deadlines that have failed since the last call. */
  takeFaults(): readonly FailedDeadline[] {
    const faults = this.#faults
    this.#faults = NO_FAULTS
    return faults
  }

  /** Moves the present to an instant. Deadlines before it fire; those at it are still to come. */
  moveTo(instant: number, transitions: Transition[]): void {
    if (instant <= this.now) return
    const { wheel } = this.#options
    for (let due = wheel.advance(instant - 1); due !== Infinity; due = wheel.advance(instant - 1)) {
      this.now = due
      const count = wheel.take(due, this.#due)
      const ordinals = count === this.#due.length ? this.#due : this.#due.slice(0, count)
      if (count > 1) ordinals.sort((a, b) => a - b)
      this.fire(ordinals, transitions)
    }
    this.now = instant
  }

  /** Settles all actors that are due at the present instant at once; if that fails, each fires by itself. */
  fire(ordinals: readonly number[], transitions: Transition[]): void {
    const { wheel, settlement, beforeFiring, onDue, labelOf } = this.#options
    const due = this.now
    beforeFiring(ordinals, transitions)
    settlement.begin(due, BY_TIME)
    try {
      for (const ordinal of ordinals) onDue(settlement.participant(ordinal), due)
      settlement.finish(transitions)
    } catch (cause) {
      settlement.rollBack()
      for (const ordinal of ordinals) wheel.set(ordinal, Infinity)
      if (ordinals.length > 1) for (const ordinal of [...ordinals]) this.fire([ordinal], transitions)
      else this.setAside({ profile: labelOf(ordinals[0]!), at: due, cause })
    }
  }

  /** Adds to the deadlines that have failed. */
  setAside(fault: FailedDeadline): void {
    this.#faults = [...this.#faults, fault]
  }
}
