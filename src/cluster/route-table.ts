/** Finds the space of a write key or a token, and the node that has a space: from what the owners have said. */
import type { OwnerRecord } from './node-directory.ts'

export class RouteTable {
  #owners: ReadonlyMap<string, OwnerRecord> = new Map()
  #byWriteKey: ReadonlyMap<string, string> = new Map()
  #byToken: ReadonlyMap<string, string> = new Map()

  /** Takes the owners as they are now. */
  update(owners: ReadonlyMap<string, OwnerRecord>): void {
    this.#owners = owners
    this.#byWriteKey = new Map(
      [...owners].flatMap(([spaceId, { writeKeys }]) => writeKeys.map((digest) => [digest, spaceId])),
    )
    this.#byToken = new Map([...owners].flatMap(([spaceId, { tokens }]) => tokens.map((digest) => [digest, spaceId])))
  }

  get spaceIds(): string[] {
    return [...this.#owners.keys()]
  }

  /** Returns the owner of a space; undefined while it is between two. */
  ownerOf(spaceId: string): OwnerRecord | undefined {
    const owner = this.#owners.get(spaceId)
    return owner?.nodeId === '' ? undefined : owner
  }

  /** @param digest SHA-256, in hex */
  spaceOfWriteKey(digest: string): string | undefined {
    return this.#byWriteKey.get(digest)
  }

  /** @param digest SHA-256, in hex */
  spaceOfToken(digest: string): string | undefined {
    return this.#byToken.get(digest)
  }
}
