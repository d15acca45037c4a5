/** Which calls have been applied, by `messageId`. A call without one is always new. */

export class Deduplication {
  readonly #seen = new Set<string>()

  /** True for a `messageId` not seen before, which is seen from now on. */
  isNew(messageId: string): boolean {
    if (messageId === '') return true
    if (this.#seen.has(messageId)) return false
    this.#seen.add(messageId)
    return true
  }
}
