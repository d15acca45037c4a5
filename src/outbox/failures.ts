/** What has failed for good at one destination, the latest of it: listed by reason, and to be sent again. */
import type { Delivery } from './delivery.ts'

export const FAILURES_MAX = 1_000

export interface Failure {
  readonly delivery: Delivery
  readonly reason: string
  /** What the destination said, without persons and secrets. */
  readonly message: string
  readonly attempts: number
  /** Epoch ms. */
  readonly failedAt: number
}

export class Failures {
  /** By number of the delivery, the oldest first; beyond the bound the oldest goes. */
  readonly #failures = new Map<number, Failure>()
  /** Asked for before they were known as failed: a process that starts hears of failures last. */
  readonly #awaited = new Set<number>()

  static of(failures: readonly Failure[]): Failures {
    const all = new Failures()
    for (const failure of failures) all.add(failure)
    return all
  }

  list(): readonly Failure[] {
    return [...this.#failures.values()]
  }

  /** Those that there are. */
  of(numbers: readonly number[]): Failure[] {
    return numbers.flatMap((number) => this.#failures.get(number) ?? [])
  }

  /** True where it is to be sent again at once. */
  add(failure: Failure): boolean {
    const { number } = failure.delivery
    if (this.#awaited.delete(number)) return true
    this.#failures.delete(number)
    this.#failures.set(number, failure)
    if (this.#failures.size > FAILURES_MAX) this.#failures.delete(this.#failures.keys().next().value!)
    return false
  }

  /** Takes those out that are to be sent again. */
  take(numbers: readonly number[]): Failure[] {
    return numbers.flatMap((number) => {
      const failure = this.#failures.get(number)
      if (!failure) this.#awaited.add(number)
      this.#failures.delete(number)
      return failure ?? []
    })
  }
}
