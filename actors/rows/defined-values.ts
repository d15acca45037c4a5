/**
 * The values of an actor's definitions, in one block, by ascending id of the definition: for each that ever changed,
 * (id, sequence · has been one · form of the value) · instant of the last transition · the value. Beside them, the bytes
 * of the last transitions.
 *
 * Example: a member of audience 3 since its first transition: (3, 1 << 4 | TRUE) · 1700000000000 · unused.
 */
import type { JsonValue } from '../../src/model/json.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import { EventReader, writeValue } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import type { ActorMemory } from '../memory/actor-memory.ts'
import { STATE } from '../memory/write-barrier.ts'
import { MemberCounts } from './member-counts.ts'
import { VALUES } from './row.ts'
import type { Rows } from './rows.ts'

/** Words of a block before its first value: header · (number of values, the last transitions). */
const VALUES_FIRST = 2
const VALUE_WORDS = 3
const CHANGED_AT = 1
const VALUE = 2

const NULL = 0
const FALSE = 1
const TRUE = 2
const NUMBER = 3
const PACKED = 4
const FORM = 7
const HAS_BEEN_ONE = 8
const SEQUENCE_SHIFT = 4

/** The value of one definition for one actor. */
export interface DefinedValue {
  readonly value: JsonValue
  /** Transitions so far. */
  readonly sequence: number
  /** Instant of the last transition, epoch ms; 0 before the first. */
  readonly changedAt: number
  /** True if a `count` or `unique(…).count()` has once been at least 1. */
  readonly hasBeenOne: boolean
}

const scratch = new Scratch()

export class DefinedValues {
  readonly members = new MemberCounts()
  readonly #memory: ActorMemory
  readonly #rows: Rows

  constructor(rows: Rows) {
    this.#rows = rows
    this.#memory = rows.memory
  }

  /** Returns the word of a definition's value; 0 if it never had one. */
  find(row: number, id: number): number {
    const { ints } = this.#memory.state
    const block = ints[(row + VALUES) * 2]!
    if (block === 0) return 0
    const count = ints[(block + 1) * 2]!
    let low = 0
    let high = count
    const first = (block + VALUES_FIRST) * 2
    while (low < high) {
      const middle = (low + high) >> 1
      if (ints[first + middle * VALUE_WORDS * 2]! < id) low = middle + 1
      else high = middle
    }
    const at = block + VALUES_FIRST + low * VALUE_WORDS
    return low < count && ints[at * 2] === id ? at : 0
  }

  /** Returns the word of a definition's value, to be written to; a new one is null. */
  findOrAdd(ordinal: number, id: number): number {
    const row = this.#rows.at(ordinal)
    const found = this.find(row, id)
    if (found === 0) return this.#add(row, id)
    this.#touch(this.#memory.state.ints[(row + VALUES) * 2]!)
    return found
  }

  value(at: number): JsonValue {
    const { doubles, ints } = this.#memory.state
    switch (ints[at * 2 + 1]! & FORM) {
      case FALSE:
        return false
      case TRUE:
        return true
      case NUMBER:
        return doubles[at + VALUE]!
      case PACKED: {
        const reader = new EventReader(
          this.#memory.bytes.bytes,
          NO_NAMES,
          this.#memory.blobs.start(ints[(at + VALUE) * 2]!),
        )
        return reader.value()
      }
      default:
        return null
    }
  }

  isTrue(at: number): boolean {
    return (this.#memory.state.ints[at * 2 + 1]! & FORM) === TRUE
  }

  hasBeenOne(at: number): boolean {
    return (this.#memory.state.ints[at * 2 + 1]! & HAS_BEEN_ONE) !== 0
  }

  sequence(at: number): number {
    return this.#memory.state.ints[at * 2 + 1]! >> SEQUENCE_SHIFT
  }

  changedAt(at: number): number {
    return this.#memory.state.doubles[at + CHANGED_AT]!
  }

  /** Sets a value; its block must be one to write to. */
  setValue(at: number, value: JsonValue): void {
    const { doubles, ints } = this.#memory.state
    if (this.isTrue(at) !== (value === true)) this.members.add(ints[at * 2]!, value === true ? 1 : -1)
    this.#releaseValue(at)
    let form = NULL
    if (typeof value === 'boolean') form = value ? TRUE : FALSE
    else if (typeof value === 'number') {
      form = NUMBER
      doubles[at + VALUE] = value
    } else if (value !== null) {
      form = PACKED
      scratch.length = 0
      writeValue(scratch, NO_NAMES, value)
      ints[(at + VALUE) * 2] = this.#memory.blobs.add(scratch.bytes, scratch.length)
    }
    ints[at * 2 + 1] = (ints[at * 2 + 1]! & ~FORM) | form
  }

  setHasBeenOne(at: number, hasBeenOne: boolean): void {
    const { ints } = this.#memory.state
    ints[at * 2 + 1] = hasBeenOne ? ints[at * 2 + 1]! | HAS_BEEN_ONE : ints[at * 2 + 1]! & ~HAS_BEEN_ONE
  }

  /** Counts a transition; returns its number. */
  advance(at: number, now: number): number {
    const { doubles, ints } = this.#memory.state
    ints[at * 2 + 1]! += 1 << SEQUENCE_SHIFT
    doubles[at + CHANGED_AT] = now
    return ints[at * 2 + 1]! >> SEQUENCE_SHIFT
  }

  setTransitions(at: number, sequence: number, changedAt: number): void {
    const { doubles, ints } = this.#memory.state
    ints[at * 2 + 1] = (ints[at * 2 + 1]! & (FORM | HAS_BEEN_ONE)) | (sequence << SEQUENCE_SHIFT)
    doubles[at + CHANGED_AT] = changedAt
  }

  /** Returns the number of definitions that have a value. */
  count(row: number): number {
    const { ints } = this.#memory.state
    const block = ints[(row + VALUES) * 2]!
    return block === 0 ? 0 : ints[(block + 1) * 2]!
  }

  /** Lists the ids of the definitions that have a value, ascending. */
  ids(row: number): number[] {
    const { ints } = this.#memory.state
    const first = ints[(row + VALUES) * 2]! + VALUES_FIRST
    const ids = new Array<number>(this.count(row))
    for (let index = 0; index < ids.length; index++) ids[index] = ints[(first + index * VALUE_WORDS) * 2]!
    return ids
  }

  read(at: number): DefinedValue {
    return {
      value: this.value(at),
      sequence: this.sequence(at),
      changedAt: this.changedAt(at),
      hasBeenOne: this.hasBeenOne(at),
    }
  }

  /** Sets all of a definition's value, which the row must be one to write to. */
  restore(ordinal: number, id: number, { value, sequence, changedAt, hasBeenOne }: DefinedValue): void {
    const at = this.findOrAdd(ordinal, id)
    this.setValue(at, value)
    this.setTransitions(at, sequence, changedAt)
    this.setHasBeenOne(at, hasBeenOne)
  }

  /** Drops the values of all definitions for which `isKept` is false. */
  keepOnly(row: number, isKept: (id: number) => boolean): void {
    const { ints } = this.#memory.state
    const block = ints[(row + VALUES) * 2]!
    if (this.ids(row).every(isKept)) return
    this.#touch(block)
    const count = this.count(row)
    let kept = 0
    for (let index = 0; index < count; index++) {
      const at = block + VALUES_FIRST + index * VALUE_WORDS
      if (isKept(ints[at * 2]!)) this.#copy(at, block + VALUES_FIRST + kept++ * VALUE_WORDS, VALUE_WORDS)
      else this.#release(at)
    }
    ints[(block + 1) * 2] = kept
  }

  /** Returns the bytes of the last transitions, valid until the next change; undefined if there are none. */
  pastBytes(row: number): Buffer | undefined {
    const { ints } = this.#memory.state
    const block = ints[(row + VALUES) * 2]!
    const reference = block === 0 ? 0 : ints[(block + 1) * 2 + 1]!
    return reference === 0 ? undefined : this.#memory.blobs.get(reference)
  }

  /** Replaces the bytes of the last transitions, in a row that is one to write to. */
  setPast(row: number, { bytes, length }: Scratch): void {
    const { ints } = this.#memory.state
    const known = ints[(row + VALUES) * 2]!
    const block = known === 0 ? this.#begin(row) : known
    this.#touch(block)
    this.#memory.blobs.remove(ints[(block + 1) * 2 + 1]!)
    ints[(block + 1) * 2 + 1] = length === 0 ? 0 : this.#memory.blobs.add(bytes, length)
  }

  /** Releases all memory of a row's values. */
  release(row: number): void {
    const { ints } = this.#memory.state
    const block = ints[(row + VALUES) * 2]!
    if (block === 0) return
    for (let index = 0; index < ints[(block + 1) * 2]!; index++)
      this.#release(block + VALUES_FIRST + index * VALUE_WORDS)
    this.#memory.blobs.remove(ints[(block + 1) * 2 + 1]!)
    this.#memory.barrier.releaseLater(STATE, block)
    ints[(row + VALUES) * 2] = 0
  }

  /** Makes a block without values. */
  #begin(row: number): number {
    const { state, barrier } = this.#memory
    const block = barrier.allocate(STATE, VALUES_FIRST)
    state.ints[(block + 1) * 2] = 0
    state.ints[(block + 1) * 2 + 1] = 0
    this.#rows.touch(row)
    state.ints[(row + VALUES) * 2] = block
    return block
  }

  #add(row: number, id: number): number {
    const { state, barrier } = this.#memory
    const { ints, doubles } = state
    let block = ints[(row + VALUES) * 2]!
    const count = block === 0 ? 0 : ints[(block + 1) * 2]!
    if (block === 0 || VALUES_FIRST + VALUE_WORDS * (count + 1) > state.wordsOf(block)) {
      const wider = barrier.allocate(STATE, VALUES_FIRST + VALUE_WORDS * (count + 1))
      if (block !== 0) {
        for (let int = 2; int < (VALUES_FIRST + VALUE_WORDS * count) * 2; int++)
          ints[wider * 2 + int] = ints[block * 2 + int]!
        barrier.releaseLater(STATE, block)
      } else ints[(wider + 1) * 2 + 1] = 0
      this.#rows.touch(row)
      ints[(row + VALUES) * 2] = block = wider
    } else this.#touch(block)
    let at = block + VALUES_FIRST + VALUE_WORDS * count
    for (; at > block + VALUES_FIRST && ints[(at - VALUE_WORDS) * 2]! > id; at -= VALUE_WORDS)
      this.#copy(at - VALUE_WORDS, at, VALUE_WORDS)
    ints[at * 2] = id
    ints[at * 2 + 1] = NULL
    doubles[at + CHANGED_AT] = 0
    doubles[at + VALUE] = 0
    ints[(block + 1) * 2] = count + 1
    return at
  }

  #touch(block: number): void {
    const { state, barrier } = this.#memory
    barrier.touch(STATE, block, VALUES_FIRST + VALUE_WORDS * state.ints[(block + 1) * 2]!)
  }

  #copy(from: number, to: number, words: number): void {
    const { ints } = this.#memory.state
    for (let int = 0; int < words * 2; int++) ints[to * 2 + int] = ints[from * 2 + int]!
  }

  /** Releases a value that is dropped. */
  #release(at: number): void {
    if (this.isTrue(at)) this.members.add(this.#memory.state.ints[at * 2]!, -1)
    this.#releaseValue(at)
  }

  #releaseValue(at: number): void {
    const { ints } = this.#memory.state
    if ((ints[at * 2 + 1]! & FORM) === PACKED) this.#memory.blobs.remove(ints[(at + VALUE) * 2]!)
  }
}
