/**
 * The events that a session looks at: the latest run that counts by now, and those that are still to come in. Layout: a
 * ring without words of its own · (how many have come in, 1 once earlier events have been dropped).
 *
 * Example: for `event('A').expires_after(30 minutes).count()`, events at 10:00, 10:20 and 11:00 leave the ring 11:00 ·
 * 43, and (1, 1).
 */
import type { Rings } from '../../memory/rings.ts'
import type { EventReader } from '../../packing/event-codec.ts'
import type { Scratch } from '../../packing/scratch.ts'
import type { EventOrder } from '../../reducers/accumulator.ts'
import { EventRing } from '../event-ring.ts'
import type { WordAllocator } from '../grouped.ts'
import { readWords, writeWords } from '../stored-words.ts'

export class SessionRun {
  readonly #ring: EventRing
  readonly #word: number

  constructor(words: WordAllocator) {
    this.#ring = new EventRing(words, 0)
    this.#word = words.take(1)
  }

  init(rings: Rings, block: number): void {
    this.#ring.init(rings, block)
    rings.doubles[block + this.#word] = 0
  }

  /** The number of events of the run. */
  count({ ints }: Rings, block: number): number {
    return ints[(block + this.#word) * 2]!
  }

  /** True once events before those that are held have been dropped. */
  isForgetful({ ints }: Rings, block: number): boolean {
    return ints[(block + this.#word) * 2 + 1] === 1
  }

  /** Returns the time of the event at an index, of the run or to come in; infinite beyond the last. */
  ts(rings: Rings, block: number, index: number): number {
    return this.#ring.ts(rings, block, index)
  }

  /** Returns how many events are not after an event. */
  indexAfter(rings: Rings, block: number, order: EventOrder): number {
    return this.#ring.indexAfter(rings, block, order)
  }

  /** True if the event before an index is this one. */
  isBefore(rings: Rings, block: number, index: number, { arrival }: EventOrder): boolean {
    return index > 0 && this.#ring.arrival(rings, block, index - 1) === arrival
  }

  insert(rings: Rings, block: number, index: number, order: EventOrder): void {
    this.#ring.insert(rings, block, index, order)
  }

  /** Takes one more event into the run. */
  enter({ ints }: Rings, block: number): void {
    ints[(block + this.#word) * 2]!++
  }

  /** Drops the oldest events: so many, all of the run. Later ones may need to be read again with these. */
  forget(rings: Rings, block: number, dropped: number): void {
    this.drop(rings, block, dropped)
    rings.ints[(block + this.#word) * 2 + 1] = 1
  }

  /** Drops the oldest events, which have left the window: so many, all of the run. */
  drop(rings: Rings, block: number, dropped: number): void {
    this.#ring.drop(rings, block, dropped)
    rings.ints[(block + this.#word) * 2]! -= dropped
  }

  /** Drops everything, to be read again. */
  clear(rings: Rings, block: number): void {
    this.#ring.drop(rings, block, this.#ring.count(rings, block))
    rings.doubles[block + this.#word] = 0
  }

  /** Returns how many events are at or before an instant. */
  countUntil(rings: Rings, block: number, instant: number): number {
    return this.#ring.countUntil(rings, block, instant)
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    this.#ring.write(scratch, rings, block)
    writeWords(scratch, rings, block + this.#word, 1)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    this.#ring.read(reader, rings, block)
    readWords(reader, rings, block + this.#word, 1)
  }

  release(rings: Rings, block: number): void {
    this.#ring.release(rings, block)
  }
}
