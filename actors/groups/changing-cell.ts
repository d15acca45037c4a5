/**
 * The value of a stream over all history that is packed, told when it has changed. Layout: its cell · 1 if it has changed
 * since it was told.
 */
import type { JsonValue } from '../../src/model/json.ts'
import type { Rings } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import { Cell } from './cell.ts'
import type { Stored, WordAllocator } from './grouped.ts'
import { readWords, writeWords } from './stored-words.ts'

export class ChangingCell implements Stored {
  readonly #cell: Cell
  readonly #changed: number

  constructor(words: WordAllocator) {
    this.#cell = new Cell(words)
    this.#changed = words.take(1)
  }

  init(rings: Rings, block: number): void {
    this.#cell.init(rings, block)
    rings.doubles[block + this.#changed] = 0
  }

  value(rings: Rings, block: number): JsonValue {
    return this.#cell.value(rings, block)
  }

  set(rings: Rings, block: number, value: JsonValue): void {
    if (this.#cell.set(rings, block, value)) rings.doubles[block + this.#changed] = 1
  }

  /** Tells that the value has changed, if it has. */
  tell({ doubles }: Rings, block: number, node: StreamNode, reader: ChangeReader): void {
    if (doubles[block + this.#changed] === 1) reader.onAnyChange(node)
    doubles[block + this.#changed] = 0
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
}
