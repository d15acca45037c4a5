/**
 * `min(p)` and `max(p)` by text over all history. Layout: the changing cell of the best text.
 *
 * Example: for `event('A').max(property('x') as string)`, after 'a' and 'b': the cell of 'b'.
 */
import type { ProfileEvent } from '../../../src/model/event.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import type { Rings } from '../../memory/rings.ts'
import type { EventReader } from '../../packing/event-codec.ts'
import type { Scratch } from '../../packing/scratch.ts'
import type { ChangeReader } from '../../plan/group.ts'
import type { StreamNode } from '../../plan/stream-node.ts'
import { beats, type ExtremeReducer, extremeOf } from '../../reducers/extreme.ts'
import { ChangingCell } from '../changing-cell.ts'
import type { Sink, StreamLayout, WordAllocator } from '../grouped.ts'

export class TotalTextExtreme implements Sink, StreamLayout {
  readonly node: StreamNode
  readonly #cell: ChangingCell

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    this.#cell = new ChangingCell(words)
  }

  init(rings: Rings, block: number): void {
    this.#cell.init(rings, block)
  }

  insert(rings: Rings, block: number, event: ProfileEvent): void {
    const text = extremeOf(this.node.reducer as ExtremeReducer, this.node.read!(event))
    if (text !== undefined) this.#takeBest(rings, block, text as string)
  }

  forget(): void {
    // No event ever leaves.
  }

  value(rings: Rings, block: number): JsonValue {
    return this.#cell.value(rings, block)
  }

  evaluate(rings: Rings, block: number, _now: number, reader: ChangeReader): number {
    this.#cell.tell(rings, block, this.node, reader)
    return Infinity
  }

  addOlder(rings: Rings, block: number, total: JsonValue): void {
    for (const [text] of total as [string, number, number][]) this.#takeBest(rings, block, text)
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    this.#cell.write(scratch, rings, block)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    this.#cell.read(reader, rings, block)
  }

  release(rings: Rings, block: number): void {
    this.#cell.release(rings, block)
  }

  #takeBest(rings: Rings, block: number, text: string): void {
    const best = this.#cell.value(rings, block) as string | null
    if (best !== null && !beats(this.node.reducer as ExtremeReducer, text, best)) return
    this.#cell.set(rings, block, text)
  }
}
