/** `count()` over all history. Layout: the count · the count that was passed on last. */
import type { JsonValue } from '../../src/model/json.ts'
import type { Rings } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { Sink, StreamLayout, WordAllocator } from './grouped.ts'

export class TotalCount implements Sink, StreamLayout {
  readonly node: StreamNode
  readonly #offset: number

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    this.#offset = words.take(2)
  }

  init({ doubles }: Rings, block: number): void {
    doubles[block + this.#offset] = 0
    doubles[block + this.#offset + 1] = 0
  }

  insert({ doubles }: Rings, block: number): void {
    doubles[block + this.#offset]!++
  }

  forget(): void {
    // No event ever leaves.
  }

  value({ doubles }: Rings, block: number): number {
    return doubles[block + this.#offset + 1]!
  }

  evaluate({ doubles }: Rings, block: number, _now: number, reader: ChangeReader): number {
    const at = block + this.#offset
    const [count, before] = [doubles[at]!, doubles[at + 1]!]
    if (count !== before) {
      doubles[at + 1] = count
      reader.onChange(this.node, before, count)
    }
    return Infinity
  }

  addOlder({ doubles }: Rings, block: number, total: JsonValue): void {
    doubles[block + this.#offset]! += total as number
  }

  write(scratch: Scratch, { doubles }: Rings, block: number): void {
    scratch.varint(doubles[block + this.#offset]!)
    scratch.varint(doubles[block + this.#offset + 1]!)
  }

  read(reader: EventReader, { doubles }: Rings, block: number): void {
    doubles[block + this.#offset] = reader.varint()
    doubles[block + this.#offset + 1] = reader.varint()
  }

  release(): void {
    // Nothing lies outside of the block.
  }
}
