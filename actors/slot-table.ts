/** A small map from numbers, by ascending number: an actor holds few of the many nodes of its plan. */

export class SlotTable<T> {
  readonly #ids: number[] = []
  readonly #items: T[] = []

  get size(): number {
    return this.#ids.length
  }

  get(id: number): T | undefined {
    const index = this.#indexOf(id)
    return this.#ids[index] === id ? this.#items[index] : undefined
  }

  set(id: number, item: T): void {
    const index = this.#indexOf(id)
    if (this.#ids[index] === id) this.#items[index] = item
    else if (index === this.#ids.length) {
      this.#ids.push(id)
      this.#items.push(item)
    } else {
      this.#ids.splice(index, 0, id)
      this.#items.splice(index, 0, item)
    }
  }

  delete(id: number): void {
    const index = this.#indexOf(id)
    if (this.#ids[index] !== id) return
    this.#ids.splice(index, 1)
    this.#items.splice(index, 1)
  }

  clear(): void {
    this.#ids.length = 0
    this.#items.length = 0
  }

  /** The ids, ascending; not to be changed while visited. */
  ids(): readonly number[] {
    return this.#ids
  }

  /** The items, by ascending id. */
  items(): readonly T[] {
    return this.#items
  }

  /** Index of the id, or of the place where it belongs. */
  #indexOf(id: number): number {
    const ids = this.#ids
    let low = 0
    let high = ids.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (ids[middle]! < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
