/**
 * Segment ids: `use_…` for a user, `acc_…` for an account. An id follows from the space and the actor's ordinal, and
 * leads back to it, so that none is kept.
 *
 * Its 160 bits are a digest of space, collection and ordinal, then the ordinal, masked by that digest: ids do not tell
 * how many there are, and one that nobody was given is recognised.
 */
import { createHash } from 'node:crypto'
import { fromBase62, toBase62 } from './base62.ts'
import type { Collection } from './trait-catalogue.ts'

const PREFIXES = { users: 'use_', accounts: 'acc_' } as const
const PREFIX_LENGTH = 4

/** True for a text that may be meant as a segment id. */
export function isSegmentId(text: string): boolean {
  return text.startsWith(PREFIXES.users) || text.startsWith(PREFIXES.accounts)
}

export class SegmentIds {
  readonly #spaceId: string

  constructor(spaceId: string) {
    this.#spaceId = spaceId
  }

  of(collection: Collection, ordinal: number): string {
    const tag = this.#tag(collection, ordinal)
    const mask = this.#mask(collection, tag)
    return PREFIXES[collection] + toBase62([...tag, (ordinal ^ mask) >>> 0])
  }

  /** Returns the ordinal of an id of the collection; undefined for a text that is none. */
  ordinalOf(collection: Collection, segmentId: string): number | undefined {
    if (!segmentId.startsWith(PREFIXES[collection])) return undefined
    const words = fromBase62(segmentId.slice(PREFIX_LENGTH))
    if (!words) return undefined
    const [masked, tag] = [words[4]!, words.slice(0, 4)]
    const ordinal = (masked ^ this.#mask(collection, tag)) >>> 0
    const expected = this.#tag(collection, ordinal)
    return expected.every((word, index) => word === tag[index]) ? ordinal : undefined
  }

  #tag(collection: Collection, ordinal: number): number[] {
    return wordsOf(`${this.#spaceId} ${collection} ${ordinal}`, 4)
  }

  #mask(collection: Collection, tag: readonly number[]): number {
    return wordsOf(`${this.#spaceId} ${collection} mask ${tag.join(' ')}`, 1)[0]!
  }
}

function wordsOf(text: string, count: number): number[] {
  const digest = createHash('sha256').update(text).digest()
  return Array.from({ length: count }, (_, index) => digest.readUInt32BE(index * 4))
}
