/**
 * Names that recur in packed events (event names, keys, sources), each written as a small number.
 * Part of the shard's state: packed events can be read only with the table they were written with.
 * Bound: beyond `NAMES_MAX` entries a name is not taken up, and stands in full where it is used.
 */

export const NAMES_MAX = 65_536

export class Names {
  readonly #numbers = new Map<string, number>()
  readonly #names: string[] = []

  /** The number of a name, or -1 where the table is full. */
  numberOf(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    if (this.#names.length >= NAMES_MAX) return -1
    this.#numbers.set(name, this.#names.length)
    return this.#names.push(name) - 1
  }

  nameOf(number: number): string {
    const name = this.#names[number]
    if (name === undefined) throw new RangeError(`name ${number} of ${this.#names.length}`)
    return name
  }

  toArray(): readonly string[] {
    return this.#names
  }

  static from(names: readonly string[]): Names {
    const table = new Names()
    for (const name of names) table.numberOf(name)
    return table
  }
}
