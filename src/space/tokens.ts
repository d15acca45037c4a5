/** Access tokens that were made while the server ran. Only digests are kept: nobody can read a token again. */
import type { SpaceCommand, TokenRecord } from '../model/space-command.ts'

export class Tokens {
  readonly #records = new Map<string, TokenRecord>()
  readonly #digests = new Set<string>()

  /** Lists them in the order of creation. */
  list(): TokenRecord[] {
    return [...this.#records.values()]
  }

  /** Restores tokens into an empty instance. */
  restore(records: readonly TokenRecord[]): void {
    for (const token of records) this.apply({ kind: 'add token', token })
  }

  find(id: string): TokenRecord | undefined {
    return this.#records.get(id)
  }

  /**
   * Returns true if a token is known. @param digest SHA-256 in hex: the time of the look-up tells nothing about the
   * token
   */
  has(digest: string): boolean {
    return this.#digests.has(digest)
  }

  apply(command: Extract<SpaceCommand, { kind: 'add token' | 'remove token' }>): void {
    if (command.kind === 'add token') {
      this.#records.set(command.token.id, command.token)
      this.#digests.add(command.token.digest)
      return
    }
    const record = this.#records.get(command.id)
    this.#records.delete(command.id)
    if (record) this.#digests.delete(record.digest)
  }
}
