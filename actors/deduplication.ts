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

  /** The call was not applied after all. */
  forget(messageId: string): void {
    this.#seen.delete(messageId)
  }

  messageIds(): string[] {
    return [...this.#seen]
  }

  add(messageIds: readonly string[]): void {
    for (const messageId of messageIds) this.#seen.add(messageId)
  }
}
