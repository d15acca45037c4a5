/**
 * `min(p)` and `max(p)` by text over all history. Layout: the cell of the best text · 1 if it has changed since it was
 * passed on.
 *
 * Example: for `event('A').max(property('x') as string)`, after 'a' and 'b': the cell of 'b' · 0.
 */
import type { ProfileEvent } from '../../../src/model/event.ts'
import type { JsonValue } from '../../../src/model/json.ts'
import type { Rings } from '../../memory/rings.ts'
import type { EventReader } from '../../packing/event-codec.ts'
import type { Scratch } from '../../packing/scratch.ts'
import type { ChangeReader } from '../../plan/group.ts'
import type { StreamNode } from '../../plan/stream-node.ts'
import { beats, type ExtremeReducer, extremeOf } from '../../reducers/extreme.ts'
import { Cell } from '../cell.ts'
import type { Sink, StreamLayout, WordAllocator } from '../grouped.ts'
import { readWords, writeWords } from '../stored-words.ts'

export class TotalTextExtreme implements Sink, StreamLayout {
  readonly node: StreamNode
  readonly #cell: Cell
  readonly #changed: number

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    this.#cell = new Cell(words)
    this.#changed = words.take(1)
  }

  init(rings: Rings, block: number): void {
    this.#cell.init(rings, block)
    rings.doubles[block + this.#changed] = 0
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

  evaluate({ doubles }: Rings, block: number, _now: number, reader: ChangeReader): number {
    if (doubles[block + this.#changed] === 1) reader.onAnyChange(this.node)
    doubles[block + this.#changed] = 0
    return Infinity
  }

  addOlder(rings: Rings, block: number, total: JsonValue): void {
    for (const [text] of total as [string, number, number][]) this.#takeBest(rings, block, text)
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    this.#cell.write(scratch, rings, block)
    writeWords(scratch, rings, block + this.#changed, 1)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    this.#cell.read(reader, rings, block)
    readWords(reader, rings, block + this.#changed, 1)
  }

  release(rings: Rings, block: number): void {
    this.#cell.release(rings, block)
  }

  #takeBest(rings: Rings, block: number, text: string): void {
    const best = this.#cell.value(rings, block) as string | null
    if (best !== null && !beats(this.node.reducer as ExtremeReducer, text, best)) return
    if (this.#cell.set(rings, block, text)) rings.doubles[block + this.#changed] = 1
  }
}
