/**
 * Counts the actors for which each definition is true, by its number: the members of an audience, those that have left
 * memory included. A settlement that fails counts nothing.
 */
export class MemberCounts {
  readonly #counts = new Map<number, number>()
  /** By how much they change with the settlement that is open. */
  readonly #open = new Map<number, number>()
  #isPaused = false

  of(definition: number): number {
    return (this.#counts.get(definition) ?? 0) + (this.#open.get(definition) ?? 0)
  }

  add(definition: number, by: 1 | -1): void {
    if (!this.#isPaused) this.#open.set(definition, (this.#open.get(definition) ?? 0) + by)
  }

  /** Lets actors leave memory or come back: they stay members. */
  uncounted(act: () => void): void {
    this.#isPaused = true
    try {
      act()
    } finally {
      this.#isPaused = false
    }
  }

  commit(): void {
    if (this.#open.size === 0) return
    for (const [definition, by] of this.#open) {
      const count = (this.#counts.get(definition) ?? 0) + by
      if (count === 0) this.#counts.delete(definition)
      else this.#counts.set(definition, count)
    }
    this.#open.clear()
  }

  rollBack(): void {
    this.#open.clear()
  }
}
