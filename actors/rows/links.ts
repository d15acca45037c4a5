/**
 * Lists of pairs in a row's block: the accounts of a user, the users of an account with the instants at which they were
 * linked, and how many users of an account satisfy each condition. Layout: header · (count, unused) · for each pair a
 * number that is a key · a number.
 *
 * L1. What lies behind the used part may be written without a copy, as undoing needs the count alone; whatever else is
 *     written to goes into another block.
 */
import type { ActorMemory } from '../memory/actor-memory.ts'
import { STATE } from '../memory/write-barrier.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { Rows } from './rows.ts'

const PAIRS = 2

export class Links {
  readonly #memory: ActorMemory
  readonly #rows: Rows
  /** The integer of the row that holds the reference. */
  readonly #field: number

  /** @param int the integer of a row, counted from its beginning, that refers to the list */
  constructor(rows: Rows, int: number) {
    this.#rows = rows
    this.#memory = rows.memory
    this.#field = int
  }

  count(row: number): number {
    const block = this.#block(row)
    return block === 0 ? 0 : this.#memory.state.ints[block * 2 + 2]!
  }

  key(row: number, index: number): number {
    return this.#memory.state.doubles[this.#block(row) + PAIRS + index * 2]!
  }

  number(row: number, index: number): number {
    return this.#memory.state.doubles[this.#block(row) + PAIRS + index * 2 + 1]!
  }

  /** Returns the index of a key, or -1. */
  indexOf(row: number, key: number): number {
    const count = this.count(row)
    const first = this.#block(row) + PAIRS
    for (let index = 0; index < count; index++) if (this.#memory.state.doubles[first + index * 2] === key) return index
    return -1
  }

  keys(row: number): number[] {
    return Array.from({ length: this.count(row) }, (_, index) => this.key(row, index))
  }

  /** Adds a pair at the end. */
  add(row: number, key: number, number: number): void {
    const { state, barrier } = this.#memory
    const count = this.count(row)
    let block = this.#block(row)
    if (block === 0 || PAIRS + (count + 1) * 2 > state.wordsOf(block)) block = this.#copy(row, count + (count >> 1) + 1)
    else barrier.touch(STATE, block, PAIRS)
    state.doubles[block + PAIRS + count * 2] = key
    state.doubles[block + PAIRS + count * 2 + 1] = number
    state.ints[block * 2 + 2] = count + 1
  }

  /** Sets the number of a key; adds it if there is none. */
  set(row: number, key: number, number: number): void {
    const index = this.indexOf(row, key)
    if (index < 0) {
      this.add(row, key, number)
      return
    }
    const block = this.#copy(row, this.count(row))
    this.#memory.state.doubles[block + PAIRS + index * 2 + 1] = number
  }

  /** Removes a key; returns false if there is none. */
  remove(row: number, key: number): boolean {
    const index = this.indexOf(row, key)
    if (index < 0) return false
    const count = this.count(row)
    const block = this.#copy(row, count)
    const { doubles, ints } = this.#memory.state
    doubles.copyWithin(block + PAIRS + index * 2, block + PAIRS + (index + 1) * 2, block + PAIRS + count * 2)
    ints[block * 2 + 2] = count - 1
    return true
  }

  /** Writes the pairs: how many, then for each the key and the number. */
  writeTo(scratch: Scratch, row: number): void {
    const count = this.count(row)
    scratch.varint(count)
    for (let index = 0; index < count; index++) {
      scratch.signed(this.key(row, index))
      scratch.instant(this.number(row, index))
    }
  }

  /** Reads pairs into a row that has none. */
  readFrom(reader: EventReader, row: number): void {
    for (let left = reader.varint(); left > 0; left--) this.add(row, reader.signed(), reader.instant())
  }

  /** Empties the list when the settlement stands. */
  release(row: number): void {
    const block = this.#block(row)
    if (block === 0) return
    this.#rows.touch(row)
    this.#memory.barrier.releaseLater(STATE, block)
    this.#memory.state.ints[row * 2 + this.#field] = 0
  }

  #block(row: number): number {
    return this.#memory.state.ints[row * 2 + this.#field]!
  }

  /** Moves the list to another block, with room for so many. */
  #copy(row: number, capacity: number): number {
    const { state, barrier } = this.#memory
    const held = this.#block(row)
    const count = this.count(row)
    const block = barrier.allocate(STATE, PAIRS + Math.max(capacity, 1) * 2)
    if (held !== 0) {
      state.doubles.copyWithin(block + PAIRS, held + PAIRS, held + PAIRS + count * 2)
      barrier.releaseLater(STATE, held)
    }
    state.ints[block * 2 + 2] = count
    this.#rows.touch(row)
    state.ints[row * 2 + this.#field] = block
    return block
  }
}
