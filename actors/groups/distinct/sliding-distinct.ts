/**
 * `unique(p)`, `unique(p).count()` and `mode(p, n)` over what comes in and leaves. Layout: a ring with (slot, form) for
 * each value · the dictionary of texts · (values that have come in, texts among them) · the value that was passed on
 * last. In each slot of the dictionary, how often it has come in: (as text, as a number) · (as true or false, as an
 * object); for a mode, its word of the heap.
 *
 * Example: for `event('A').within(1 day).unique(property('x'))`, 'b' at 10:00 and 10:05 make the ring 10:00 · 31 ·
 * (0, text) · 10:05 · 40 · (0, text), and one slot: 'b' · (2, 0) · (0, 0).
 */
import type { ProfileEvent } from '../../../src/model/event.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import type { Rings } from '../../memory/rings.ts'
import { type EventReader, writeValue } from '../../packing/event-codec.ts'
import { Scratch } from '../../packing/scratch.ts'
import { NO_NAMES } from '../../packing/name-table.ts'
import type { ChangeReader } from '../../plan/group.ts'
import type { StreamNode } from '../../plan/stream-node.ts'
import { each, textOf } from '../../values/values.ts'
import { Dictionary } from '../dictionary.ts'
import { EventRing } from '../event-ring.ts'
import type { WordAllocator } from '../grouped.ts'
import { readWords, writeWords } from '../stored-words.ts'
import type { SlidingReducer } from '../sliding-reducer.ts'
import { type DistinctSource, type DistinctText, DistinctValue } from './distinct-value.ts'
import { formed, formOf, FORMS, OBJECT, TEXT } from './form.ts'
import { FrequencyHeap } from './frequency-heap.ts'

/** The owner's words in a slot: two with how often each form has come in, and that of the heap. */
const COUNTS = 0
const COUNT_WORDS = FORMS / 2
const HEAP = COUNT_WORDS

const scratch = new Scratch()

export class SlidingDistinct implements SlidingReducer, DistinctSource {
  readonly node: StreamNode
  readonly #ring: EventRing
  readonly #texts: Dictionary
  readonly #word: number
  readonly #value: DistinctValue
  readonly #heap: FrequencyHeap | undefined

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    const isMode = node.reducer.kind === 'mode'
    this.#ring = new EventRing(words, 1)
    this.#texts = new Dictionary(words, isMode ? COUNT_WORDS + 1 : COUNT_WORDS)
    this.#word = words.take(1)
    this.#value = new DistinctValue(words, node, this)
    this.#heap = isMode ? new FrequencyHeap(this.#texts, HEAP, (...slots) => this.#isMoreFrequent(...slots)) : undefined
  }

  init(rings: Rings, block: number): void {
    this.#ring.init(rings, block)
    this.#texts.init(rings, block)
    rings.doubles[block + this.#word] = 0
    this.#value.init(rings, block)
  }

  hold(rings: Rings, block: number, event: ProfileEvent, entered: number): void {
    const { read, reducer } = this.node
    const isText = reducer.kind === 'mode' && reducer.as === 'string'
    each(read!(event), (value) => {
      const form = isText ? TEXT : formOf(value)
      const slot = this.#slotOf(rings, block, value, form)
      const index = this.#ring.indexAfter(rings, block, event)
      const at = this.#ring.insert(rings, block, index, event) * 2
      rings.ints[at] = slot
      rings.ints[at + 1] = form
      if (event.ts <= entered) this.#enter(rings, block, index)
    })
  }

  count(rings: Rings, block: number): number {
    return this.#ring.count(rings, block)
  }

  oldest(rings: Rings, block: number): number {
    return this.#ring.ts(rings, block, 0)
  }

  unite(rings: Rings, block: number, other: this, from: number, entered: number): void {
    const { ints } = rings
    this.#ring.unite(rings, block, other.#ring, from, (to, origin, ts) => {
      const form = ints[origin * 2 + 1]!
      const value = formed(other.#texts.reader(rings, from, ints[origin * 2]!), form)
      const slot = this.#slotOf(rings, block, value, form)
      ints[to * 2] = slot
      ints[to * 2 + 1] = form
      if (ts > entered) return
      ints[(block + this.#word) * 2]!++
      this.#count(rings, block, { slot, form, by: 1 })
    })
  }

  enter(rings: Rings, block: number, instant: number): void {
    while (this.nextEnter(rings, block) <= instant) this.#enter(rings, block, this.#entered(rings, block))
  }

  leave(rings: Rings, block: number, instant: number): void {
    const left = this.#ring.countUntil(rings, block, instant)
    if (left === 0) return
    for (let index = 0; index < left; index++) {
      const at = this.#ring.word(rings, block, index) * 2
      const slot = rings.ints[at]!
      this.#count(rings, block, { slot, form: rings.ints[at + 1]!, by: -1 })
      this.#texts.letGo(rings, block, slot)
    }
    this.#ring.drop(rings, block, left)
    rings.ints[(block + this.#word) * 2]! -= left
  }

  nextEnter(rings: Rings, block: number): number {
    return this.#ring.ts(rings, block, this.#entered(rings, block))
  }

  nextLeave(rings: Rings, block: number): number {
    return this.#entered(rings, block) === 0 ? Infinity : this.#ring.ts(rings, block, 0)
  }

  value(rings: Rings, block: number): JsonValue {
    return this.#value.value(rings, block)
  }

  passOn(rings: Rings, block: number, isShown: boolean, reader: ChangeReader): void {
    this.#value.passOn(rings, block, isShown, reader)
  }

  write(bytes: Scratch, rings: Rings, block: number): void {
    this.#ring.write(bytes, rings, block)
    this.#texts.write(bytes, rings, block)
    writeWords(bytes, rings, block + this.#word, 1)
    this.#value.write(bytes, rings, block)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    this.#ring.read(reader, rings, block)
    this.#texts.read(reader, rings, block)
    readWords(reader, rings, block + this.#word, 1)
    this.#value.read(reader, rings, block)
  }

  release(rings: Rings, block: number): void {
    this.#ring.release(rings, block)
    this.#texts.release(rings, block)
    this.#value.release(rings, block)
  }

  textCount({ ints }: Rings, block: number): number {
    return ints[(block + this.#word) * 2 + 1]!
  }

  texts(rings: Rings, block: number): DistinctText[] {
    const found: DistinctText[] = []
    let firstForms: ReadonlyMap<number, number> | undefined
    for (let slot = 0; slot < this.#texts.slotsEnd(rings, block); slot++) {
      if (this.#total(rings, block, slot) === 0) continue
      let form = this.#onlyForm(rings, block, slot)
      if (form === undefined) form = (firstForms ??= this.#firstForms(rings, block)).get(slot)!
      const text = this.#text(rings, block, slot)
      found.push({ text, value: formed(this.#texts.reader(rings, block, slot), form) })
    }
    return found
  }

  mode(rings: Rings, block: number): JsonValue {
    const { reducer } = this.node
    if (this.textCount(rings, block) === 0 || reducer.kind !== 'mode') return null
    const slot = this.#heap!.top(rings, block)
    if (this.#total(rings, block, slot) < reducer.minFrequency) return null
    const form = this.#onlyForm(rings, block, slot) ?? this.#firstForms(rings, block, slot).get(slot)!
    return formed(this.#texts.reader(rings, block, slot), form)
  }

  #entered({ ints }: Rings, block: number): number {
    return ints[(block + this.#word) * 2]!
  }

  /** Counts the value at an index, which comes in. */
  #enter(rings: Rings, block: number, index: number): void {
    rings.ints[(block + this.#word) * 2]!++
    const at = this.#ring.word(rings, block, index) * 2
    this.#count(rings, block, { slot: rings.ints[at]!, form: rings.ints[at + 1]!, by: 1 })
  }

  /** Returns the slot of a value, with one reference more. */
  #slotOf(rings: Rings, block: number, value: JsonValue, form: number): number {
    const { doubles, ints } = rings
    scratch.length = 0
    scratch.text(textOf(value))
    const slot = this.#texts.refer(rings, block, scratch)
    if (this.#texts.references(rings, block, slot) === 1)
      for (let word = 0; word < COUNT_WORDS; word++)
        doubles[this.#texts.wordToWrite(rings, block, slot, COUNTS + word)] = 0
    if (form === OBJECT && ints[this.#texts.word(rings, block, slot, COUNTS) * 2 + OBJECT] === 0) {
      writeValue(scratch, NO_NAMES, value)
      this.#texts.extend(rings, block, slot, scratch)
    }
    return slot
  }

  /** Counts one value more or less of a slot. */
  #count(rings: Rings, block: number, { slot, form, by }: { slot: number; form: number; by: 1 | -1 }): void {
    const { ints } = rings
    const before = this.#total(rings, block, slot)
    const texts = this.textCount(rings, block)
    const at = this.#texts.wordToWrite(rings, block, slot, COUNTS + (form >> 1)) * 2 + (form & 1)
    ints[at]! += by
    if (before === 0) ints[(block + this.#word) * 2 + 1] = texts + 1
    if (before + by === 0) ints[(block + this.#word) * 2 + 1] = texts - 1
    const hasOtherForms = ints[at] !== before + by
    if (before === 0 || before + by === 0 || hasOtherForms) this.#value.listChanged(rings, block)
    if (!this.#heap) return
    if (before === 0) this.#heap.add(rings, block, slot, texts)
    else if (before + by === 0) this.#heap.remove(rings, block, slot, texts)
    else this.#heap.move(rings, block, slot, texts)
  }

  #total(rings: Rings, block: number, slot: number): number {
    const at = this.#texts.word(rings, block, slot, COUNTS) * 2
    let total = 0
    for (let form = 0; form < FORMS; form++) total += rings.ints[at + form]!
    return total
  }

  /** Returns the form of a text that has come in; undefined if it has come in in several. */
  #onlyForm(rings: Rings, block: number, slot: number): number | undefined {
    const at = this.#texts.word(rings, block, slot, COUNTS) * 2
    let only: number | undefined
    for (let form = 0; form < FORMS; form++) {
      if (rings.ints[at + form] === 0) continue
      if (only !== undefined) return undefined
      only = form
    }
    return only
  }

  /** Returns the first form of each slot that has come in; of one alone, if it is given. */
  #firstForms(rings: Rings, block: number, wanted = -1): ReadonlyMap<number, number> {
    const forms = new Map<number, number>()
    for (let index = 0; index < this.#entered(rings, block); index++) {
      const at = this.#ring.word(rings, block, index) * 2
      const slot = rings.ints[at]!
      if (!forms.has(slot)) forms.set(slot, rings.ints[at + 1]!)
      if (slot === wanted) break
    }
    return forms
  }

  #isMoreFrequent(rings: Rings, block: number, slot: number, other: number): boolean {
    const more = this.#total(rings, block, slot) - this.#total(rings, block, other)
    if (more !== 0) return more > 0
    return this.#text(rings, block, slot) < this.#text(rings, block, other)
  }

  #text(rings: Rings, block: number, slot: number): string {
    return this.#texts.reader(rings, block, slot).value() as string
  }
}
