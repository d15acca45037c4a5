/**
 * Ordered times, with a number each where `stride` is 2, in a block of their own that grows: the oldest leave at its
 * front, new ones come in at its end. The owner holds its place, two words: (block, unused) · (index of the first,
 * count).
 *
 * R1. An entry that has left stays readable until the settlement stands: words are copied before they are written to,
 *     those behind the last entry too, as a ring that was emptied starts over in its block.
 *
 * Example: with stride 2, the sales 10:00 5 $ and 10:05 7 $ are header · 10:00 · 5 · 10:05 · 7.
 */
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { ActorMemory } from './actor-memory.ts'
import { STATE, type WriteBarrier } from './write-barrier.ts'
import type { Arena } from './arena.ts'

export const PLACE_WORDS = 2
const CONTENT = 1
const ENTRIES_MIN = 3
const WINDOW_EVENTS_MAX = 1_000_000

export type Stride = 1 | 2

export class Rings {
  /** The highest number of events that a window counts. */
  readonly windowEventsMax: number
  readonly doubles: Float64Array
  readonly ints: Int32Array
  readonly memory: ActorMemory
  readonly #arena: Arena
  readonly #barrier: WriteBarrier

  constructor(memory: ActorMemory, windowEventsMax = WINDOW_EVENTS_MAX) {
    this.windowEventsMax = windowEventsMax
    this.memory = memory
    this.#arena = memory.state
    this.#barrier = memory.barrier
    this.doubles = memory.state.doubles
    this.ints = memory.state.ints
  }

  count(place: number): number {
    return this.ints[place * 2 + 3]!
  }

  /** Returns a time by its index from the oldest. */
  time(place: number, stride: Stride, index: number): number {
    const { ints } = this
    return this.doubles[ints[place * 2]! + CONTENT + (ints[place * 2 + 2]! + index) * stride]!
  }

  /** Returns the number that stands with a time. */
  number(place: number, index: number): number {
    const { ints } = this
    return this.doubles[ints[place * 2]! + CONTENT + (ints[place * 2 + 2]! + index) * 2 + 1]!
  }

  /** Returns how many times are at or before an instant. */
  countUntil(place: number, stride: Stride, instant: number): number {
    const { doubles, ints } = this
    const count = ints[place * 2 + 3]!
    const first = ints[place * 2]! + CONTENT + ints[place * 2 + 2]! * stride
    // Most ask for the newest or the oldest.
    if (count === 0 || doubles[first]! > instant) return 0
    if (doubles[first + (count - 1) * stride]! <= instant) return count
    let low = 1
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (doubles[first + middle * stride]! > instant) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Adds a time, behind those that are equal. The block of the place must be one to write to. Keeps R1. */
  insert(place: number, stride: Stride, ts: number, number = 0): void {
    const { doubles, ints } = this
    const start = this.#makeRoom(place, stride)
    const block = ints[place * 2]!
    const count = ints[place * 2 + 3]!
    const first = block + CONTENT + start * stride
    const end = first + count * stride
    let at = end
    while (at > first && doubles[at - stride]! > ts) at -= stride
    this.#barrier.touchWords(STATE, block, at - block, end + stride - at)
    if (at < end) doubles.copyWithin(at + stride, at, end)
    doubles[at] = ts
    if (stride === 2) doubles[at + 1] = number
    ints[place * 2 + 2] = start
    ints[place * 2 + 3] = count + 1
  }

  /**
   * Adds the entries of another place. The block of the place must be one to write to. Keeps R1.
   * @param areSame true if both hold the same events: what is in both counts once; only with stride 1
   */
  unite(place: number, stride: Stride, other: number, areSame = false): void {
    const { doubles, ints } = this
    const [count, more] = [this.count(place), this.count(other)]
    if (more === 0) return
    const united = this.#barrier.allocate(STATE, CONTENT + stride * (count + more))
    const first = ints[place * 2]! + CONTENT + ints[place * 2 + 2]! * stride
    const second = ints[other * 2]! + CONTENT + ints[other * 2 + 2]! * stride
    let [ours, theirs, at] = [0, 0, united + CONTENT]
    while (ours < count || theirs < more) {
      const [a, b] = [first + ours * stride, second + theirs * stride]
      const isOurs = theirs === more || (ours < count && doubles[a]! <= doubles[b]!)
      const isBoth = areSame && ours < count && theirs < more && doubles[a] === doubles[b]
      const source = isOurs ? a : b
      for (let word = 0; word < stride; word++) doubles[at++] = doubles[source + word]!
      if (isOurs) ours++
      if (!isOurs || isBoth) theirs++
    }
    this.release(place)
    ints[place * 2] = united
    ints[place * 2 + 2] = 0
    ints[place * 2 + 3] = (at - united - CONTENT) / stride
  }

  /** Drops the oldest entries: so many. */
  drop(place: number, dropped: number): void {
    this.ints[place * 2 + 2]! += dropped
    this.ints[place * 2 + 3]! -= dropped
  }

  /** Writes the entries: their number, then for each its time, and the number that stands with it. */
  write(scratch: Scratch, place: number, stride: Stride): void {
    const count = this.count(place)
    scratch.varint(count)
    for (let index = 0; index < count; index++) {
      scratch.instant(this.time(place, stride, index))
      if (stride === 2) scratch.double(this.number(place, index))
    }
  }

  /** Reads what `write` has written, into a place that holds nothing. */
  read(reader: EventReader, place: number, stride: Stride): void {
    const count = reader.varint()
    if (count === 0) return
    const block = this.#barrier.allocate(STATE, CONTENT + stride * count)
    for (let index = 0; index < count; index++) {
      this.doubles[block + CONTENT + index * stride] = reader.instant()
      if (stride === 2) this.doubles[block + CONTENT + index * stride + 1] = reader.double()
    }
    this.ints[place * 2] = block
    this.ints[place * 2 + 3] = count
  }

  /** Releases the block when the settlement stands. */
  release(place: number): void {
    const block = this.ints[place * 2]!
    if (block !== 0) this.#barrier.releaseLater(STATE, block)
  }

  /** Makes room for one more at the end; returns the index of the first. Keeps R1. */
  #makeRoom(place: number, stride: Stride): number {
    const { ints } = this
    const block = ints[place * 2]!
    const start = ints[place * 2 + 2]!
    const count = ints[place * 2 + 3]!
    const capacity = block === 0 ? 0 : Math.floor((this.#arena.wordsOf(block) - CONTENT) / stride)
    if (count === 0 && capacity > 0) return 0
    if (start + count < capacity) return start
    if (start > 0 && start * 4 >= capacity) {
      this.#barrier.touchWords(STATE, block, CONTENT, count * stride)
      this.#copy(block, start * stride, block, count * stride)
      return 0
    }
    const more = count < ENTRIES_MIN ? ENTRIES_MIN : count + (count >> 1) + 1
    const wider = this.#barrier.allocate(STATE, CONTENT + stride * more)
    this.#copy(block, start * stride, wider, count * stride)
    if (block !== 0) this.#barrier.releaseLater(STATE, block)
    ints[place * 2] = wider
    return 0
  }

  #copy(from: number, skipped: number, to: number, words: number): void {
    const { doubles } = this
    const start = from + CONTENT + skipped
    for (let word = 0; word < words; word++) doubles[to + CONTENT + word] = doubles[start + word]!
  }
}
