/**
 * The ids that are suppressed: calls of theirs are dropped. They are kept as a checkpoint has them, in chunks of bytes,
 * so that a checkpoint is written as quickly with many as with few.
 *
 * Example: with `user_id:u1` suppressed, a call of u1 is dropped whole; with `anonymous_id:a1`, a call of u2 that holds
 * a1 too is one of u2 alone.
 */
import { pack, unpack } from 'msgpackr'
import { compareIdTypes, type ExternalId, type IdentityRules } from '../../src/model/external-id.ts'

/** Ids of a chunk. */
const CHUNK_IDS = 1_024

interface Chunk {
  readonly keys: Set<string>
  /** Undefined if the ids have changed since. */
  bytes: Uint8Array | undefined
}

export class Suppressions {
  readonly #chunks: Chunk[] = []
  readonly #chunkOf = new Map<string, Chunk>()

  get size(): number {
    return this.#chunkOf.size
  }

  has(id: ExternalId): boolean {
    return this.#chunkOf.has(keyOf(id))
  }

  /**
   * Returns the ids of a call that are not suppressed; undefined if the one of the highest priority is: then the call is
   * dropped.
   */
  allowed(ids: readonly ExternalId[], rules: IdentityRules): readonly ExternalId[] | undefined {
    if (this.size === 0 || !ids.some((id) => this.has(id))) return ids
    const [highest] = [...ids].sort((a, b) => compareIdTypes(rules, a.type, b.type))
    return this.has(highest!) ? undefined : ids.filter((id) => !this.has(id))
  }

  add(ids: readonly ExternalId[]): void {
    for (const id of ids) {
      const key = keyOf(id)
      if (this.#chunkOf.has(key)) continue
      let chunk = this.#chunks.at(-1)
      if (!chunk || chunk.keys.size >= CHUNK_IDS) this.#chunks.push((chunk = { keys: new Set(), bytes: undefined }))
      chunk.keys.add(key)
      chunk.bytes = undefined
      this.#chunkOf.set(key, chunk)
    }
  }

  remove(ids: readonly ExternalId[]): void {
    for (const id of ids) {
      const key = keyOf(id)
      const chunk = this.#chunkOf.get(key)
      if (!chunk) continue
      chunk.keys.delete(key)
      chunk.bytes = undefined
      this.#chunkOf.delete(key)
      if (chunk.keys.size === 0) this.#chunks.splice(this.#chunks.indexOf(chunk), 1)
    }
  }

  /**
   * Lists ids in the order in which they were suppressed, at most `limit`.
   * @param after an id: those that follow it; all if it is not there
   */
  list(limit: number, after?: ExternalId): ExternalId[] {
    const found: ExternalId[] = []
    const last = after && keyOf(after)
    const from = last === undefined ? undefined : this.#chunkOf.get(last)
    let isPast = from === undefined
    for (let index = from ? this.#chunks.indexOf(from) : 0; index < this.#chunks.length; index++)
      for (const key of this.#chunks[index]!.keys) {
        if (isPast) found.push(idOf(key))
        if (found.length === limit) return found
        if (key === last) isPast = true
      }
    return found
  }

  /** Returns the chunks, in order. */
  state(): Uint8Array[] {
    return this.#chunks.map((chunk) => (chunk.bytes ??= pack([...chunk.keys])))
  }

  /** Takes over what `state` has given. */
  restore(chunks: readonly Uint8Array[]): void {
    for (const bytes of chunks) this.add((unpack(bytes) as string[]).map(idOf))
  }
}

/** A type may hold any character. */
function keyOf({ type, value }: ExternalId): string {
  return `${type.length}:${type}${value}`
}

function idOf(key: string): ExternalId {
  const colon = key.indexOf(':')
  const end = colon + 1 + Number(key.slice(0, colon))
  return { type: key.slice(colon + 1, end), value: key.slice(end) }
}
