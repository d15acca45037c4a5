/**
 * Maps external ids to ordinals of profiles: a hash table off the JavaScript heap (a `Map` of three ids a profile takes
 * some 800 bytes a profile, and every full collection walks through it).
 *
 * T1. An id is stored as the fingerprint of its value by its type's seed; its text stands with its profile. 106 bits
 *     are kept: ten choose the segment.
 * T2. A segment grows by itself, so that no call pays for all ids.
 * T3. Open addressing with linear probing; a deletion moves the entries behind it up, so that no slot is lost.
 * T4. Each type has a seed of its own while the table holds an id of it, and is forgotten after that: calls may name
 *     types without end.
 */
import { writeFingerprint } from './fingerprint.ts'

const SEGMENTS = 1024
/** Words of an entry: three of the fingerprint, then 1 more than the ordinal; 0: empty. */
const WORDS = 4
const HOLDER = 3
const ENTRIES_MIN = 4

interface Segment {
  words: Uint32Array
  count: number
}

interface IdType {
  readonly seed: number
  /** Ids of this type. */
  count: number
}

export class IdTable {
  readonly #segments: (Segment | undefined)[] = new Array<Segment | undefined>(SEGMENTS).fill(undefined)
  readonly #types = new Map<string, IdType>()
  /** Seeds of types that are forgotten, for the next ones. */
  readonly #freeSeeds: number[] = []
  readonly #words = new Uint32Array(4)

  /** Returns the ordinal of the profile that holds the id, or -1. */
  find(type: string, value: string): number {
    const idType = this.#types.get(type)
    const segment = idType && this.#segmentOf(idType, value)
    return segment ? segment.words[this.#slotIn(segment) + HOLDER]! - 1 : -1
  }

  /** Lists the types of which it has ids. */
  types(): Iterable<string> {
    return this.#types.keys()
  }

  set(type: string, value: string, ordinal: number): void {
    const idType = this.#types.get(type) ?? this.#addType(type)
    const segment = this.#segmentOf(idType, value) ?? this.#addSegment()
    let slot = this.#slotIn(segment)
    if (segment.words[slot + HOLDER] === 0) {
      if ((segment.count + 1) * 4 > (segment.words.length / WORDS) * 3) {
        grow(segment)
        slot = this.#slotIn(segment)
      }
      segment.count++
      idType.count++
    }
    this.#write(segment.words, slot, ordinal)
  }

  delete(type: string, value: string): void {
    const idType = this.#types.get(type)
    const segment = idType && this.#segmentOf(idType, value)
    if (!segment) return
    const slot = this.#slotIn(segment)
    if (segment.words[slot + HOLDER] === 0) return
    segment.count--
    closeGap(segment.words, slot)
    if (--idType.count === 0) this.#forgetType(type, idType)
  }

  /** Keeps T4: if no seed is free, those that are taken are the numbers below the number of types. */
  #addType(type: string): IdType {
    const idType = { seed: this.#freeSeeds.pop() ?? this.#types.size, count: 0 }
    this.#types.set(type, idType)
    return idType
  }

  /** Keeps T4. */
  #forgetType(type: string, { seed }: IdType): void {
    this.#types.delete(type)
    this.#freeSeeds.push(seed)
  }

  /** Returns the segment of an id, and makes the id's fingerprint the current one. */
  #segmentOf({ seed }: IdType, value: string): Segment | undefined {
    writeFingerprint(value, this.#words, seed)
    return this.#segments[this.#words[1]! % SEGMENTS]
  }

  /** Adds the segment of the current fingerprint. */
  #addSegment(): Segment {
    const segment = { words: new Uint32Array(ENTRIES_MIN * WORDS), count: 0 }
    this.#segments[this.#words[1]! % SEGMENTS] = segment
    return segment
  }

  /** Returns the slot of the current fingerprint, or the free slot for it. */
  #slotIn({ words }: Segment): number {
    // One by one: to take a typed array apart as a list goes through its iterator.
    const first = this.#words[0]!
    const third = this.#words[2]!
    const fourth = this.#words[3]!
    const mask = words.length - 1
    let slot = (first * WORDS) & mask
    while (words[slot + HOLDER] !== 0) {
      if (words[slot] === first && words[slot + 1] === third && words[slot + 2] === fourth) return slot
      slot = (slot + WORDS) & mask
    }
    return slot
  }

  #write(words: Uint32Array, slot: number, ordinal: number): void {
    words[slot] = this.#words[0]!
    words[slot + 1] = this.#words[2]!
    words[slot + 2] = this.#words[3]!
    words[slot + HOLDER] = ordinal + 1
  }
}

function grow(segment: Segment): void {
  const old = segment.words
  const words = new Uint32Array(old.length * 2)
  const mask = words.length - 1
  for (let from = 0; from < old.length; from += WORDS) {
    if (old[from + HOLDER] === 0) continue
    let slot = (old[from]! * WORDS) & mask
    while (words[slot + HOLDER] !== 0) slot = (slot + WORDS) & mask
    for (let word = 0; word < WORDS; word++) words[slot + word] = old[from + word]!
  }
  segment.words = words
}

/** Moves an entry behind the gap into it, unless that would put it before its first slot. Keeps T3. */
function closeGap(words: Uint32Array, gap: number): void {
  const mask = words.length - 1
  let free = gap
  for (let slot = (gap + WORDS) & mask; words[slot + HOLDER] !== 0; slot = (slot + WORDS) & mask) {
    const home = (words[slot]! * WORDS) & mask
    if (((slot - home) & mask) < ((slot - free) & mask)) continue
    for (let word = 0; word < WORDS; word++) words[free + word] = words[slot + word]!
    free = slot
  }
  words[free + HOLDER] = 0
}
