/** An index of rows by name. Most names have one row: it is kept without a set of its own, to save memory. */
export class RowIndex {
  readonly #keys = new Map<string, string | Set<string>>()

  /** Returns the rows as they are now: later changes do not show. */
  get(name: string): readonly string[] {
    const found = this.#keys.get(name)
    if (found === undefined) return []
    return typeof found === 'string' ? [found] : [...found]
  }

  add(name: string, key: string): void {
    const found = this.#keys.get(name)
    if (found === undefined || found === key) this.#keys.set(name, key)
    else if (typeof found === 'string') this.#keys.set(name, new Set([found, key]))
    else found.add(key)
  }

  delete(name: string, key: string): void {
    const found = this.#keys.get(name)
    if (found === key) this.#keys.delete(name)
    else if (typeof found === 'object' && found.delete(key) && found.size === 0) this.#keys.delete(name)
  }
}
