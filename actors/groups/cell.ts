/**
 * One value of any form, packed, in a block of its own. Layout of the place: (block, bytes that are used; 0 for no
 * value); of the block: header · the bytes.
 *
 * Example: `"hats"` is header · text of 4 letters · h · a · t · s, the last five in bytes of one word.
 */
import type { JsonValue } from '../../src/model/json.ts'
import { HEADER_WORDS } from '../memory/arena.ts'
import type { Rings } from '../memory/rings.ts'
import { STATE } from '../memory/write-barrier.ts'
import { EventReader, writeValue } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { WordAllocator } from './grouped.ts'

const scratch = new Scratch()

export class Cell {
  readonly #place: number

  constructor(words: WordAllocator) {
    this.#place = words.take(1)
  }

  init({ doubles }: Rings, block: number): void {
    doubles[block + this.#place] = 0
  }

  /** Returns the value; null for none. */
  value({ ints, memory }: Rings, block: number): JsonValue {
    const place = (block + this.#place) * 2
    if (ints[place + 1] === 0) return null
    return new EventReader(memory.state.bytes, NO_NAMES, (ints[place]! + HEADER_WORDS) * 8).value()
  }

  /** Stores a value; null for none. Returns false if it is the one that is there. */
  set(rings: Rings, block: number, value: JsonValue): boolean {
    this.#pack(value)
    if (this.#holdsScratch(rings, block)) return false
    this.#store(rings, block)
    return true
  }

  /** Stores the value of a stream, and passes it on if it is another. */
  passOn(rings: Rings, block: number, value: JsonValue, node: StreamNode, reader: ChangeReader): void {
    this.#pack(value)
    if (this.#holdsScratch(rings, block)) return
    const before = this.value(rings, block)
    this.#store(rings, block)
    reader.onChange(node, before, value)
  }

  write(bytes: Scratch, { ints, memory }: Rings, block: number): void {
    const place = (block + this.#place) * 2
    bytes.run(memory.state.bytes, (ints[place]! + HEADER_WORDS) * 8, ints[place + 1])
  }

  /** Reads what `write` has written, into a place that holds nothing. */
  read(reader: EventReader, rings: Rings, block: number): void {
    scratch.length = 0
    scratch.raw(reader.run())
    if (scratch.length > 0) this.#store(rings, block)
  }

  /** Releases the block when the settlement stands. */
  release({ ints, memory }: Rings, block: number): void {
    const owned = ints[(block + this.#place) * 2]!
    if (owned !== 0) memory.barrier.releaseLater(STATE, owned)
  }

  #pack(value: JsonValue): void {
    scratch.length = 0
    if (value !== null) writeValue(scratch, NO_NAMES, value)
  }

  #holdsScratch({ ints, memory }: Rings, block: number): boolean {
    const place = (block + this.#place) * 2
    if (ints[place + 1] !== scratch.length) return false
    const from = (ints[place]! + HEADER_WORDS) * 8
    return scratch.bytes.compare(memory.state.bytes, from, from + scratch.length, 0, scratch.length) === 0
  }

  #store({ ints, memory }: Rings, block: number): void {
    const { state, barrier } = memory
    const place = (block + this.#place) * 2
    const words = (scratch.length + 7) >> 3
    const owned = ints[place]!
    if (owned !== 0 && HEADER_WORDS + words <= state.wordsOf(owned))
      barrier.touchWords(STATE, owned, HEADER_WORDS, words)
    else {
      ints[place] = barrier.allocate(STATE, HEADER_WORDS + words)
      if (owned !== 0) barrier.releaseLater(STATE, owned)
    }
    state.bytes.set(scratch.bytes.subarray(0, scratch.length), (ints[place]! + HEADER_WORDS) * 8)
    ints[place + 1] = scratch.length
  }
}
