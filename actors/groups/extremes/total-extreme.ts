/**
 * `min(p)` and `max(p)` by number over all history. Layout: the best number, or NaN · the value that was passed on
 * last, or NaN.
 *
 * Example: for `event('A').max(property('x'))`, after 5 and 9: 9 · 9.
 */
import type { ProfileEvent } from '../../../src/model/event.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import type { Rings } from '../../memory/rings.ts'
import type { EventReader } from '../../packing/event-codec.ts'
import type { Scratch } from '../../packing/scratch.ts'
import type { ChangeReader } from '../../plan/group.ts'
import type { StreamNode } from '../../plan/stream-node.ts'
import { beats, type ExtremeReducer, extremeOf } from '../../reducers/extreme.ts'
import type { Sink, StreamLayout, WordAllocator } from '../grouped.ts'
import { finite, passOn, valueAt } from '../number-value.ts'
import { readWords, writeWords } from '../stored-words.ts'

export class TotalExtreme implements Sink, StreamLayout {
  readonly node: StreamNode
  readonly #offset: number

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    this.#offset = words.take(2)
  }

  init({ doubles }: Rings, block: number): void {
    doubles.fill(NaN, block + this.#offset, block + this.#offset + 2)
  }

  insert(rings: Rings, block: number, event: ProfileEvent): void {
    const number = extremeOf(this.node.reducer as ExtremeReducer, this.node.read!(event))
    if (number !== undefined) this.#takeBest(rings, block, number as number)
  }

  forget(): void {
    // No event ever leaves.
  }

  value(rings: Rings, block: number): number | null {
    return valueAt(rings, block + this.#offset + 1)
  }

  evaluate(rings: Rings, block: number, _now: number, reader: ChangeReader): number {
    const best = rings.doubles[block + this.#offset]!
    passOn(rings, block + this.#offset + 1, finite(best), this.node, reader)
    return Infinity
  }

  addOlder(rings: Rings, block: number, total: JsonValue): void {
    for (const [number] of total as [number, number, number][]) this.#takeBest(rings, block, number)
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    writeWords(scratch, rings, block + this.#offset, 2)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    readWords(reader, rings, block + this.#offset, 2)
  }

  release(): void {
    // Nothing lies outside of the block.
  }

  #takeBest({ doubles }: Rings, block: number, number: number): void {
    const best = doubles[block + this.#offset]!
    if (Number.isNaN(best) || beats(this.node.reducer as ExtremeReducer, number, best))
      doubles[block + this.#offset] = number
  }
}
