/**
 * The kept events of the users, packed in place, in the order of their arrival: each history is a chain of chunks. A
 * chunk is header · (next chunk, bytes used) · the events.
 *
 * H1. Events are appended only; what is written behind the used bytes of a chunk needs no copy to be undone.
 */
import { compareEvents, type ProfileEvent } from '../../src/model/event.ts'
import type { ActorMemory } from '../memory/actor-memory.ts'
import { BYTES } from '../memory/write-barrier.ts'
import { EVENT_COUNT, FIRST_TS, HISTORY, NAMES } from '../rows/row.ts'
import type { Rows } from '../rows/rows.ts'
import { EventReader, writeEvent } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import type { NameTable } from '../packing/name-table.ts'

const CHUNK_FIRST = 2
/** Bytes of the first chunk of a history, and the most of any that holds more than one event. */
const CHUNK_BYTES_MIN = 224
const CHUNK_BYTES_MAX = 4096

/** An event is packed here, then copied. */
const scratch = new Scratch()

/** Called with an event's name, its `ts` and its position. */
export type VisitEvent = (name: string, ts: number, position: number) => void

/** An event with the instant from which it has counted for an actor. */
export interface HeardEvent {
  readonly event: ProfileEvent
  readonly at: number
}

/** A bit for the number of each name, modulo 64; all bits for a name without a number. */
export interface NameBits {
  low: number
  high: number
}

export class Histories {
  readonly names: NameTable
  readonly #memory: ActorMemory
  readonly #rows: Rows

  constructor(rows: Rows, names: NameTable) {
    this.#rows = rows
    this.#memory = rows.memory
    this.names = names
  }

  /** Returns the number of events that are kept. */
  count(row: number): number {
    return this.#memory.state.ints[(row + EVENT_COUNT) * 2]!
  }

  /** Returns the event time of the event that arrived first; infinite if none is kept. */
  firstTs(row: number): number {
    return this.#memory.state.doubles[row + FIRST_TS]!
  }

  append(row: number, event: ProfileEvent): void {
    scratch.length = 0
    const name = writeEvent(scratch, this.names, event)
    this.#rows.touch(row)
    const { doubles, ints } = this.#memory.state
    this.#write(row, scratch.bytes, scratch.length)
    this.#note(row, name)
    if (ints[(row + EVENT_COUNT) * 2]!++ === 0) doubles[row + FIRST_TS] = event.ts
  }

  /** Returns the event that arrived last. */
  newest(row: number): ProfileEvent | undefined {
    const last = this.#memory.state.ints[(row + HISTORY) * 2 + 1]!
    let newest = 0
    this.#visitFrom(last, (_name, _ts, position) => (newest = position))
    return last === 0 ? undefined : this.eventAt(newest)
  }

  /** Visits the events in the order of their arrival. @param visit gets the position of each, for `eventAt` */
  visit(row: number, visit: VisitEvent): void {
    this.#visitFrom(this.#memory.state.ints[(row + HISTORY) * 2]!, visit)
  }

  /** Returns the event at a position, valid until the next change. */
  eventAt(position: number): ProfileEvent {
    return new EventReader(this.#memory.bytes.bytes, this.names, position).event()
  }

  #visitFrom(first: number, visit: VisitEvent): void {
    const { ints, bytes } = this.#memory.bytes
    for (let chunk = first; chunk !== 0; chunk = ints[chunk * 2 + 2]!) {
      const start = (chunk + CHUNK_FIRST) * 8
      const reader = new EventReader(bytes, this.names, start)
      while (reader.position < start + ints[chunk * 2 + 3]!) {
        const position = reader.position
        const name = reader.eventName()
        const ts = reader.timestamp()
        visit(name, ts, position)
        reader.position = position
        reader.skipEvent()
      }
    }
  }

  /** Returns the bits of some names of events, for `mayHold`. */
  bitsOf(names: Iterable<string>): NameBits {
    const bits = { low: 0, high: 0 }
    for (const name of names) if (this.names.mayHold(name)) addBit(bits, this.names.find(name))
    return bits
  }

  /** Tells from the bits of names whether a row may ever have had an event of one; true is not certain. */
  mayHold(row: number, { low, high }: NameBits): boolean {
    const { ints } = this.#memory.state
    return (ints[(row + NAMES) * 2]! & low) !== 0 || (ints[(row + NAMES) * 2 + 1]! & high) !== 0
  }

  /**
   * Returns the events in the order of `(ts, arrival)`.
   * @param isWanted tells by its name if an event is wanted; left out: all are
   */
  events(row: number, isWanted?: (name: string) => boolean): ProfileEvent[] {
    const events: ProfileEvent[] = []
    let ordered = true
    const { ints, bytes } = this.#memory.bytes
    for (let chunk = this.#memory.state.ints[(row + HISTORY) * 2]!; chunk !== 0; chunk = ints[chunk * 2 + 2]!) {
      const start = (chunk + CHUNK_FIRST) * 8
      const end = start + ints[chunk * 2 + 3]!
      const reader = new EventReader(bytes, this.names, start)
      while (reader.position < end) {
        if (isWanted && !isWanted(reader.eventName())) {
          reader.skipEvent()
          continue
        }
        const event = reader.event()
        if (ordered && events.length > 0 && compareEvents(events.at(-1)!, event) > 0) ordered = false
        events.push(event)
      }
    }
    return ordered ? events : events.sort(compareEvents)
  }

  /** Writes the number of events, then their bytes as a run. */
  writeTo(scratch: Scratch, row: number): void {
    scratch.varint(this.count(row))
    const { ints, bytes } = this.#memory.bytes
    const first = this.#memory.state.ints[(row + HISTORY) * 2]!
    let length = 0
    for (let chunk = first; chunk !== 0; chunk = ints[chunk * 2 + 2]!) length += ints[chunk * 2 + 3]!
    scratch.varint(length)
    for (let chunk = first; chunk !== 0; chunk = ints[chunk * 2 + 2]!) {
      scratch.raw(bytes, (chunk + CHUNK_FIRST) * 8, ints[chunk * 2 + 3])
    }
  }

  /** Sets the history of a new row, whose names are known. */
  readFrom(reader: EventReader, row: number): void {
    const count = reader.varint()
    const packed = reader.run()
    if (packed.length === 0) return
    const { doubles, ints } = this.#memory.state
    this.#write(row, packed, packed.length)
    ints[(row + EVENT_COUNT) * 2] = count
    doubles[row + FIRST_TS] = new EventReader(packed, this.names).timestamp()
  }

  /** Returns a copy of the packed bytes. */
  toBytes(row: number): Buffer {
    const parts: Uint8Array[] = []
    const { ints, bytes } = this.#memory.bytes
    for (let chunk = this.#memory.state.ints[(row + HISTORY) * 2]!; chunk !== 0; chunk = ints[chunk * 2 + 2]!) {
      const start = (chunk + CHUNK_FIRST) * 8
      parts.push(bytes.subarray(start, start + ints[chunk * 2 + 3]!))
    }
    return Buffer.concat(parts)
  }

  /** Sets the history of a row that has none, from packed bytes. */
  setBytes(row: number, packed: Uint8Array): void {
    if (packed.length === 0) return
    const { doubles, ints } = this.#memory.state
    this.#write(row, packed, packed.length)
    const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
    doubles[row + FIRST_TS] = new EventReader(bytes, this.names).timestamp()
    const reader = new EventReader(bytes, this.names)
    let count = 0
    for (; reader.position < packed.length; count++) this.#note(row, reader.skipEvent())
    ints[(row + EVENT_COUNT) * 2] = count
  }

  /** Replaces the history by these events. */
  replace(row: number, events: readonly ProfileEvent[]): void {
    this.release(row)
    for (const event of [...events].sort((a, b) => a.arrival - b.arrival)) this.append(row, event)
  }

  /** Empties a history when the settlement stands. */
  release(row: number): void {
    this.#rows.touch(row)
    const { state, bytes, barrier } = this.#memory
    for (let chunk = state.ints[(row + HISTORY) * 2]!; chunk !== 0; chunk = bytes.ints[chunk * 2 + 2]!)
      barrier.releaseLater(BYTES, chunk)
    state.ints[(row + HISTORY) * 2] = 0
    state.ints[(row + HISTORY) * 2 + 1] = 0
    state.ints[(row + EVENT_COUNT) * 2] = 0
    state.doubles[row + FIRST_TS] = Infinity
  }

  /** Sets the bit of an event's name. */
  #note(row: number, name: number): void {
    const bits = { low: 0, high: 0 }
    addBit(bits, name)
    const { ints } = this.#memory.state
    ints[(row + NAMES) * 2]! |= bits.low
    ints[(row + NAMES) * 2 + 1]! |= bits.high
  }

  #write(row: number, packed: Uint8Array, length: number): void {
    const { state, bytes, barrier } = this.#memory
    let chunk = state.ints[(row + HISTORY) * 2 + 1]!
    const used = chunk === 0 ? 0 : bytes.ints[chunk * 2 + 3]!
    if (chunk === 0 || used + length > (bytes.wordsOf(chunk) - CHUNK_FIRST) * 8)
      chunk = this.#addChunk(row, chunk, used, length)
    else barrier.touch(BYTES, chunk, CHUNK_FIRST)
    const at = bytes.ints[chunk * 2 + 3]!
    const start = (chunk + CHUNK_FIRST) * 8 + at
    const to = bytes.bytes
    if (length < 256) for (let index = 0; index < length; index++) to[start + index] = packed[index]!
    else to.set(packed.subarray(0, length), start)
    bytes.ints[chunk * 2 + 3] = at + length
  }

  /** Adds a chunk, larger the more there is before it. */
  #addChunk(row: number, last: number, used: number, needed: number): number {
    const { state, bytes, barrier } = this.#memory
    const size = last === 0 ? needed : Math.max(CHUNK_BYTES_MIN, Math.min(CHUNK_BYTES_MAX, used), needed)
    const chunk = barrier.allocate(BYTES, CHUNK_FIRST + ((size + 7) >> 3))
    bytes.ints[chunk * 2 + 2] = 0
    bytes.ints[chunk * 2 + 3] = 0
    if (last === 0) state.ints[(row + HISTORY) * 2] = chunk
    else {
      barrier.touch(BYTES, last, CHUNK_FIRST)
      bytes.ints[last * 2 + 2] = chunk
    }
    state.ints[(row + HISTORY) * 2 + 1] = chunk
    return chunk
  }
}

function addBit(bits: NameBits, name: number): void {
  if (name < 0) bits.low = bits.high = -1
  else if ((name & 32) === 0) bits.low |= 1 << (name & 31)
  else bits.high |= 1 << (name & 31)
}
