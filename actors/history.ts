/**
 * The kept events of one profile, packed, in the order of their arrival. Written once, at the end; read from the front
 * by what must look at single events again: backfill, merges, late events of sessions, previews.
 */
import type { ProfileEvent } from '../src/model/event.ts'
import { EventReader, Scratch, writeEvent } from './event-codec.ts'
import type { Names } from './names.ts'

const CAPACITY_FIRST = 128
const EMPTY = Buffer.alloc(0)

/** Shared by all histories: an event is packed here, then copied. */
const scratch = new Scratch()

export interface HistoryMark {
  readonly length: number
  readonly count: number
  readonly oldestTs: number
}

export class History {
  #bytes = EMPTY
  #length = 0
  #count = 0
  #oldestTs = Infinity

  get count(): number {
    return this.#count
  }

  /** Bytes in use. */
  get size(): number {
    return this.#length
  }

  /** Event time of the oldest kept event; infinite where there is none. */
  get oldestTs(): number {
    return this.#oldestTs
  }

  append(event: ProfileEvent, names: Names): void {
    scratch.length = 0
    writeEvent(scratch, names, event)
    const needed = this.#length + scratch.length
    if (needed > this.#bytes.length) this.#grow(needed)
    scratch.bytes.copy(this.#bytes, this.#length, 0, scratch.length)
    this.#length = needed
    this.#count++
    if (event.ts < this.#oldestTs) this.#oldestTs = event.ts
  }

  /** How far it has been written, to return to. */
  mark(): HistoryMark {
    return { length: this.#length, count: this.#count, oldestTs: this.#oldestTs }
  }

  /** Forgets what was appended since the mark. */
  returnTo({ length, count, oldestTs }: HistoryMark): void {
    this.#length = length
    this.#count = count
    this.#oldestTs = oldestTs
  }

  /** The events in the order of `(ts, arrival)`. */
  events(names: Names): ProfileEvent[] {
    const reader = new EventReader(this.#bytes, names)
    const events: ProfileEvent[] = []
    let ordered = true
    while (reader.position < this.#length) {
      const event = reader.event()
      if (ordered && events.length > 0 && compareEvents(events.at(-1)!, event) > 0) ordered = false
      events.push(event)
    }
    return ordered ? events : events.sort(compareEvents)
  }

  /** The packed bytes; a copy. */
  toBytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length))
  }

  static fromBytes(bytes: Buffer, names: Names): History {
    const history = new History()
    history.#bytes = Buffer.from(bytes)
    history.#length = bytes.length
    for (const event of history.events(names)) {
      history.#count++
      if (event.ts < history.#oldestTs) history.#oldestTs = event.ts
    }
    return history
  }

  static of(events: readonly ProfileEvent[], names: Names): History {
    const history = new History()
    for (const event of [...events].sort((a, b) => a.arrival - b.arrival)) history.append(event, names)
    return history
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(CAPACITY_FIRST, needed, Math.ceil(this.#bytes.length * 1.5)))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}

/** Order of events of one profile: event time, then arrival. */
export function compareEvents(
  a: { readonly ts: number; readonly arrival: number },
  b: { readonly ts: number; readonly arrival: number },
): number {
  return a.ts - b.ts || a.arrival - b.arrival
}
