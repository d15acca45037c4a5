/**
 * States that are by themselves, as objects, as long as they are in use: bytes are made of those that nobody has asked
 * for longest.
 *
 * L1. The entry of a live state refers to its slot, as a negative number: the object there is the state. Otherwise the
 *     bytes are that the entry refers to. The bytes: of a stream, the value that was passed on last; then the state.
 * L2. A settlement changes the states in their slots. If it fails, those that it opened are lost: their actors compute
 *     all states again when they are next needed.
 * L3. A slot that a settlement empties is free when the settlement stands: if it fails, an entry still refers to it.
 */
import type { OccurrenceState } from '../funnels/occurrence-state.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { writeValue } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { OccurrenceNode } from '../plan/occurrence-node.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { Rows } from '../rows/rows.ts'
import type { StreamState } from '../streams/stream-state.ts'

export interface OpenStream {
  readonly node: StreamNode
  readonly state: StreamState
  /** The value that was passed on last. */
  published: JsonValue
}

export interface OpenOccurrences {
  readonly node: OccurrenceNode
  readonly state: OccurrenceState
}

export type OpenState = OpenStream | OpenOccurrences

const scratch = new Scratch()

/** The end of the chain. Slots count from 1, so that the reference of none is 0. */
const NO_SLOT = 0

/** A live state, and whose it is. */
export interface LiveState {
  readonly ordinal: number
  readonly state: OpenState
}

export class LiveStates {
  /** By slot; undefined if it is free. */
  readonly #states: (LiveState | undefined)[] = [undefined]
  /** By slot: its neighbours in a ring from the one unused for longest to the newest; `NO_SLOT` stands between both. */
  readonly #older: number[] = [NO_SLOT]
  readonly #newer: number[] = [NO_SLOT]
  readonly #free: number[] = []
  #count = 0
  /** Since the last settlement stood: slots that were opened, that were filled, and that were emptied. */
  readonly #opened = new Slots()
  readonly #filled = new Slots()
  readonly #emptied = new Slots()

  get count(): number {
    return this.#count
  }

  /** Returns the state that an entry refers to, to be read only. */
  peek(reference: number): OpenState {
    return this.#states[-reference]!.state
  }

  /** Returns the state that an entry refers to, to be changed: from now on it is the newest. */
  open(reference: number): OpenState {
    const slot = -reference
    this.#unlink(slot)
    this.#link(slot)
    this.#opened.add(slot)
    return this.#states[slot]!.state
  }

  /** Adds a state; returns the reference. */
  add(ordinal: number, state: OpenState): number {
    const slot = this.#free.pop() ?? this.#states.length
    this.#states[slot] = { ordinal, state }
    this.#link(slot)
    this.#count++
    this.#filled.add(slot)
    return -slot
  }

  /** Removes a state when the settlement stands. Keeps L3. */
  remove(reference: number): void {
    this.#emptied.add(-reference)
  }

  /** Takes out the states that nobody has asked for longest, until no more than so many are left. */
  *takeOldest(max: number): Generator<LiveState> {
    while (this.#count > max) {
      const slot = this.#newer[NO_SLOT]!
      const live = this.#states[slot]!
      this.#clear(slot)
      yield live
    }
  }

  commit(): void {
    this.#opened.count = 0
    this.#filled.count = 0
    while (this.#emptied.count > 0) this.#clear(this.#emptied.take())
  }

  /** Drops what a settlement that failed has filled or opened; returns what is lost. Keeps L2. */
  rollBack(): readonly LiveState[] {
    const lost: LiveState[] = []
    this.#emptied.count = 0
    while (this.#filled.count > 0) this.#clear(this.#filled.take())
    while (this.#opened.count > 0) {
      const slot = this.#opened.take()
      const live = this.#states[slot]
      // It may have been filled in this settlement, or opened twice.
      if (!live) continue
      lost.push(live)
      this.#clear(slot)
    }
    return lost
  }

  /** Adds a slot as the newest. */
  #link(slot: number): void {
    const newest = this.#older[NO_SLOT]!
    this.#older[slot] = newest
    this.#newer[slot] = NO_SLOT
    this.#newer[newest] = slot
    this.#older[NO_SLOT] = slot
  }

  #unlink(slot: number): void {
    const [older, newer] = [this.#older[slot]!, this.#newer[slot]!]
    this.#newer[older] = newer
    this.#older[newer] = older
  }

  #clear(slot: number): void {
    this.#unlink(slot)
    this.#states[slot] = undefined
    this.#free.push(slot)
    this.#count--
  }
}

/** Appends the bytes of a live state. Keeps L1. */
export function packState(bytes: Scratch, open: OpenState): void {
  if ('published' in open) writeValue(bytes, NO_NAMES, open.published)
  open.state.write(bytes)
}

/** A list of slots that keeps its memory when it is emptied. */
class Slots {
  readonly #slots: number[] = []
  count = 0

  add(slot: number): void {
    this.#slots[this.count++] = slot
  }

  take(): number {
    return this.#slots[--this.count]!
  }
}

/** Writes what was a live state into the row of its actor, which must be one to write to: it is bytes from then on. */
export function writeState(rows: Rows, { ordinal, state }: LiveState): void {
  scratch.length = 0
  packState(scratch, state)
  const { memory } = rows
  const entry = rows.find(rows.at(ordinal), state.node.id)
  memory.state.ints[entry * 2 + 3] = memory.blobs.add(scratch.bytes, scratch.length)
}
