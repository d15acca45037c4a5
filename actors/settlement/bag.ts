/**
 * A list that is filled and emptied again and again. Emptying an array in JavaScript gives up its memory, so that the
 * next first entry allocates anew, which at every settlement costs more than the settlement; a bag keeps its places.
 * What was in it stays referenced until it is overwritten.
 */
export class Bag<T> {
  readonly #items: T[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  /** The item at a place below `count`. */
  at(place: number): T {
    return this.#items[place]!
  }

  add(item: T): void {
    this.#items[this.#count++] = item
  }

  clear(): void {
    this.#count = 0
  }

  /** A copy, in the order in which they were added. */
  toArray(): T[] {
    return this.#items.slice(0, this.#count)
  }
}
