/**
 * Knows by `messageId` which calls have been applied. A call without one is always new.
 *
 * D1. An id is known for `horizonMs`, to the hour, unless more than `idsMax` have come since: then the oldest hour
 *     goes.
 * D2. Ids are fingerprints of 128 bits in a log, off the JavaScript heap, in the order of arrival; a hash table finds
 *     their index. The log is the state; the table follows from it.
 * D3. No call pays for a larger table: it takes over the smaller one a little at a time.
 */
import { writeFingerprint } from '../identity/fingerprint.ts'

export interface DeduplicationLimits {
  readonly horizonMs: number
  readonly idsMax: number
}

/** Nothing is ever forgotten. */
export const KNOW_ALL: DeduplicationLimits = { horizonMs: Infinity, idsMax: Infinity }

/** As data, without the log itself. */
export interface DeduplicationHead {
  /** The number of ids known of each hour since 1970, oldest first. */
  readonly hours: readonly (readonly [hour: number, count: number])[]
  /** Index in the log of the first id that is known. */
  readonly first: number
}

const HOUR_MS = 3_600_000
const WORDS = 4
/** Ids in one chunk of the log: to copy one, for a checkpoint, takes far less than a millisecond. */
export const CHUNK_IDS = 1 << 13
const CAPACITY_MIN = 1 << 10
/** Slots of the smaller table that each id moves on. */
const MOVED_AT_ONCE = 16

/** The ids of one hour. */
interface Bucket {
  readonly hour: number
  count: number
}

export class Deduplication {
  readonly #limits: DeduplicationLimits
  /** Chunks of the log, by number; those of forgotten ids are gone. */
  readonly #chunks = new Map<number, Uint32Array>()
  readonly #buckets: Bucket[] = []
  /** While it is being restored: ids that are still to come. */
  #awaited: Bucket[] = []
  /** Index in the log of the first id that is known, and of the next to come. */
  #first = 0
  #next = 0
  /** By hash: 1 more than the index in the log less `#base`; 0: empty. An index before `#first` is as good as free. */
  #table = new Uint32Array(CAPACITY_MIN)
  #base = 0
  #used = 0
  /** The smaller table that is being moved on, from this slot. */
  #old: { readonly table: Uint32Array; readonly base: number; from: number } | undefined = undefined
  readonly #words = new Uint32Array(WORDS)
  /** The slot that the last id took, and its content before: to remove that id again. */
  #lastSlot = -1
  #lastSlotHeld = 0

  constructor(limits: DeduplicationLimits = KNOW_ALL) {
    this.#limits = limits
  }

  /** The number of ids that are known. */
  get count(): number {
    return this.#next - this.#first
  }

  /** The instant since which every id is known, epoch ms; undefined while there is none. */
  get knownSince(): number | undefined {
    const oldest = this.#buckets[0]
    return oldest && oldest.hour * HOUR_MS
  }

  /** Returns true for a `messageId` that is not known, and knows it from now on. `now` never goes back; epoch ms. */
  isNew(messageId: string, now: number): boolean {
    if (messageId === '') return true
    this.#forgetUntil(now)
    this.#makeRoom()
    writeFingerprint(messageId, this.#words)
    if (this.#old && this.#find(this.#old.table, this.#old.base)) return false
    return this.#add(now)
  }

  /** Forgets the id that was found new last: its call was not applied after all. */
  forgetLast(messageId: string): void {
    if (messageId === '') return
    this.#next--
    this.#table[this.#lastSlot] = this.#lastSlotHeld
    if (this.#lastSlotHeld === 0) this.#used--
    const bucket = this.#buckets.at(-1)!
    if (--bucket.count === 0) this.#buckets.pop()
  }

  head(): DeduplicationHead {
    return { hours: this.#buckets.map(({ hour, count }) => [hour, count] as const), first: this.#first }
  }

  /** Returns a reader of the log's chunks as they are now. It may be used later, as the log is never overwritten. */
  log(): (chunk: number) => Uint8Array {
    const [first, next, chunks] = [this.#first, this.#next, new Map(this.#chunks)]
    return (chunk) => {
      const [from, until] = [Math.max(first, chunk * CHUNK_IDS), Math.min(next, (chunk + 1) * CHUNK_IDS)]
      if (from >= until) return new Uint8Array()
      const words = chunks.get(chunk)!.slice((from - chunk * CHUNK_IDS) * WORDS, (until - chunk * CHUNK_IDS) * WORDS)
      return new Uint8Array(words.buffer)
    }
  }

  /** Returns all chunks of the log, in order. */
  chunks(): Uint8Array[] {
    const log = this.log()
    const chunks: Uint8Array[] = []
    for (let chunk = Math.floor(this.#first / CHUNK_IDS); chunk * CHUNK_IDS < this.#next; chunk++)
      chunks.push(log(chunk))
    return chunks
  }

  /** Restores a head into an empty instance. The chunks of the log follow in order, by `restoreChunk`. */
  restore({ hours, first }: DeduplicationHead): void {
    this.#first = this.#next = this.#base = first
    this.#awaited = hours.map(([hour, count]) => ({ hour, count }))
    const count = hours.reduce((sum, [, ofHour]) => sum + ofHour, 0)
    let capacity = CAPACITY_MIN
    while (capacity <= count * 2) capacity *= 2
    this.#table = new Uint32Array(capacity)
  }

  restoreChunk(fingerprints: Uint8Array): void {
    const words = new Uint32Array(new Uint8Array(fingerprints).buffer)
    const table = this.#table
    const mask = table.length - 1
    for (let at = 0; at < words.length; at += WORDS) {
      while (this.#awaited[0]?.count === 0) this.#awaited.shift()
      const bucket = this.#awaited[0]
      if (!bucket) throw new Error('deduplication: the log holds more ids than its hours have')
      bucket.count--
      // None is there twice, and the table has room for all.
      let slot = words[at]! & mask
      while (table[slot] !== 0) slot = (slot + 1) & mask
      table[slot] = this.#next - this.#base + 1
      this.#used++
      for (let word = 0; word < WORDS; word++) this.#words[word] = words[at + word]!
      this.#log(bucket.hour * HOUR_MS)
    }
  }

  /** Ends a restoration, after the last chunk. Throws an Error if ids are missing. */
  restored(): void {
    if (this.#awaited.some(({ count }) => count > 0)) throw new Error('deduplication: the log is not complete')
    this.#awaited = []
  }

  /** Keeps D1. */
  #forgetUntil(now: number): void {
    const { horizonMs, idsMax } = this.#limits
    for (;;) {
      const oldest = this.#buckets[0]
      if (!oldest || ((oldest.hour + 1) * HOUR_MS > now - horizonMs && this.count < idsMax)) return
      this.#buckets.shift()
      for (let chunk = Math.floor(this.#first / CHUNK_IDS); ; chunk++) {
        if ((chunk + 1) * CHUNK_IDS > this.#first + oldest.count) break
        this.#chunks.delete(chunk)
      }
      this.#first += oldest.count
    }
  }

  /** Adds the current fingerprint; returns false if the table has it. */
  #add(now: number): boolean {
    const table = this.#table
    const mask = table.length - 1
    let free = -1
    let slot = this.#words[0]! & mask
    for (; table[slot] !== 0; slot = (slot + 1) & mask) {
      const place = table[slot]! - 1 + this.#base
      if (place < this.#first) {
        if (free < 0) free = slot
      } else if (this.#isAt(place)) return false
    }
    if (free < 0) this.#used++
    this.#lastSlot = free < 0 ? slot : free
    this.#lastSlotHeld = table[this.#lastSlot]!
    table[this.#lastSlot] = this.#next - this.#base + 1
    this.#log(now)
    return true
  }

  #log(now: number): void {
    const number = Math.floor(this.#next / CHUNK_IDS)
    let chunk = this.#chunks.get(number)
    if (!chunk) this.#chunks.set(number, (chunk = new Uint32Array(CHUNK_IDS * WORDS)))
    const at = (this.#next % CHUNK_IDS) * WORDS
    for (let word = 0; word < WORDS; word++) chunk[at + word] = this.#words[word]!
    this.#next++
    const hour = Math.floor(now / HOUR_MS)
    const bucket = this.#buckets.at(-1)
    if (bucket?.hour === hour) bucket.count++
    else this.#buckets.push({ hour, count: 1 })
  }

  #find(table: Uint32Array, base: number): boolean {
    const mask = table.length - 1
    for (let slot = this.#words[0]! & mask; table[slot] !== 0; slot = (slot + 1) & mask) {
      const place = table[slot]! - 1 + base
      if (place >= this.#first && this.#isAt(place)) return true
    }
    return false
  }

  /** True if the log has the current fingerprint at this index. */
  #isAt(place: number): boolean {
    const chunk = this.#chunks.get(Math.floor(place / CHUNK_IDS))!
    const at = (place % CHUNK_IDS) * WORDS
    const words = this.#words
    return (
      chunk[at] === words[0] && chunk[at + 1] === words[1] && chunk[at + 2] === words[2] && chunk[at + 3] === words[3]
    )
  }

  /** Keeps half of the table free, and every index small enough for its slots. Keeps D3. */
  #makeRoom(): void {
    if (this.#old) this.#moveOn(this.#old)
    else if (this.#used * 2 >= this.#table.length || this.#next - this.#base >= 2 ** 31) {
      this.#old = { table: this.#table, base: this.#base, from: 0 }
      // It also takes up what comes in while it takes over the other: one id for every `MOVED_AT_ONCE` of its slots.
      let capacity = Math.max(CAPACITY_MIN, this.#table.length / 4)
      while (capacity < this.count * 4) capacity *= 2
      this.#table = new Uint32Array(capacity)
      this.#base = this.#first
      this.#used = 0
    }
  }

  #moveOn(old: { readonly table: Uint32Array; readonly base: number; from: number }): void {
    const table = this.#table
    const until = Math.min(old.from + MOVED_AT_ONCE, old.table.length)
    for (; old.from < until; old.from++) {
      const place = old.table[old.from]! - 1 + old.base
      if (old.table[old.from] === 0 || place < this.#first) continue
      const chunk = this.#chunks.get(Math.floor(place / CHUNK_IDS))!
      const mask = table.length - 1
      let slot = chunk[(place % CHUNK_IDS) * WORDS]! & mask
      while (table[slot] !== 0) slot = (slot + 1) & mask
      table[slot] = place - this.#base + 1
      this.#used++
    }
    if (old.from === old.table.length) this.#old = undefined
  }
}
