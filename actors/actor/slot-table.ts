/**
 * A small map from ascending numbers: an actor holds few of the many nodes of its plan. Its arrays are exactly as long
 * as they need to be (one that is pushed to has 17 places from the start), since there are many such tables.
 */

const NO_SLOTS: readonly number[] = []
const NO_ITEMS: readonly never[] = []

export class SlotTable<T> {
  #ids: readonly number[] = NO_SLOTS
  #items: readonly T[] = NO_ITEMS

  get size(): number {
    return this.#ids.length
  }

  get(id: number): T | undefined {
    const ids = this.#ids
    for (let index = 0; index < ids.length; index++) {
      const held = ids[index]!
      if (held >= id) return held === id ? this.#items[index] : undefined
    }
    return undefined
  }

  /** Adds an item, or replaces the one that is there. */
  set(id: number, item: T): void {
    const ids = this.#ids
    let at = 0
    while (at < ids.length && ids[at]! < id) at++
    if (ids[at] === id) (this.#items as T[])[at] = item
    else {
      this.#ids = inserted(ids, at, id)
      this.#items = inserted(this.#items, at, item)
    }
  }

  delete(id: number): void {
    const at = this.#ids.indexOf(id)
    if (at < 0) return
    this.#ids = this.#ids.filter((_, index) => index !== at)
    this.#items = this.#items.filter((_, index) => index !== at)
  }

  clear(): void {
    this.#ids = NO_SLOTS
    this.#items = NO_ITEMS
  }

  /** Returns the ids, ascending. A later change leaves this list as it is. */
  ids(): readonly number[] {
    return this.#ids
  }

  /** Returns the items, by ascending id. */
  items(): readonly T[] {
    return this.#items
  }
}

function inserted<E>(list: readonly E[], at: number, entry: E): E[] {
  const longer = new Array<E>(list.length + 1)
  for (let index = 0; index < at; index++) longer[index] = list[index]!
  longer[at] = entry
  for (let index = at; index < list.length; index++) longer[index + 1] = list[index]!
  return longer
}
