/** Access tokens that were made while the server ran. Only digests are kept: nobody can read a token again. */
import type { SpaceToken } from '../model/role.ts'
import type { SpaceCommand, TokenRecord } from '../model/space-command.ts'

export class Tokens {
  readonly #records = new Map<string, TokenRecord>()
  /** By digest. */
  readonly #digests = new Map<string, TokenRecord>()

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
   * Returns the token of a digest, SHA-256 in hex: the time of the look-up tells nothing about the token. Undefined if
   * there is none.
   */
  of(digest: string): SpaceToken | undefined {
    const record = this.#digests.get(digest)
    return record && { id: record.id, role: record.role ?? 'admin' }
  }

  apply(command: Extract<SpaceCommand, { kind: 'add token' | 'remove token' }>): void {
    if (command.kind === 'add token') {
      this.#records.set(command.token.id, command.token)
      this.#digests.set(command.token.digest, command.token)
      return
    }
    const record = this.#records.get(command.id)
    this.#records.delete(command.id)
    if (record) this.#digests.delete(record.digest)
  }
}
