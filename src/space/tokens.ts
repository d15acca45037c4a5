/** Access tokens that were made while the server ran. What is kept of one is its digest: nobody can read it again. */
import type { SpaceCommand, TokenRecord } from '../model/space-command.ts'

export class Tokens {
  readonly #records = new Map<string, TokenRecord>()
  readonly #digests = new Set<string>()

  /** In the order of creation. */
  list(): TokenRecord[] {
    return [...this.#records.values()]
  }

  /** Into an empty one: what another listed. */
  restore(records: readonly TokenRecord[]): void {
    for (const token of records) this.apply({ kind: 'add token', token })
  }

  find(id: string): TokenRecord | undefined {
    return this.#records.get(id)
  }

  /** @param digest SHA-256 in hex: the time that it takes to look for one tells nothing about the token itself */
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
