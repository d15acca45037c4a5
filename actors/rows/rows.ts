/**
 * The rows of the actors, by ordinal, and their directories. A row that outgrows its block moves; its ordinal stays.
 */
import type { ActorMemory } from '../memory/actor-memory.ts'
import { STATE } from '../memory/write-barrier.ts'
import { DIRECTORY, DUE_AT, ENTRIES, ENTRY_WORDS, FIRST_TS, FLAGS } from './row.ts'

/** Entries of the directory of a new row. */
const ENTRIES_FIRST = 3
const ENTRIES_MORE = 2

export class Rows {
  readonly memory: ActorMemory
  #rowOf = new Int32Array(1024)
  /** Ordinals whose row has moved, come or gone in this settlement, each with its row before. */
  readonly #moved: number[] = []
  #movedCount = 0

  constructor(memory: ActorMemory) {
    this.memory = memory
  }

  /** Returns the row of an ordinal; 0 if there is none in memory. */
  at(ordinal: number): number {
    return ordinal < this.#rowOf.length ? this.#rowOf[ordinal]! : 0
  }

  /** Makes the row of an ordinal that has none. */
  create(ordinal: number, flags: number): number {
    const row = this.memory.barrier.allocate(STATE, ENTRIES + ENTRY_WORDS * ENTRIES_FIRST)
    const { doubles, ints } = this.memory.state
    for (let word = 1; word < ENTRIES; word++) doubles[row + word] = 0
    doubles[row + DUE_AT] = Infinity
    doubles[row + FIRST_TS] = Infinity
    ints[(row + FLAGS) * 2] = flags
    ints[(row + DIRECTORY) * 2 + 1] = ordinal
    if (ordinal >= this.#rowOf.length) this.#grow(ordinal)
    this.#place(ordinal, row)
    return row
  }

  /** Removes a row; what it refers to must have been released. */
  remove(ordinal: number): void {
    this.memory.barrier.releaseLater(STATE, this.at(ordinal))
    this.#place(ordinal, 0)
  }

  /** Called before anything of a row is written. */
  touch(row: number): void {
    const { ints } = this.memory.state
    this.memory.barrier.touch(STATE, row, ENTRIES + ENTRY_WORDS * ints[(row + DIRECTORY) * 2]!)
  }

  /** Returns the word of the entry of a state; 0 if there is none. */
  find(row: number, id: number): number {
    const { ints } = this.memory.state
    let low = 0
    let high = ints[(row + DIRECTORY) * 2]!
    const first = (row + ENTRIES) * 2 + 2
    while (low < high) {
      const middle = (low + high) >> 1
      if (ints[first + middle * 4]! < id) low = middle + 1
      else high = middle
    }
    const at = first + low * 4
    return low < ints[(row + DIRECTORY) * 2]! && ints[at] === id ? (at - 2) >> 1 : 0
  }

  /** Adds an entry, which the directory must not have; returns its word. The row may move. */
  addEntry(ordinal: number, id: number, reference: number): number {
    let row = this.at(ordinal)
    this.touch(row)
    const { doubles, ints } = this.memory.state
    const count = ints[(row + DIRECTORY) * 2]!
    if (ENTRIES + ENTRY_WORDS * (count + 1) > this.memory.state.wordsOf(row)) row = this.#move(ordinal, row, count)
    let at = row + ENTRIES + ENTRY_WORDS * count
    for (; at > row + ENTRIES && ints[at * 2 - 2]! > id; at -= ENTRY_WORDS) {
      doubles[at] = doubles[at - 2]!
      ints[at * 2 + 2] = ints[at * 2 - 2]!
      ints[at * 2 + 3] = ints[at * 2 - 1]!
    }
    doubles[at] = Infinity
    ints[at * 2 + 2] = id
    ints[at * 2 + 3] = reference
    ints[(row + DIRECTORY) * 2] = count + 1
    return at
  }

  /** Lists the numbers of the states that have an entry, ascending. */
  entryIds(row: number): number[] {
    const { ints } = this.memory.state
    const first = (row + ENTRIES) * 2 + 2
    return Array.from({ length: ints[(row + DIRECTORY) * 2]! }, (_, index) => ints[first + index * ENTRY_WORDS * 2]!)
  }

  /** Removes an entry, which the directory must have; what it refers to is the caller's. */
  removeEntry(row: number, id: number): void {
    this.touch(row)
    const { ints } = this.memory.state
    const count = ints[(row + DIRECTORY) * 2]!
    const end = (row + ENTRIES + ENTRY_WORDS * (count - 1)) * 2
    for (let int = this.find(row, id) * 2; int < end; int++) ints[int] = ints[int + ENTRY_WORDS * 2]!
    ints[(row + DIRECTORY) * 2] = count - 1
  }

  /** Empties the directory. */
  clearEntries(row: number): void {
    this.touch(row)
    this.memory.state.ints[(row + DIRECTORY) * 2] = 0
  }

  /** Returns the earliest instant at which a state is due; infinite if none is. */
  earliest(row: number): number {
    const { doubles, ints } = this.memory.state
    const end = row + ENTRIES + ENTRY_WORDS * ints[(row + DIRECTORY) * 2]!
    let due = Infinity
    for (let at = row + ENTRIES; at < end; at += ENTRY_WORDS) if (doubles[at]! < due) due = doubles[at]!
    return due
  }

  commit(): void {
    this.#movedCount = 0
  }

  rollBack(): void {
    for (let index = this.#movedCount - 2; index >= 0; index -= 2)
      this.#rowOf[this.#moved[index]!] = this.#moved[index + 1]!
    this.#movedCount = 0
  }

  #place(ordinal: number, row: number): void {
    this.#moved[this.#movedCount++] = ordinal
    this.#moved[this.#movedCount++] = this.#rowOf[ordinal]!
    this.#rowOf[ordinal] = row
  }

  #move(ordinal: number, from: number, count: number): number {
    const { memory } = this
    const row = memory.barrier.allocate(STATE, ENTRIES + ENTRY_WORDS * (count + ENTRIES_MORE))
    const { ints } = memory.state
    for (let int = 2; int < (ENTRIES + ENTRY_WORDS * count) * 2; int++) ints[row * 2 + int] = ints[from * 2 + int]!
    memory.barrier.releaseLater(STATE, from)
    this.#place(ordinal, row)
    return row
  }

  #grow(ordinal: number): void {
    const rows = new Int32Array(Math.max(ordinal + 1, this.#rowOf.length * 2))
    rows.set(this.#rowOf)
    this.#rowOf = rows
  }
}
