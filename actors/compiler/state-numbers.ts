/**
 * The numbers of the states of a plan, for good: a state that equal sub-expressions have used ever since has one
 * number, and no number is given twice. So a changed set of definitions leaves the states of actors valid that it
 * still uses.
 *
 * Example: the window of `event('A').within(7 days).count()` has number 4; with the last definition that counts it the
 * number goes, and when it is defined again, it gets 9 and is computed anew.
 */
export interface NumbersData {
  /** Pairs of key and number. */
  readonly numbers: readonly (readonly [key: string, number: number])[]
  readonly next: number
}

const NONE: NumbersData = { numbers: [], next: 0 }

export class StateNumbers {
  readonly #before: ReadonlyMap<string, number>
  readonly #numbers = new Map<string, number>()
  #next: number

  private constructor(before: ReadonlyMap<string, number>, next: number) {
    this.#before = before
    this.#next = next
  }

  /** Begins with those that were stored, or with none. */
  static from({ numbers, next }: NumbersData = NONE): StateNumbers {
    const restored = new StateNumbers(new Map(), next)
    for (const [key, number] of numbers) restored.#numbers.set(key, number)
    return restored
  }

  /** Begins the numbers of the next set of definitions; those of this one stay as they are. */
  following(): StateNumbers {
    return new StateNumbers(this.#numbers, this.#next)
  }

  /** The next number to be given. */
  get next(): number {
    return this.#next
  }

  toData(): NumbersData {
    return { numbers: [...this.#numbers], next: this.#next }
  }

  /** Returns the number of a state: the one that it had, or a new one. */
  numberOf(key: string): number {
    const held = this.#numbers.get(key) ?? this.#before.get(key)
    const number = held ?? this.#next++
    this.#numbers.set(key, number)
    return number
  }

  /** Makes the key of a state that nothing else can name. */
  freshKey(): string {
    return `${this.#next}`
  }

  /** Tells whether a state was not there before. */
  isNew(key: string): boolean {
    return !this.#before.has(key)
  }
}
