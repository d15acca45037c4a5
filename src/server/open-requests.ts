/** The requests that are being answered for each space: it is closed when there are none. */

export class OpenRequests {
  readonly #counts = new Map<string, number>()
  readonly #waiting = new Map<string, (() => void)[]>()

  /** Counts a request until it is over: then the function that is returned is to be called. */
  count(spaceId: string): () => void {
    this.#counts.set(spaceId, this.countOf(spaceId) + 1)
    return () => {
      const left = this.countOf(spaceId) - 1
      this.#counts.set(spaceId, left)
      if (left > 0) return
      this.#counts.delete(spaceId)
      const waiting = this.#waiting.get(spaceId) ?? []
      this.#waiting.delete(spaceId)
      for (const resolve of waiting) resolve()
    }
  }

  countOf(spaceId: string): number {
    return this.#counts.get(spaceId) ?? 0
  }

  /** Resolves when no request of a space is open. */
  async none(spaceId: string): Promise<void> {
    if (this.countOf(spaceId) === 0) return
    await new Promise<void>((resolve) => {
      this.#waiting.set(spaceId, [...(this.#waiting.get(spaceId) ?? []), resolve])
    })
  }
}
