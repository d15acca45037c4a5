/**
 * `first(p)` and `last(p)` over all history. Layout: the changing cell of the value · time and arrival of its event.
 *
 * Example: for `event('A').last(property('x'))`, after 'b' at 10:00: the cell of 'b' · 10:00 · 31.
 */
import { compareEvents, type ProfileEvent } from '../../../src/model/event.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import type { Rings } from '../../memory/rings.ts'
import type { EventReader } from '../../packing/event-codec.ts'
import type { Scratch } from '../../packing/scratch.ts'
import type { ChangeReader } from '../../plan/group.ts'
import type { StreamNode } from '../../plan/stream-node.ts'
import type { EventOrder } from '../../reducers/accumulator.ts'
import { edgeOf } from '../../reducers/edge.ts'
import { ChangingCell } from '../changing-cell.ts'
import type { Sink, StreamLayout, WordAllocator } from '../grouped.ts'
import { readWords, writeWords } from '../stored-words.ts'

export class TotalEdge implements Sink, StreamLayout {
  readonly node: StreamNode
  readonly #kind: 'first' | 'last'
  readonly #cell: ChangingCell
  readonly #order: number

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    this.#kind = node.reducer.kind === 'last' ? 'last' : 'first'
    this.#cell = new ChangingCell(words)
    this.#order = words.take(2)
  }

  /** No event is later than the first of all, or earlier than the last, as long as there is none. */
  init(rings: Rings, block: number): void {
    this.#cell.init(rings, block)
    rings.doubles.fill(this.#kind === 'last' ? -Infinity : Infinity, block + this.#order, block + this.#order + 2)
  }

  insert(rings: Rings, block: number, event: ProfileEvent): void {
    const value = edgeOf(this.#kind, this.node.read!(event))
    if (value !== undefined) this.#takeOutermost(rings, block, value, event)
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
    for (const [value, ts, arrival] of total as [JsonValue, number, number][])
      this.#takeOutermost(rings, block, value, { ts, arrival })
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    this.#cell.write(scratch, rings, block)
    writeWords(scratch, rings, block + this.#order, 2)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    this.#cell.read(reader, rings, block)
    readWords(reader, rings, block + this.#order, 2)
  }

  release(rings: Rings, block: number): void {
    this.#cell.release(rings, block)
  }

  #takeOutermost(rings: Rings, block: number, value: JsonValue, { ts, arrival }: EventOrder): void {
    const { doubles } = rings
    const at = block + this.#order
    const held = { ts: doubles[at]!, arrival: doubles[at + 1]! }
    if (compareEvents({ ts, arrival }, held) > 0 !== (this.#kind === 'last')) return
    doubles[at] = ts
    doubles[at + 1] = arrival
    this.#cell.set(rings, block, value)
  }
}
