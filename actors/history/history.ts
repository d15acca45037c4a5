/**
 * The kept events of one profile, packed, in the order of their arrival. Events are appended; backfill, merges and late
 * events of sessions read them from the front.
 */
import { compareEvents, type ProfileEvent } from '../../src/model/event.ts'
import { EventReader, Scratch, writeEvent } from './event-codec.ts'
import type { NameTable } from './name-table.ts'
import type { Block, Slabs } from './slabs.ts'

/** Shared by all histories: an event is packed here, then copied. */
const scratch = new Scratch()

/** Shared by the histories of one shard: the table of names, and the memory. */
export interface HistoryStore {
  readonly names: NameTable
  readonly slabs: Slabs
}

/** An event with the instant from which it has counted for an actor. */
export interface HeardEvent {
  readonly event: ProfileEvent
  readonly at: number
}

export class History {
  #block: Block | undefined = undefined
  #length = 0
  #count = 0

  /** The number of events that are kept. */
  get count(): number {
    return this.#count
  }

  /** Bytes in use. */
  get size(): number {
    return this.#length
  }

  append(event: ProfileEvent, { names, slabs }: HistoryStore): void {
    scratch.length = 0
    writeEvent(scratch, names, event)
    const needed = this.#length + scratch.length
    if (!this.#block || needed > this.#block.size) this.#move(slabs, needed)
    const { bytes, offset } = this.#block!
    const from = scratch.bytes
    const start = offset + this.#length
    // Events are short: a loop is quicker than a call out of JavaScript.
    for (let index = 0; index < scratch.length; index++) bytes[start + index] = from[index]!
    this.#length = needed
    this.#count++
  }

  /** Returns the event time of the event that arrived first; infinite if none is kept. */
  firstTs(names: NameTable): number {
    if (!this.#block || this.#length === 0) return Infinity
    return new EventReader(this.#block.bytes, names, this.#block.offset).timestamp()
  }

  /** Returns the events in the order of `(ts, arrival)`. */
  events(names: NameTable): ProfileEvent[] {
    const events: ProfileEvent[] = []
    if (!this.#block) return events
    const { bytes, offset } = this.#block
    const reader = new EventReader(bytes, names, offset)
    let ordered = true
    while (reader.position < offset + this.#length) {
      const event = reader.event()
      if (ordered && events.length > 0 && compareEvents(events.at(-1)!, event) > 0) ordered = false
      events.push(event)
    }
    return ordered ? events : events.sort(compareEvents)
  }

  /** Drops all but the first `count` events, which take up `size` bytes. */
  returnTo(size: number, count: number): void {
    this.#length = size
    this.#count = count
  }

  /** Releases the memory; the history is empty then. */
  release(slabs: Slabs): void {
    if (this.#block) slabs.release(this.#block)
    this.#block = undefined
    this.#length = 0
    this.#count = 0
  }

  /** Returns a copy of the packed bytes. */
  toBytes(): Buffer {
    if (!this.#block) return Buffer.alloc(0)
    const { bytes, offset } = this.#block
    return Buffer.from(bytes.subarray(offset, offset + this.#length))
  }

  static fromBytes(packed: Uint8Array, { names, slabs }: HistoryStore): History {
    const history = new History()
    if (packed.length === 0) return history
    history.#block = slabs.allocate(packed.length)
    history.#block.bytes.set(packed, history.#block.offset)
    history.#length = packed.length
    history.#count = history.events(names).length
    return history
  }

  /** Makes a history of these events. */
  static of(events: readonly ProfileEvent[], store: HistoryStore): History {
    const history = new History()
    for (const event of [...events].sort((a, b) => a.arrival - b.arrival)) history.append(event, store)
    return history
  }

  #move(slabs: Slabs, needed: number): void {
    // Room for about as much again: otherwise most of the work would be moving.
    const block = slabs.allocate(this.#length === 0 ? needed : needed + (needed >> 1))
    const held = this.#block
    if (held) {
      block.bytes.set(held.bytes.subarray(held.offset, held.offset + this.#length), block.offset)
      slabs.release(held)
    }
    this.#block = block
  }
}
