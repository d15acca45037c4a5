/**
 * All event times of a predicate that are in some window, or still to come in: a ring. Windows of any length share it.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import { PLACE_WORDS, type Rings } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { Host } from '../plan/host.ts'
import type { Sink, WordAllocator } from './grouped.ts'

export class RingTimes implements Sink {
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

  insert(rings: Rings, block: number, { ts }: ProfileEvent, { now }: Host): void {
    if (ts > now - this.#keptMs) rings.insert(block + this.offset, 1, ts)
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
