/**
 * States that are by themselves, as objects, as long as they are in use: bytes are made of those that nobody has asked
 * for longest.
 *
 * L1. The entry of a live state refers to nothing: the object alone is the state. Otherwise the bytes are.
 *     The bytes: of a stream, the value that was passed on last; then the state.
 * L2. A settlement takes the states out that it opens, and puts them back when it stands. If it fails, they are lost:
 *     their actors compute all states again when they are next needed.
 */
import type { OccurrenceState } from '../funnels/occurrence-state.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { Scratch, writeValue } from '../packing/event-codec.ts'
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

/** Ids of states are smaller. */
const IDS_MAX = 2 ** 20

export class LiveStates {
  /** By ordinal and id; the one unused for longest first. */
  readonly #states = new Map<number, OpenState>()
  /** Ordinals of the actors whose states were taken out since the last settlement stood. */
  readonly #taken: number[] = []
  /** Keys of the states that were put in since then. */
  readonly #put: number[] = []

  get count(): number {
    return this.#states.size
  }

  /** Returns a state and leaves it there. */
  peek(ordinal: number, id: number): OpenState | undefined {
    return this.#states.get(ordinal * IDS_MAX + id)
  }

  /** Takes a state out. */
  take(ordinal: number, id: number): OpenState | undefined {
    const key = ordinal * IDS_MAX + id
    const state = this.#states.get(key)
    if (!state) return undefined
    this.#states.delete(key)
    this.#taken.push(ordinal)
    return state
  }

  put(ordinal: number, state: OpenState): void {
    const key = ordinal * IDS_MAX + state.node.id
    this.#states.set(key, state)
    this.#put.push(key)
  }

  /** Takes out the states that nobody has asked for longest, until no more than so many are left. */
  *takeOldest(max: number): Generator<{ readonly ordinal: number; readonly state: OpenState }> {
    for (const [key, state] of this.#states) {
      if (this.#states.size <= max) return
      this.#states.delete(key)
      yield { ordinal: Math.floor(key / IDS_MAX), state }
    }
  }

  commit(): void {
    this.#taken.length = 0
    this.#put.length = 0
  }

  /** Drops what a settlement that failed has put in; returns the ordinals of actors whose states are lost. Keeps L2. */
  rollBack(): readonly number[] {
    for (const key of this.#put.splice(0)) this.#states.delete(key)
    return this.#taken.splice(0)
  }
}

/** Appends the bytes of a live state. Keeps L1. */
export function packState(bytes: Scratch, open: OpenState): void {
  if ('published' in open) writeValue(bytes, NO_NAMES, open.published)
  open.state.write(bytes)
}

/** Writes a live state into the row of its actor, which must be one to write to: it is bytes from then on. */
export function writeState(rows: Rows, ordinal: number, open: OpenState): void {
  scratch.length = 0
  packState(scratch, open)
  const { blobs, state } = rows.memory
  const entry = rows.find(rows.at(ordinal), open.node.id)
  state.ints[entry * 2 + 3] = blobs.add(scratch.bytes, scratch.length)
}
