/**
 * Values that recur, each packed once and named by its slot, however many refer to it. Layout of the place: (block of
 * slots, slots ever used) · (block of bytes, bytes used) · (first free slot plus 1, bytes that nothing refers to).
 *
 * Block of slots: header · for each slot (hash, references) · (first byte, length) · the owner's words. A free slot
 * has no references, and names the next in place of the hash. Behind more than `SCANNED_MAX` slots lies an index: two
 * integers a slot, each a slot plus 1 at or behind the place of its hash, or 0. Block of bytes: header · the values.
 *
 * D1. A slot stays what it is until its last reference is gone.
 * D2. Bytes are written behind those that are used, or into a new block: those that lie there stay readable.
 *
 * Example: 'hats' twice and 'shoes' once, without words of the owner: header · (hash, 2) · (0, 6) · (hash, 1) · (6, 7),
 * and header · `hats` · `shoes`, where each text comes with its tag and length.
 */
import { HEADER_WORDS } from '../memory/arena.ts'
import type { Rings } from '../memory/rings.ts'
import { STATE } from '../memory/write-barrier.ts'
import { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { WordAllocator } from './grouped.ts'
import { readWords, writeWords } from './stored-words.ts'
import { findIndexed, indexSlot, unindexSlot, type SlotIndex } from './slot-index.ts'

const DICTIONARY_WORDS = 3
/** Words of a slot that are the dictionary's. */
const SLOT_WORDS = 2
/** So many slots are searched one by one. */
const SCANNED_MAX = 24
const BYTES_MIN = 16

export class Dictionary {
  readonly #place: number
  readonly #stride: number

  /** @param ownWords words of the owner in each slot; the owner fills them when there is no reference yet */
  constructor(words: WordAllocator, ownWords: number) {
    this.#place = words.take(DICTIONARY_WORDS)
    this.#stride = SLOT_WORDS + ownWords
  }

  init({ doubles }: Rings, block: number): void {
    doubles.fill(0, block + this.#place, block + this.#place + DICTIONARY_WORDS)
  }

  /** Slots are less than this. */
  slotsEnd({ ints }: Rings, block: number): number {
    return ints[(block + this.#place) * 2 + 1]!
  }

  references({ ints }: Rings, block: number, slot: number): number {
    return ints[this.#slot(ints, block, slot) * 2 + 1]!
  }

  /** Reads the packed value of a slot, and what may stand behind it. */
  reader({ ints, memory }: Rings, block: number, slot: number): EventReader {
    const at = this.#slot(ints, block, slot) * 2
    return new EventReader(memory.state.bytes, NO_NAMES, this.#firstByte(ints, block) + ints[at + 2]!)
  }

  /** Returns the length in bytes of what is stored for a slot. */
  length({ ints }: Rings, block: number, slot: number): number {
    return ints[this.#slot(ints, block, slot) * 2 + 3]!
  }

  /** Returns the place of one of the owner's words, to be read. */
  word({ ints }: Rings, block: number, slot: number, index: number): number {
    return this.#slot(ints, block, slot) + SLOT_WORDS + index
  }

  /** Returns the place of one of the owner's words, to be written to. */
  wordToWrite(rings: Rings, block: number, slot: number, index: number): number {
    const at = this.word(rings, block, slot, index)
    const owned = rings.ints[(block + this.#place) * 2]!
    rings.memory.barrier.touchWords(STATE, owned, at - owned, 1)
    return at
  }

  /** Returns the slot of a value that is packed in the scratch, new if there is none; refers to it. */
  refer(rings: Rings, block: number, { bytes, length }: Scratch): number {
    const hash = hashOf(bytes, length)
    let slot = this.#find(rings, block, hash, bytes, length)
    if (slot < 0) {
      slot = this.#freeSlot(rings, block)
      const at = this.#touchSlot(rings, block, slot) * 2
      rings.ints[at] = hash
      rings.ints[at + 1] = 0
      rings.ints[at + 3] = 0
      this.#write(rings, block, slot, bytes, length)
      const index = this.#index(rings, block)
      if (index) indexSlot(rings, index, slot)
    }
    rings.ints[this.#touchSlot(rings, block, slot) * 2 + 1]!++
    return slot
  }

  /** Stores a slot's value anew, with more behind it: the scratch begins with the value. */
  extend(rings: Rings, block: number, slot: number, { bytes, length }: Scratch): void {
    this.#touchSlot(rings, block, slot)
    this.#write(rings, block, slot, bytes, length)
  }

  /** Takes a reference back; the value goes with the last one. */
  letGo(rings: Rings, block: number, slot: number): void {
    const { ints } = rings
    const at = this.#touchSlot(rings, block, slot) * 2
    if (--ints[at + 1]! > 0) return
    const index = this.#index(rings, block)
    if (index) unindexSlot(rings, index, slot)
    const place = (block + this.#place) * 2
    ints[place + 5]! += ints[at + 3]!
    ints[at] = ints[place + 4]!
    ints[place + 4] = slot + 1
  }

  /** Writes the place without its references · the slots · the bytes. */
  write(scratch: Scratch, rings: Rings, block: number): void {
    const { ints, memory } = rings
    const place = (block + this.#place) * 2
    const [count, length] = [ints[place + 1]!, ints[place + 3]!]
    for (const int of [count, length, ints[place + 4]!, ints[place + 5]!]) scratch.varint(int)
    if (count > 0) writeWords(scratch, rings, this.#slot(ints, block, 0), count * this.#stride)
    if (length > 0) scratch.raw(memory.state.bytes, this.#firstByte(ints, block), length)
  }

  /** Reads what `write` has written, into a place that holds nothing. */
  read(reader: EventReader, rings: Rings, block: number): void {
    const { ints, memory } = rings
    const place = (block + this.#place) * 2
    const [count, length] = [reader.varint(), reader.varint()]
    ints[place + 4] = reader.varint()
    ints[place + 5] = reader.varint()
    if (count > 0) {
      ints[place] = memory.barrier.allocate(STATE, wordsBeyond(count, this.#stride))
      readWords(reader, rings, this.#slot(ints, block, 0), count * this.#stride)
      ints[place + 1] = count
    }
    if (length > 0) {
      ints[place + 2] = memory.barrier.allocate(STATE, HEADER_WORDS + ((length + 7) >> 3))
      memory.state.bytes.set(reader.raw(length), this.#firstByte(ints, block))
      ints[place + 3] = length
    }
    this.#indexAll(rings, block)
  }

  /** Releases the blocks when the settlement stands. */
  release({ ints, memory }: Rings, block: number): void {
    const place = (block + this.#place) * 2
    if (ints[place] !== 0) memory.barrier.releaseLater(STATE, ints[place]!)
    if (ints[place + 2] !== 0) memory.barrier.releaseLater(STATE, ints[place + 2]!)
  }

  #slot(ints: Int32Array, block: number, slot: number): number {
    return ints[(block + this.#place) * 2]! + HEADER_WORDS + slot * this.#stride
  }

  /** Returns the place of a slot's own words, to be written to. */
  #touchSlot({ ints, memory }: Rings, block: number, slot: number): number {
    const at = this.#slot(ints, block, slot)
    const owned = ints[(block + this.#place) * 2]!
    memory.barrier.touchWords(STATE, owned, at - owned, SLOT_WORDS)
    return at
  }

  #firstByte(ints: Int32Array, block: number): number {
    return (ints[(block + this.#place) * 2 + 2]! + HEADER_WORDS) * 8
  }

  /** Returns how many slots a block of slots holds; beyond `SCANNED_MAX`, with their index. */
  #capacity({ memory }: Rings, owned: number): number {
    if (owned === 0) return 0
    const words = memory.state.wordsOf(owned) - HEADER_WORDS
    const scanned = Math.floor(words / this.#stride)
    return scanned <= SCANNED_MAX ? scanned : Math.floor(words / (this.#stride + 1))
  }

  #index(rings: Rings, block: number): SlotIndex | undefined {
    const owned = rings.ints[(block + this.#place) * 2]!
    if (owned === 0) return undefined
    const words = rings.memory.state.wordsOf(owned) - HEADER_WORDS
    if (Math.floor(words / this.#stride) <= SCANNED_MAX) return undefined
    const capacity = Math.floor(words / (this.#stride + 1))
    const slots = owned + HEADER_WORDS
    return { owned, slots, stride: this.#stride, at: slots + capacity * this.#stride, size: capacity * 2 }
  }

  #find(rings: Rings, block: number, hash: number, bytes: Buffer, length: number): number {
    const { ints } = rings
    const isSame = (slot: number): boolean => {
      const at = this.#slot(ints, block, slot) * 2
      if (ints[at] !== hash || ints[at + 1] === 0 || ints[at + 3]! < length) return false
      const from = this.#firstByte(ints, block) + ints[at + 2]!
      // A packed value tells its own end: none is the beginning of another.
      return bytes.compare(rings.memory.state.bytes, from, from + length, 0, length) === 0
    }
    const index = this.#index(rings, block)
    if (index) return findIndexed(rings, index, hash, isSame)
    for (let slot = 0; slot < this.slotsEnd(rings, block); slot++) if (isSame(slot)) return slot
    return -1
  }

  #freeSlot(rings: Rings, block: number): number {
    const { ints } = rings
    const place = (block + this.#place) * 2
    const free = ints[place + 4]!
    if (free > 0) {
      ints[place + 4] = ints[this.#slot(ints, block, free - 1) * 2]!
      return free - 1
    }
    if (ints[place + 1] === this.#capacity(rings, ints[place]!)) this.#widen(rings, block)
    return ints[place + 1]!++
  }

  #widen(rings: Rings, block: number): void {
    const { doubles, ints, memory } = rings
    const place = (block + this.#place) * 2
    const [owned, count] = [ints[place]!, ints[place + 1]!]
    const wider = memory.barrier.allocate(STATE, wordsBeyond(count, this.#stride))
    doubles.copyWithin(wider + HEADER_WORDS, owned + HEADER_WORDS, owned + HEADER_WORDS + count * this.#stride)
    if (owned !== 0) memory.barrier.releaseLater(STATE, owned)
    ints[place] = wider
    this.#indexAll(rings, block)
  }

  /** Makes the index anew, in a block of this settlement. */
  #indexAll(rings: Rings, block: number): void {
    const index = this.#index(rings, block)
    if (!index) return
    rings.ints.fill(0, index.at * 2, index.at * 2 + index.size)
    for (let slot = 0; slot < this.slotsEnd(rings, block); slot++)
      if (this.references(rings, block, slot) > 0) indexSlot(rings, index, slot)
  }

  /** Writes the bytes of a slot behind all others; its words must be ones to write to. Keeps D2. */
  #write(rings: Rings, block: number, slot: number, bytes: Buffer, length: number): void {
    const { ints, memory } = rings
    const place = (block + this.#place) * 2
    const before = ints[this.#slot(ints, block, slot) * 2 + 3]!
    ints[place + 5]! += before
    ints[this.#slot(ints, block, slot) * 2 + 3] = 0
    const capacity = ints[place + 2] === 0 ? 0 : (memory.state.wordsOf(ints[place + 2]!) - HEADER_WORDS) * 8
    if (ints[place + 3]! + length > capacity) this.#gather(rings, block, length)
    const at = this.#slot(ints, block, slot) * 2
    ints[at + 2] = ints[place + 3]!
    ints[at + 3] = length
    memory.state.bytes.set(bytes.subarray(0, length), this.#firstByte(ints, block) + ints[place + 3]!)
    ints[place + 3]! += length
  }

  /** Copies the bytes that are referred to into a block with room for so many more, and half as many again. */
  #gather(rings: Rings, block: number, more: number): void {
    const { ints, memory } = rings
    const { bytes } = memory.state
    const place = (block + this.#place) * 2
    const needed = ints[place + 3]! - ints[place + 5]! + more
    const room = Math.max(BYTES_MIN, needed + (needed >> 1))
    const wider = memory.barrier.allocate(STATE, HEADER_WORDS + ((room + 7) >> 3))
    const from = this.#firstByte(ints, block)
    const to = (wider + HEADER_WORDS) * 8
    let used = 0
    for (let slot = 0; slot < ints[place + 1]!; slot++) {
      const at = this.#slot(ints, block, slot) * 2
      const length = ints[at + 3]!
      if (ints[at + 1] === 0 || length === 0) continue
      this.#touchSlot(rings, block, slot)
      bytes.copyWithin(to + used, from + ints[at + 2]!, from + ints[at + 2]! + length)
      ints[at + 2] = used
      used += length
    }
    if (ints[place + 2] !== 0) memory.barrier.releaseLater(STATE, ints[place + 2]!)
    ints[place + 2] = wider
    ints[place + 3] = used
    ints[place + 5] = 0
  }
}

/**
 * Returns the words of a block for so many slots, half as many again, and their index. With less, a block that turns
 * out larger than asked for might have room for an index, but no longer for the slots.
 */
function wordsBeyond(count: number, stride: number): number {
  const slots = count + (count >> 1) + 1
  return HEADER_WORDS + slots * (slots > SCANNED_MAX ? stride + 1 : stride)
}

/** Hashes bytes to 32 bits (FNV-1a). */
function hashOf(bytes: Buffer, length: number): number {
  let hash = 0x811c9dc5 | 0
  for (let index = 0; index < length; index++) hash = Math.imul(hash ^ bytes[index]!, 0x01000193)
  return hash
}
