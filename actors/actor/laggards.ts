/**
 * The actors that still have the plans of before, while a changeover goes over all of them in the order of their
 * ordinals. Some are brought on earlier, since something comes for them.
 */
import type { PlanPair } from './plan-pair.ts'

/** As a checkpoint has it. */
export interface StoredLaggards {
  readonly next: number
  readonly end: number
  /** A bit for each ordinal. */
  readonly early: Uint8Array
}

/** Whom it takes to bring an actor on: itself, an account's users too, or all that it is linked to by others. */
type Reach = 'itself' | 'users' | 'linked'

export class Laggards {
  /** Those of before. */
  readonly plans: PlanPair
  readonly reach: Reach
  /** Actors from this ordinal on have come later, and never were behind. */
  readonly end: number
  readonly #early: Uint8Array
  #next: number

  /** @param stored how far it has come; left out: all actors of smaller ordinals are behind */
  constructor({ plans, reach }: Pick<Laggards, 'plans' | 'reach'>, end: number, stored?: StoredLaggards) {
    this.plans = plans
    this.reach = reach
    this.end = end
    this.#next = stored?.next ?? 0
    this.#early = stored ? new Uint8Array(stored.early) : new Uint8Array((end + 7) >> 3)
  }

  /** All actors of smaller ordinals have the new plans. */
  get next(): number {
    return this.#next
  }

  isBehind(ordinal: number): boolean {
    return ordinal >= this.#next && ordinal < this.end && (this.#early[ordinal >> 3]! & (1 << (ordinal & 7))) === 0
  }

  /** An actor has the new plans from now on. */
  bringOn(ordinal: number): void {
    this.#early[ordinal >> 3]! |= 1 << (ordinal & 7)
  }

  /** Takes back `bringOn`. */
  leaveBehind(ordinal: number): void {
    this.#early[ordinal >> 3]! &= ~(1 << (ordinal & 7))
  }

  /** All actors of smaller ordinals have the new plans from now on. */
  passTo(ordinal: number): void {
    this.#next = ordinal
  }

  stored(): StoredLaggards {
    return { next: this.#next, end: this.end, early: new Uint8Array(this.#early) }
  }
}
