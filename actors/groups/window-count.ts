/** The common part of counts in a window. Layout: the count. */
import type { Rings } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { StreamLayout, WordAllocator } from './grouped.ts'

export abstract class WindowCount implements StreamLayout {
  readonly node: StreamNode
  readonly #offset: number

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    this.#offset = words.take(1)
  }

  abstract evaluate(rings: Rings, block: number, now: number, reader: ChangeReader): number

  init({ doubles }: Rings, block: number): void {
    doubles[block + this.#offset] = 0
  }

  value({ doubles }: Rings, block: number): number {
    return doubles[block + this.#offset]!
  }

  write(scratch: Scratch, { doubles }: Rings, block: number): void {
    scratch.varint(doubles[block + this.#offset]!)
  }

  read(reader: EventReader, { doubles }: Rings, block: number): void {
    doubles[block + this.#offset] = reader.varint()
  }

  addOlder(): void {
    // Forgotten events have left every window.
  }

  /** Stores a count, and passes it on if it is another. */
  protected passOn({ doubles }: Rings, block: number, count: number, reader: ChangeReader): void {
    const before = doubles[block + this.#offset]!
    if (count === before) return
    doubles[block + this.#offset] = count
    reader.onChange(this.node, before, count)
  }

  /** Returns the highest threshold that a count has reached: below it, something flips. 0 if there is none. */
  protected thresholdOf(count: number): number {
    const { thresholds } = this.node
    let at = thresholds.length - 1
    while (at >= 0 && thresholds[at]! > count) at--
    return at < 0 ? 0 : thresholds[at]!
  }
}
