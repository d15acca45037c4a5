/**
 * The value of distinct values that was passed on last. A list is made when somebody asks for it, as it is long: it is
 * known whether it may have changed. Layout: of a list (1 if it may have changed, 1 if it is shown); of the number of
 * values, that number; of the most frequent value, its cell.
 */
import type { JsonValue } from '../../../src/model/json.ts'
import type { Rings } from '../../memory/rings.ts'
import type { EventReader } from '../../packing/event-codec.ts'
import type { Scratch } from '../../packing/scratch.ts'
import type { ChangeReader } from '../../plan/group.ts'
import type { StreamNode } from '../../plan/stream-node.ts'
import { compareText } from '../../values/values.ts'
import { Cell } from '../cell.ts'
import type { WordAllocator } from '../grouped.ts'
import { readWords, writeWords } from '../stored-words.ts'

/** A text and the form in which it was first seen. */
export interface DistinctText {
  readonly text: string
  readonly value: JsonValue
}

/** The distinct values that are counted now. */
export interface DistinctSource {
  textCount(rings: Rings, block: number): number
  /** In any order. */
  texts(rings: Rings, block: number): DistinctText[]
  /** Returns the most frequent value that is frequent enough; null if there is none. */
  mode(rings: Rings, block: number): JsonValue
}

export class DistinctValue {
  readonly #node: StreamNode
  readonly #source: DistinctSource
  readonly #cell: Cell | undefined
  readonly #word: number

  constructor(words: WordAllocator, node: StreamNode, source: DistinctSource) {
    this.#node = node
    this.#source = source
    this.#cell = node.reducer.kind === 'mode' ? new Cell(words) : undefined
    this.#word = this.#cell ? -1 : words.take(1)
  }

  init(rings: Rings, block: number): void {
    if (this.#cell) this.#cell.init(rings, block)
    else rings.doubles[block + this.#word] = 0
  }

  /** Notes that the list may be another. */
  listChanged({ ints }: Rings, block: number): void {
    if (this.#node.reducer.kind === 'unique') ints[(block + this.#word) * 2] = 1
  }

  value(rings: Rings, block: number): JsonValue {
    if (this.#cell) return this.#cell.value(rings, block)
    if (this.#node.reducer.kind === 'unique_count') return rings.doubles[block + this.#word]!
    return rings.ints[(block + this.#word) * 2 + 1] === 1 ? this.#list(rings, block) : null
  }

  /** Passes the value on if it has changed. @param isShown if not, it is that of no events */
  passOn(rings: Rings, block: number, isShown: boolean, reader: ChangeReader): void {
    const node = this.#node
    if (this.#cell) {
      this.#cell.passOn(rings, block, isShown ? this.#source.mode(rings, block) : null, node, reader)
      return
    }
    const at = block + this.#word
    if (node.reducer.kind === 'unique_count') {
      const before = rings.doubles[at]!
      const count = isShown ? this.#source.textCount(rings, block) : 0
      if (count === before) return
      rings.doubles[at] = count
      reader.onChange(node, before, count)
      return
    }
    const wasShown = rings.ints[at * 2 + 1] === 1
    const isChanged = rings.ints[at * 2] === 1
    rings.ints[at * 2] = 0
    rings.ints[at * 2 + 1] = isShown ? 1 : 0
    if (isShown !== wasShown || (isShown && isChanged)) reader.onAnyChange(node)
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    if (this.#cell) this.#cell.write(scratch, rings, block)
    else writeWords(scratch, rings, block + this.#word, 1)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    if (this.#cell) this.#cell.read(reader, rings, block)
    else readWords(reader, rings, block + this.#word, 1)
  }

  release(rings: Rings, block: number): void {
    this.#cell?.release(rings, block)
  }

  #list(rings: Rings, block: number): JsonValue {
    const texts = this.#source.texts(rings, block)
    return texts.length === 0 ? null : texts.sort((a, b) => compareText(a.text, b.text)).map(({ value }) => value)
  }
}
