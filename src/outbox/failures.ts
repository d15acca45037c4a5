/** The latest deliveries that have failed for good at one destination: listed by reason, and sent again on request. */
import type { Delivery } from './delivery.ts'

export const FAILURES_MAX = 1_000

export interface Failure {
  readonly delivery: Delivery
  readonly reason: string
  /** The destination's message, without persons and secrets. */
  readonly message: string
  readonly attempts: number
  /** Epoch ms. */
  readonly failedAt: number
}

export class Failures {
  /** By number of the delivery, the oldest first; beyond the bound the oldest goes. */
  readonly #failures = new Map<number, Failure>()
  /** Numbers that were to be sent again before they were known as failed: a process that starts reads failures last. */
  readonly #awaited = new Set<number>()

  static of(failures: readonly Failure[]): Failures {
    const all = new Failures()
    for (const failure of failures) all.add(failure)
    return all
  }

  list(): readonly Failure[] {
    return [...this.#failures.values()]
  }

  /** Returns the failures among these numbers. */
  of(numbers: readonly number[]): Failure[] {
    return numbers.flatMap((number) => this.#failures.get(number) ?? [])
  }

  /** Adds a failure; returns true if it is to be sent again at once. */
  add(failure: Failure): boolean {
    const { number } = failure.delivery
    if (this.#awaited.delete(number)) return true
    this.#failures.delete(number)
    this.#failures.set(number, failure)
    if (this.#failures.size > FAILURES_MAX) this.#failures.delete(this.#failures.keys().next().value!)
    return false
  }

  /** Forgets the failures of an actor. */
  forget(actor: number): void {
    for (const [number, { delivery }] of this.#failures)
      if (delivery.actor === actor || delivery.owner === actor) this.#failures.delete(number)
  }

  /** Removes and returns the failures that are to be sent again. */
  take(numbers: readonly number[]): Failure[] {
    return numbers.flatMap((number) => {
      const failure = this.#failures.get(number)
      if (!failure) this.#awaited.add(number)
      this.#failures.delete(number)
      return failure ?? []
    })
  }
}
