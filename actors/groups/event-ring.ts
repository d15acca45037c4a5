/**
 * Events in their order, with a word for each, in a block of their own that grows: the oldest leave at its front.
 * Layout of the place: (block, unused) · (index of the first, count); of the block: header · time · arrival · word,
 * for each. What is written was copied before (`touchWords`), so nothing depends on what was there.
 *
 * Example: prices 5 and 7 of the calls 31 and 40, at 10:00 and 10:05, are header · 10:00 · 31 · 5 · 10:05 · 40 · 7.
 */
import { PLACE_WORDS, type Rings } from '../memory/rings.ts'
import { STATE } from '../memory/write-barrier.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { EventOrder } from '../reducers/accumulator.ts'
import type { WordAllocator } from './grouped.ts'
import { readWords, writeWords } from './stored-words.ts'

const CONTENT = 1
const ORDER_WORDS = 2

export class EventRing {
  readonly #place: number
  readonly #stride: number

  /** @param ownWords the words of an entry besides its order: 1, or 0 */
  constructor(words: WordAllocator, ownWords: 0 | 1) {
    this.#place = words.take(PLACE_WORDS)
    this.#stride = ORDER_WORDS + ownWords
  }

  init({ doubles }: Rings, block: number): void {
    doubles.fill(0, block + this.#place, block + this.#place + PLACE_WORDS)
  }

  count({ ints }: Rings, block: number): number {
    return ints[(block + this.#place) * 2 + 3]!
  }

  /** Returns the time of an entry, by its index from the oldest; infinite beyond the last. */
  ts(rings: Rings, block: number, index: number): number {
    return index < this.count(rings, block) ? rings.doubles[this.#at(rings, block, index)]! : Infinity
  }

  arrival(rings: Rings, block: number, index: number): number {
    return rings.doubles[this.#at(rings, block, index) + 1]!
  }

  /** Returns the place of an entry's own word. */
  word(rings: Rings, block: number, index: number): number {
    return this.#at(rings, block, index) + ORDER_WORDS
  }

  /** Returns how many entries are at or before an instant. */
  countUntil(rings: Rings, block: number, instant: number): number {
    return this.indexAfter(rings, block, { ts: instant, arrival: Infinity })
  }

  /** Returns how many entries are not after an event. */
  indexAfter(rings: Rings, block: number, order: EventOrder): number {
    const count = this.count(rings, block)
    // Most ask for the newest or the oldest.
    if (count === 0 || this.#compare(rings, block, count - 1, order) <= 0) return count
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = low === 0 && high > 8 ? 0 : (low + high) >> 1
      if (this.#compare(rings, block, middle, order) > 0) high = middle
      else low = middle + 1
    }
    return low
  }

  /**
   * Puts an event at an index, in place of so many entries. Returns the place of its own word, which is to be filled.
   */
  insert(rings: Rings, block: number, index: number, { ts, arrival }: EventOrder, replaced = 0): number {
    const { doubles, ints, memory } = rings
    const stride = this.#stride
    if (replaced === 0) this.#makeRoom(rings, block)
    const place = (block + this.#place) * 2
    const at = this.#at(rings, block, index)
    const moved = replaced === 1 ? 0 : (ints[place + 3]! - index - replaced) * stride
    memory.barrier.touchWords(STATE, ints[place]!, at - ints[place]!, stride + moved)
    const rest = at + replaced * stride
    if (moved > 0) doubles.copyWithin(at + stride, rest, rest + moved)
    doubles[at] = ts
    doubles[at + 1] = arrival
    ints[place + 3]! += 1 - replaced
    return at + ORDER_WORDS
  }

  /**
   * Adds the entries of another ring, in another block.
   * @param carry fills the own word of an entry at one place, from that of its origin at another
   */
  unite(
    rings: Rings,
    block: number,
    other: EventRing,
    from: number,
    carry: (to: number, origin: number, ts: number) => void,
  ): void {
    const [count, more] = [this.count(rings, block), other.count(rings, from)]
    if (more === 0) return
    const { doubles, ints, memory } = rings
    const united = memory.barrier.allocate(STATE, CONTENT + this.#stride * (count + more))
    let [ours, theirs, at] = [0, 0, united + CONTENT]
    while (ours < count || theirs < more) {
      const order = {
        ts: other.ts(rings, from, theirs),
        arrival: theirs < more ? other.arrival(rings, from, theirs) : 0,
      }
      const isOurs = ours < count && this.#compare(rings, block, ours, order) <= 0
      const origin = isOurs ? this.#at(rings, block, ours++) : other.#at(rings, from, theirs++)
      for (let word = 0; word < this.#stride; word++) doubles[at + word] = doubles[origin + word]!
      if (!isOurs) carry(at + ORDER_WORDS, origin + ORDER_WORDS, order.ts)
      at += this.#stride
    }
    this.release(rings, block)
    const place = (block + this.#place) * 2
    ints[place] = united
    ints[place + 2] = 0
    ints[place + 3] = count + more
  }

  /** Drops the oldest entries: so many. */
  drop({ ints }: Rings, block: number, dropped: number): void {
    const place = (block + this.#place) * 2
    ints[place + 2]! += dropped
    ints[place + 3]! -= dropped
  }

  /** Writes the entries: their number, then each with its order and its own word. */
  write(scratch: Scratch, rings: Rings, block: number): void {
    const count = this.count(rings, block)
    scratch.varint(count)
    if (count > 0) writeWords(scratch, rings, this.#at(rings, block, 0), count * this.#stride)
  }

  /** Reads what `write` has written, into a place that holds nothing. */
  read(reader: EventReader, rings: Rings, block: number): void {
    const count = reader.varint()
    if (count === 0) return
    const { ints, memory } = rings
    const owned = memory.barrier.allocate(STATE, CONTENT + count * this.#stride)
    readWords(reader, rings, owned + CONTENT, count * this.#stride)
    ints[(block + this.#place) * 2] = owned
    ints[(block + this.#place) * 2 + 3] = count
  }

  /** Releases the block when the settlement stands. */
  release({ ints, memory }: Rings, block: number): void {
    const owned = ints[(block + this.#place) * 2]!
    if (owned !== 0) memory.barrier.releaseLater(STATE, owned)
  }

  #at({ ints }: Rings, block: number, index: number): number {
    const place = (block + this.#place) * 2
    return ints[place]! + CONTENT + (ints[place + 2]! + index) * this.#stride
  }

  #compare(rings: Rings, block: number, index: number, order: EventOrder): number {
    const at = this.#at(rings, block, index)
    return rings.doubles[at]! - order.ts || rings.doubles[at + 1]! - order.arrival
  }

  /** Makes room for one more at the end. */
  #makeRoom(rings: Rings, block: number): void {
    const { doubles, ints, memory } = rings
    const place = (block + this.#place) * 2
    const [owned, count, stride] = [ints[place]!, ints[place + 3]!, this.#stride]
    if (count === 0) ints[place + 2] = 0
    const capacity = owned === 0 ? 0 : Math.floor((memory.state.wordsOf(owned) - CONTENT) / stride)
    if (ints[place + 2]! + count < capacity) return
    const wider = memory.barrier.allocate(STATE, CONTENT + stride * (count + (count >> 1) + 2))
    const first = this.#at(rings, block, 0)
    doubles.copyWithin(wider + CONTENT, first, first + count * stride)
    if (owned !== 0) memory.barrier.releaseLater(STATE, owned)
    ints[place] = wider
    ints[place + 2] = 0
  }
}
