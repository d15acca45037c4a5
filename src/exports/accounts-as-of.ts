/**
 * Values of accounts as they were at an instant: of those that have changed since, the values that are read are kept. A
 * user's row is made when the user changes or is come to; its accounts may have changed before.
 */
import type { SpaceActor } from '../../actors/actor/space-actor.ts'

/** The part of an account that users' rows read. */
export interface AccountValues {
  readonly ordinal: number
  readonly defined: Pick<SpaceActor['defined'], 'get'>
}

export class AccountsAsOf {
  readonly #numbers: readonly number[]
  readonly #changed = new Map<number, AccountValues>()

  /** @param numbers those of the definitions whose values are read */
  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }

  /** Keeps the values of an account that is about to change. */
  changing({ ordinal, defined }: AccountValues): void {
    if (this.#numbers.length === 0 || this.#changed.has(ordinal)) return
    const values = new Map(this.#numbers.map((number) => [number, defined.get(number)]))
    this.#changed.set(ordinal, { ordinal, defined: { get: (number) => values.get(number) } })
  }

  valuesOf(account: AccountValues): AccountValues {
    return this.#changed.get(account.ordinal) ?? account
  }
}
