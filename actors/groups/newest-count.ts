/**
 * `within(w).count()` that is compared with small constants: it looks at the newest times of its predicate. Layout: the
 * count.
 */
import type { Rings } from '../memory/rings.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { StreamLayout, WordAllocator } from './grouped.ts'
import type { NewestTimes } from './newest-times.ts'

export class NewestCount implements StreamLayout {
  readonly node: StreamNode
  readonly #times: NewestTimes
  readonly #offset: number

  constructor(words: WordAllocator, node: StreamNode, times: NewestTimes) {
    this.node = node
    this.#times = times
    this.#offset = words.take(1)
  }

  init({ doubles }: Rings, block: number): void {
    doubles[block + this.#offset] = 0
  }

  value({ doubles }: Rings, block: number): number {
    return doubles[block + this.#offset]!
  }

  evaluate({ doubles }: Rings, block: number, now: number, reader: ChangeReader): number {
    const { node } = this
    const { countMax, thresholds } = node
    const { to } = node.window
    const first = block + this.#times.offset
    let count = 0
    while (count < countMax && doubles[first + count]! + to > now) count++
    const before = doubles[block + this.#offset]!
    if (count !== before) {
      doubles[block + this.#offset] = count
      reader.onChange(node, before, count)
    }
    let at = thresholds.length - 1
    while (at >= 0 && thresholds[at]! > count) at--
    return at < 0 ? Infinity : doubles[first + thresholds[at]! - 1]! + to
  }

  addOlder(): void {
    // Forgotten events have left every window.
  }
}
