/**
 * All event times of a predicate that are in some window, or still to come in: a ring. Windows of any length share it.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import { PLACE_WORDS, type Rings } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { Host } from '../plan/host.ts'
import type { WindowSink, WordAllocator } from './grouped.ts'

export class RingTimes implements WindowSink {
  readonly offset: number
  readonly #keptMs: number

  /** @param keptMs the age at which an event has left all windows */
  constructor(words: WordAllocator, keptMs: number) {
    this.offset = words.take(PLACE_WORDS)
    this.#keptMs = keptMs
  }

  init({ doubles }: Rings, block: number): void {
    doubles.fill(0, block + this.offset, block + this.offset + PLACE_WORDS)
  }

  insert(rings: Rings, block: number, { ts }: ProfileEvent, host: Host): void {
    if (ts <= host.now - this.#keptMs) return
    rings.insert(block + this.offset, 1, ts)
    this.#trim(rings, block, host)
  }

  unite(rings: Rings, block: number, other: this, from: number, host: Host): void {
    rings.unite(block + this.offset, 1, from + other.offset)
    this.#trim(rings, block, host)
  }

  inherit(rings: Rings, block: number, other: this, from: number): void {
    rings.unite(block + this.offset, 1, from + other.offset, true)
  }

  /** Drops the oldest times while there are too many. */
  #trim(rings: Rings, block: number, host: Host): void {
    const place = block + this.offset
    const more = rings.count(place) - rings.windowEventsMax
    if (more <= 0) return
    host.windowsLack(rings.time(place, 1, more - 1))
    rings.drop(place, more)
  }

  forget(rings: Rings, block: number, now: number): void {
    const place = block + this.offset
    const left = rings.countUntil(place, 1, now - this.#keptMs)
    if (left > 0) rings.drop(place, left)
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    rings.write(scratch, block + this.offset, 1)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    rings.read(reader, block + this.offset, 1)
  }

  release(rings: Rings, block: number): void {
    rings.release(block + this.offset)
  }
}
