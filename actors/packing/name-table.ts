/**
 * Numbers the names that recur in packed events: event names, keys, sources. Part of the shard's state: packed events
 * can be read only with the table they were written with. Beyond `NAMES_MAX` entries a name is not added, and is
 * written in full.
 */

export const NAMES_MAX = 65_536

export class NameTable {
  readonly #numbers = new Map<string, number>()
  readonly #names: string[] = []
  readonly #max: number

  /** @param max the highest number of names; with 0, every name is written in full */
  constructor(max = NAMES_MAX) {
    this.#max = max
  }

  get count(): number {
    return this.#names.length
  }

  /** Drops the names beyond so many. */
  returnTo(count: number): void {
    for (const name of this.#names.splice(count)) this.#numbers.delete(name)
  }

  /** Returns the number of a name, or -1 if the table is full, or the name holds half a surrogate pair. */
  numberOf(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    if (this.#names.length >= this.#max || !name.isWellFormed()) return -1
    this.#numbers.set(name, this.#names.length)
    return this.#names.push(name) - 1
  }

  /** Returns the number of a name, or -1 if it has none. */
  find(name: string): number {
    return this.#numbers.get(name) ?? -1
  }

  /** Tells whether something may have been written with this name: it has a number, or can have none. */
  mayHold(name: string): boolean {
    return this.#numbers.has(name) || this.#names.length >= this.#max || !name.isWellFormed()
  }

  nameOf(number: number): string {
    const name = this.#names[number]
    if (name === undefined) throw new RangeError(`name ${number} of ${this.#names.length}`)
    return name
  }

  toArray(): readonly string[] {
    return this.#names
  }
}

/** Writes every name in full: what is written with it needs no table to be read. */
export const NO_NAMES = new NameTable(0)
