/**
 * `unique(p)`, `unique(p).count()` and `mode(p, n)` over all history. Layout: the dictionary of texts · (the most
 * frequent slot plus 1, texts) · the value that was passed on last; in each slot of the dictionary (how often it
 * occurs, form first seen) · time and arrival of the event that brought this form.
 *
 * Example: for `event('A').unique(property('x'))`, 'b' at 10:00 and 'b' at 11:00 make one slot: 'b' · (2, text) ·
 * 10:00 · its arrival.
 */
import type { ProfileEvent } from '../../../src/model/event.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import type { Rings } from '../../memory/rings.ts'
import { type EventReader, writeValue } from '../../packing/event-codec.ts'
import { Scratch } from '../../packing/scratch.ts'
import { NO_NAMES } from '../../packing/name-table.ts'
import type { ChangeReader } from '../../plan/group.ts'
import type { StreamNode } from '../../plan/stream-node.ts'
import type { EventOrder } from '../../reducers/accumulator.ts'
import { each, textOf } from '../../values/values.ts'
import { Dictionary } from '../dictionary.ts'
import type { Sink, StreamLayout, WordAllocator } from '../grouped.ts'
import { readWords, writeWords } from '../stored-words.ts'
import { type DistinctSource, type DistinctText, DistinctValue } from './distinct-value.ts'
import { formed, formOf, OBJECT } from './form.ts'

/** The owner's words in a slot. */
const COUNT = 0
const TS = 1
const ARRIVAL = 2
const OWN_WORDS = 3

const scratch = new Scratch()

export class TotalDistinct implements Sink, StreamLayout, DistinctSource {
  readonly node: StreamNode
  readonly #texts: Dictionary
  readonly #word: number
  readonly #value: DistinctValue

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    this.#texts = new Dictionary(words, OWN_WORDS)
    this.#word = words.take(1)
    this.#value = new DistinctValue(words, node, this)
  }

  init(rings: Rings, block: number): void {
    this.#texts.init(rings, block)
    rings.doubles[block + this.#word] = 0
    this.#value.init(rings, block)
  }

  insert(rings: Rings, block: number, event: ProfileEvent): void {
    const { read, reducer } = this.node
    const isText = reducer.kind === 'mode' && reducer.as === 'string'
    each(read!(event), (value) => {
      const text = textOf(value)
      const slot = this.#add(rings, block, text, 1)
      this.#see(rings, block, slot, isText ? text : value, event)
    })
  }

  forget(): void {
    // No event ever leaves.
  }

  value(rings: Rings, block: number): JsonValue {
    return this.#value.value(rings, block)
  }

  evaluate(rings: Rings, block: number, _now: number, reader: ChangeReader): number {
    this.#value.passOn(rings, block, true, reader)
    return Infinity
  }

  addOlder(rings: Rings, block: number, total: JsonValue): void {
    for (const [text, count, forms] of total as [string, number, [JsonValue, number, number][]][]) {
      const slot = this.#add(rings, block, text, count)
      for (const [value, ts, arrival] of forms) this.#see(rings, block, slot, value, { ts, arrival })
    }
  }

  write(bytes: Scratch, rings: Rings, block: number): void {
    this.#texts.write(bytes, rings, block)
    writeWords(bytes, rings, block + this.#word, 1)
    this.#value.write(bytes, rings, block)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    this.#texts.read(reader, rings, block)
    readWords(reader, rings, block + this.#word, 1)
    this.#value.read(reader, rings, block)
  }

  release(rings: Rings, block: number): void {
    this.#texts.release(rings, block)
    this.#value.release(rings, block)
  }

  textCount({ ints }: Rings, block: number): number {
    return ints[(block + this.#word) * 2 + 1]!
  }

  texts(rings: Rings, block: number): DistinctText[] {
    return Array.from({ length: this.#texts.slotsEnd(rings, block) }, (_, slot) => ({
      text: this.#text(rings, block, slot),
      value: this.#formed(rings, block, slot),
    }))
  }

  mode(rings: Rings, block: number): JsonValue {
    const { reducer } = this.node
    const best = rings.ints[(block + this.#word) * 2]! - 1
    if (best < 0 || reducer.kind !== 'mode') return null
    return this.#count(rings, block, best) < reducer.minFrequency ? null : this.#formed(rings, block, best)
  }

  /** Counts a text so many times more; returns its slot. */
  #add(rings: Rings, block: number, text: string, times: number): number {
    const { ints } = rings
    scratch.length = 0
    scratch.text(text)
    const slot = this.#texts.refer(rings, block, scratch)
    const at = this.#texts.wordToWrite(rings, block, slot, COUNT) * 2
    const word = (block + this.#word) * 2
    if (slot === ints[word + 1]) {
      ints[word + 1]!++
      ints[at] = 0
      rings.doubles[this.#texts.wordToWrite(rings, block, slot, TS)] = Infinity
      rings.doubles[this.#texts.wordToWrite(rings, block, slot, ARRIVAL)] = Infinity
    }
    ints[at]! += times
    if (this.node.reducer.kind === 'mode') this.#compete(rings, block, slot)
    return slot
  }

  /** Makes a slot the most frequent one if it is, or as frequent and of a text before the other's. */
  #compete(rings: Rings, block: number, slot: number): void {
    const word = (block + this.#word) * 2
    const best = rings.ints[word]! - 1
    if (best === slot) return
    const more = best < 0 ? 1 : this.#count(rings, block, slot) - this.#count(rings, block, best)
    if (more > 0 || (more === 0 && this.#text(rings, block, slot) < this.#text(rings, block, best)))
      rings.ints[word] = slot + 1
  }

  /** Notes the form in which an event has brought a text, if it is the first. */
  #see(rings: Rings, block: number, slot: number, value: JsonValue, { ts, arrival }: EventOrder): void {
    const { doubles, ints } = rings
    const heldTs = doubles[this.#texts.word(rings, block, slot, TS)]!
    const heldArrival = doubles[this.#texts.word(rings, block, slot, ARRIVAL)]!
    if (ts > heldTs || (ts === heldTs && arrival >= heldArrival)) return
    doubles[this.#texts.wordToWrite(rings, block, slot, TS)] = ts
    doubles[this.#texts.wordToWrite(rings, block, slot, ARRIVAL)] = arrival
    const form = formOf(value)
    const at = this.#texts.wordToWrite(rings, block, slot, COUNT) * 2
    const isSame = heldTs !== Infinity && ints[at + 1] === form
    ints[at + 1] = form
    if (isSame) return
    this.#value.listChanged(rings, block)
    if (form !== OBJECT) return
    scratch.length = 0
    scratch.text(textOf(value))
    writeValue(scratch, NO_NAMES, value)
    this.#texts.extend(rings, block, slot, scratch)
  }

  #count(rings: Rings, block: number, slot: number): number {
    return rings.ints[this.#texts.word(rings, block, slot, COUNT) * 2]!
  }

  #text(rings: Rings, block: number, slot: number): string {
    return this.#texts.reader(rings, block, slot).value() as string
  }

  #formed(rings: Rings, block: number, slot: number): JsonValue {
    const form = rings.ints[this.#texts.word(rings, block, slot, COUNT) * 2 + 1]!
    return formed(this.#texts.reader(rings, block, slot), form)
  }
}
