/**
 * The newest n event times of a predicate, newest first; none is minus infinity. Windows of any length share them.
 *
 * Example: for `event('A').within(7 days).count() >= 3`, after events at 10:00 and 11:00: 11:00 · 10:00 · -Infinity.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { Rings } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { WindowSink, WordAllocator } from './grouped.ts'

export class NewestTimes implements WindowSink {
  readonly offset: number
  readonly max: number

  constructor(words: WordAllocator, max: number) {
    this.offset = words.take(max)
    this.max = max
  }

  init({ doubles }: Rings, block: number): void {
    doubles.fill(-Infinity, block + this.offset, block + this.offset + this.max)
  }

  insert(rings: Rings, block: number, { ts }: ProfileEvent): void {
    this.#add(rings, block, ts)
  }

  unite(rings: Rings, block: number, other: this, from: number): void {
    for (const ts of other.#times(rings, from)) this.#add(rings, block, ts)
  }

  inherit(rings: Rings, block: number, other: this, from: number): void {
    const held = this.#times(rings, block)
    for (const ts of other.#times(rings, from)) {
      const at = held.indexOf(ts)
      if (at < 0) this.#add(rings, block, ts)
      else held.splice(at, 1)
    }
  }

  /** Lists the times, newest first. */
  #times({ doubles }: Rings, block: number): number[] {
    return [...doubles.subarray(block + this.offset, block + this.offset + this.max)].filter((ts) => ts > -Infinity)
  }

  #add({ doubles }: Rings, block: number, ts: number): void {
    const first = block + this.offset
    let at = first + this.max - 1
    if (ts <= doubles[at]!) return
    for (; at > first && doubles[at - 1]! < ts; at--) doubles[at] = doubles[at - 1]!
    doubles[at] = ts
  }

  forget(): void {
    // Older times make room for newer ones.
  }

  write(scratch: Scratch, { doubles }: Rings, block: number): void {
    const first = block + this.offset
    let count = 0
    while (count < this.max && doubles[first + count]! > -Infinity) count++
    scratch.varint(count)
    for (let index = 0; index < count; index++) scratch.instant(doubles[first + index]!)
  }

  read(reader: EventReader, { doubles }: Rings, block: number): void {
    const count = reader.varint()
    for (let index = 0; index < count; index++) doubles[block + this.offset + index] = reader.instant()
  }

  release(): void {
    // Nothing lies outside of the block.
  }
}
