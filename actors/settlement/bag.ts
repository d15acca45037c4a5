/**
 * A list that is filled and emptied again and again. Emptying an array in JavaScript gives up its memory, so that the
 * next first entry allocates anew, which at every settlement costs more than the settlement; a bag keeps its memory.
 * Its former items stay referenced until they are overwritten.
 */
export class Bag<T> {
  readonly #items: T[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Returns the item at an index below `count`. */
  at(index: number): T {
    return this.#items[index]!
  }

  add(item: T): void {
    this.#items[this.#count++] = item
  }

  clear(): void {
    this.#count = 0
  }

  /** Copies the items in the order in which they were added. */
  toArray(): T[] {
    return this.#items.slice(0, this.#count)
  }
}
