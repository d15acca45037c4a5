/**
 * `first(p)` and `last(p)` over what comes in and leaves. Each event has one value at most. For `last`, those that have
 * come in before the last are dropped. Layout: a ring with the slot of each event's value · the dictionary of values ·
 * how many events have come in · the cell of the value that was passed on last.
 *
 * Example: for `event('A').within(1 day).first(property('x'))`, 'b' at 10:00 and {"c":1} at 10:05 make the ring 10:00 ·
 * 31 · 0 · 10:05 · 40 · 1, the slots of 'b' and {"c":1}, two events, and the cell of 'b'.
 */
import type { ProfileEvent } from '../../../src/model/event.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import type { Rings } from '../../memory/rings.ts'
import { type EventReader, writeValue } from '../../packing/event-codec.ts'
import { Scratch } from '../../packing/scratch.ts'
import { NO_NAMES } from '../../packing/name-table.ts'
import type { ChangeReader } from '../../plan/group.ts'
import type { StreamNode } from '../../plan/stream-node.ts'
import { edgeOf } from '../../reducers/edge.ts'
import { Cell } from '../cell.ts'
import { Dictionary } from '../dictionary.ts'
import { EventRing } from '../event-ring.ts'
import type { WordAllocator } from '../grouped.ts'
import type { SlidingReducer } from '../sliding-reducer.ts'

const scratch = new Scratch()

export class SlidingEdge implements SlidingReducer {
  readonly node: StreamNode
  readonly #kind: 'first' | 'last'
  readonly #ring: EventRing
  readonly #values: Dictionary
  readonly #entered: number
  readonly #cell: Cell

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    this.#kind = node.reducer.kind === 'last' ? 'last' : 'first'
    this.#ring = new EventRing(words, 1)
    this.#values = new Dictionary(words, 0)
    this.#entered = words.take(1)
    this.#cell = new Cell(words)
  }

  init(rings: Rings, block: number): void {
    this.#ring.init(rings, block)
    this.#values.init(rings, block)
    rings.doubles[block + this.#entered] = 0
    this.#cell.init(rings, block)
  }

  hold(rings: Rings, block: number, event: ProfileEvent, entered: number): void {
    const value = edgeOf(this.#kind, this.node.read!(event))
    if (value === undefined) return
    scratch.length = 0
    writeValue(scratch, NO_NAMES, value)
    const slot = this.#values.refer(rings, block, scratch)
    const index = this.#ring.indexAfter(rings, block, event)
    rings.doubles[this.#ring.insert(rings, block, index, event)] = slot
    if (event.ts > entered) return
    rings.doubles[block + this.#entered]!++
    this.#dropInner(rings, block)
  }

  count(rings: Rings, block: number): number {
    return this.#ring.count(rings, block)
  }

  oldest(rings: Rings, block: number): number {
    return this.#ring.ts(rings, block, 0)
  }

  unite(rings: Rings, block: number, other: this, from: number, entered: number): void {
    this.#ring.unite(rings, block, other.#ring, from, (to, origin) => {
      scratch.length = 0
      writeValue(scratch, NO_NAMES, other.#values.reader(rings, from, rings.doubles[origin]!).value())
      rings.doubles[to] = this.#values.refer(rings, block, scratch)
    })
    rings.doubles[block + this.#entered] = this.#ring.countUntil(rings, block, entered)
    this.#dropInner(rings, block)
  }

  enter(rings: Rings, block: number, instant: number): void {
    if (this.nextEnter(rings, block) > instant) return
    rings.doubles[block + this.#entered] = this.#ring.countUntil(rings, block, instant)
    this.#dropInner(rings, block)
  }

  leave(rings: Rings, block: number, instant: number): void {
    this.#drop(rings, block, this.#ring.countUntil(rings, block, instant))
  }

  nextEnter(rings: Rings, block: number): number {
    return this.#ring.ts(rings, block, rings.doubles[block + this.#entered]!)
  }

  nextLeave(rings: Rings, block: number): number {
    return rings.doubles[block + this.#entered] === 0 ? Infinity : this.#ring.ts(rings, block, 0)
  }

  value(rings: Rings, block: number): JsonValue {
    return this.#cell.value(rings, block)
  }

  passOn(rings: Rings, block: number, isShown: boolean, reader: ChangeReader): void {
    const hasValue = isShown && rings.doubles[block + this.#entered]! > 0
    this.#cell.passOn(rings, block, hasValue ? this.#first(rings, block) : null, this.node, reader)
  }

  write(bytes: Scratch, rings: Rings, block: number): void {
    this.#ring.write(bytes, rings, block)
    this.#values.write(bytes, rings, block)
    bytes.varint(rings.doubles[block + this.#entered]!)
    this.#cell.write(bytes, rings, block)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    this.#ring.read(reader, rings, block)
    this.#values.read(reader, rings, block)
    rings.doubles[block + this.#entered] = reader.varint()
    this.#cell.read(reader, rings, block)
  }

  release(rings: Rings, block: number): void {
    this.#ring.release(rings, block)
    this.#values.release(rings, block)
    this.#cell.release(rings, block)
  }

  /** Returns the value of the first event, which is the last for `last`. */
  #first(rings: Rings, block: number): JsonValue {
    return this.#values.reader(rings, block, rings.doubles[this.#ring.word(rings, block, 0)]!).value()
  }

  /** Drops what can never be the value. */
  #dropInner(rings: Rings, block: number): void {
    const entered = rings.doubles[block + this.#entered]!
    if (this.#kind === 'last' && entered > 1) this.#drop(rings, block, entered - 1)
  }

  #drop(rings: Rings, block: number, dropped: number): void {
    for (let index = 0; index < dropped; index++)
      this.#values.letGo(rings, block, rings.doubles[this.#ring.word(rings, block, index)]!)
    this.#ring.drop(rings, block, dropped)
    rings.doubles[block + this.#entered]! -= dropped
  }
}
