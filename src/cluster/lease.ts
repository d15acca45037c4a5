/**
 * The time for which a node may act for a space.
 *
 * L1. It runs by the monotonic clock of the node: one that stood still finds it over before it does anything.
 * L2. It begins before the lock was asked for, and is shorter than the lock: it is over here before another can have
 *     the space.
 */
export class Lease {
  readonly #now: () => number
  readonly #lengthMs: number
  #endsAt = -Infinity

  /** @param now the monotonic clock, ms. @param lengthMs less than the lock lasts */
  constructor(now: () => number, lengthMs: number) {
    this.#now = now
    this.#lengthMs = lengthMs
  }

  get isHeld(): boolean {
    return this.#now() < this.#endsAt
  }

  /** The time that it lasts; 0 once it is over, ms. */
  get leftMs(): number {
    return Math.max(0, this.#endsAt - this.#now())
  }

  /** @param askedAt the instant before the lock was asked for, or extended. Keeps L2. */
  extend(askedAt: number): void {
    this.#endsAt = Math.max(this.#endsAt, askedAt + this.#lengthMs)
  }

  end(): void {
    this.#endsAt = -Infinity
  }
}
