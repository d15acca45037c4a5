/**
 * `min(p)` and `max(p)`, by number or by text, over what comes in and leaves. Of the events that have come in, a
 * monotonic queue holds each that no later one beats; so the first is the most extreme, and the next follows when it
 * leaves. Layout: a ring of those that wait · the ring of the queue · for texts, their dictionary · the value that was
 * passed on last: a number or NaN, or the cell of a text. The word of an entry is its number, or the slot of its text.
 *
 * Example: for `event('A').within(1 day).max(property('x'))`, 5 at 10:00, 9 at 10:05 and 7 at 10:10 make the queue
 * 10:05 · 40 · 9 · 10:10 · 43 · 7, and the value 9.
 */
import type { ProfileEvent } from '../../../src/model/event.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import type { Rings } from '../../memory/rings.ts'
import type { EventReader } from '../../packing/event-codec.ts'
import { Scratch } from '../../packing/scratch.ts'
import type { ChangeReader } from '../../plan/group.ts'
import type { StreamNode } from '../../plan/stream-node.ts'
import type { EventOrder } from '../../reducers/accumulator.ts'
import { beats, type ExtremeReducer, extremeOf } from '../../reducers/extreme.ts'
import { Cell } from '../cell.ts'
import { Dictionary } from '../dictionary.ts'
import { EventRing } from '../event-ring.ts'
import type { WordAllocator } from '../grouped.ts'
import type { SlidingReducer } from '../sliding-reducer.ts'
import { finite, passOn, valueAt } from '../number-value.ts'
import { readWords, writeWords } from '../stored-words.ts'

const scratch = new Scratch()

export class SlidingExtreme implements SlidingReducer {
  readonly node: StreamNode
  readonly #reducer: ExtremeReducer
  readonly #waiting: EventRing
  readonly #queue: EventRing
  readonly #texts: Dictionary | undefined
  readonly #cell: Cell | undefined
  readonly #value: number

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    this.#reducer = node.reducer as ExtremeReducer
    this.#waiting = new EventRing(words, 1)
    this.#queue = new EventRing(words, 1)
    const isText = this.#reducer.as === 'string'
    this.#texts = isText ? new Dictionary(words, 0) : undefined
    this.#cell = isText ? new Cell(words) : undefined
    this.#value = isText ? -1 : words.take(1)
  }

  init(rings: Rings, block: number): void {
    this.#waiting.init(rings, block)
    this.#queue.init(rings, block)
    this.#texts?.init(rings, block)
    if (this.#cell) this.#cell.init(rings, block)
    else rings.doubles[block + this.#value] = NaN
  }

  hold(rings: Rings, block: number, event: ProfileEvent, entered: number): void {
    const value = extremeOf(this.#reducer, this.node.read!(event))
    if (value === undefined) return
    const word = this.#wordOf(rings, block, value)
    if (event.ts <= entered) this.#compete(rings, block, event, word)
    else {
      const index = this.#waiting.indexAfter(rings, block, event)
      rings.doubles[this.#waiting.insert(rings, block, index, event)] = word
    }
  }

  count(rings: Rings, block: number): number {
    return this.#waiting.count(rings, block) + this.#queue.count(rings, block)
  }

  oldest(rings: Rings, block: number): number {
    return Math.min(this.#queue.ts(rings, block, 0), this.#waiting.ts(rings, block, 0))
  }

  unite(rings: Rings, block: number, other: this, from: number, entered: number): void {
    const carry = (to: number, origin: number) => {
      const value = other.#read(rings, from, rings.doubles[origin]!)
      rings.doubles[to] = this.#wordOf(rings, block, value)
    }
    this.#waiting.unite(rings, block, other.#waiting, from, carry)
    this.#queue.unite(rings, block, other.#queue, from, carry)
    this.#competeAgain(rings, block)
    this.enter(rings, block, entered)
  }

  enter(rings: Rings, block: number, instant: number): void {
    for (let ts = this.nextEnter(rings, block); ts <= instant; ts = this.nextEnter(rings, block)) {
      const arrival = this.#waiting.arrival(rings, block, 0)
      const word = rings.doubles[this.#waiting.word(rings, block, 0)]!
      this.#waiting.drop(rings, block, 1)
      this.#compete(rings, block, { ts, arrival }, word)
    }
  }

  leave(rings: Rings, block: number, instant: number): void {
    const left = this.#queue.countUntil(rings, block, instant)
    this.#letGo(rings, block, 0, left)
    this.#queue.drop(rings, block, left)
  }

  nextEnter(rings: Rings, block: number): number {
    return this.#waiting.ts(rings, block, 0)
  }

  nextLeave(rings: Rings, block: number): number {
    return this.#queue.ts(rings, block, 0)
  }

  value(rings: Rings, block: number): JsonValue {
    return this.#cell ? this.#cell.value(rings, block) : valueAt(rings, block + this.#value)
  }

  passOn(rings: Rings, block: number, isShown: boolean, reader: ChangeReader): void {
    const best = isShown && this.#queue.count(rings, block) > 0 ? this.#valueAt(rings, block, 0) : undefined
    if (this.#cell) this.#cell.passOn(rings, block, best ?? null, this.node, reader)
    else passOn(rings, block + this.#value, finite(best === undefined ? NaN : (best as number)), this.node, reader)
  }

  write(bytes: Scratch, rings: Rings, block: number): void {
    this.#waiting.write(bytes, rings, block)
    this.#queue.write(bytes, rings, block)
    this.#texts?.write(bytes, rings, block)
    if (this.#cell) this.#cell.write(bytes, rings, block)
    else writeWords(bytes, rings, block + this.#value, 1)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    this.#waiting.read(reader, rings, block)
    this.#queue.read(reader, rings, block)
    this.#texts?.read(reader, rings, block)
    if (this.#cell) this.#cell.read(reader, rings, block)
    else readWords(reader, rings, block + this.#value, 1)
  }

  release(rings: Rings, block: number): void {
    this.#waiting.release(rings, block)
    this.#queue.release(rings, block)
    this.#texts?.release(rings, block)
    this.#cell?.release(rings, block)
  }

  /** Puts an event that has come in into the queue, in place of those that it outlasts. */
  #compete(rings: Rings, block: number, order: EventOrder, word: number): void {
    const value = this.#read(rings, block, word)
    const index = this.#queue.indexAfter(rings, block, order)
    const isLast = index === this.#queue.count(rings, block)
    if (!isLast && !beats(this.#reducer, value, this.#valueAt(rings, block, index))) {
      this.#texts?.letGo(rings, block, word)
      return
    }
    let start = index
    while (start > 0 && !beats(this.#reducer, this.#valueAt(rings, block, start - 1), value)) start--
    this.#letGo(rings, block, start, index)
    rings.doubles[this.#queue.insert(rings, block, start, order, index - start)] = word
  }

  /** Lets all of the queue compete, in order: some may be beaten by others that have come to it. */
  #competeAgain(rings: Rings, block: number): void {
    const all = Array.from({ length: this.#queue.count(rings, block) }, (_, index) => ({
      ts: this.#queue.ts(rings, block, index),
      arrival: this.#queue.arrival(rings, block, index),
      word: rings.doubles[this.#queue.word(rings, block, index)]!,
    }))
    this.#queue.drop(rings, block, all.length)
    for (const { word, ...order } of all) this.#compete(rings, block, order, word)
  }

  /** Takes back the references to the texts of entries of the queue, from one index until another. */
  #letGo(rings: Rings, block: number, from: number, until: number): void {
    if (!this.#texts) return
    for (let index = from; index < until; index++)
      this.#texts.letGo(rings, block, rings.doubles[this.#queue.word(rings, block, index)]!)
  }

  #wordOf(rings: Rings, block: number, value: number | string): number {
    if (typeof value === 'number') return value
    scratch.length = 0
    scratch.text(value)
    return this.#texts!.refer(rings, block, scratch)
  }

  #valueAt(rings: Rings, block: number, index: number): number | string {
    return this.#read(rings, block, rings.doubles[this.#queue.word(rings, block, index)]!)
  }

  #read(rings: Rings, block: number, word: number): number | string {
    return this.#texts ? (this.#texts.reader(rings, block, word).value() as string) : word
  }
}
