/** `within(w).count()` that is compared with small constants: it looks at the newest times of its predicate. */
import type { Rings } from '../memory/rings.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { WordAllocator } from './grouped.ts'
import type { NewestTimes } from './newest-times.ts'
import { WindowCount } from './window-count.ts'

export class NewestCount extends WindowCount {
  readonly #times: NewestTimes

  constructor(words: WordAllocator, node: StreamNode, times: NewestTimes) {
    super(words, node)
    this.#times = times
  }

  override evaluate(rings: Rings, block: number, now: number, reader: ChangeReader): number {
    const { doubles } = rings
    const { countMax, window } = this.node
    const first = block + this.#times.offset
    let count = 0
    while (count < countMax && doubles[first + count]! + window.to > now) count++
    this.passOn(rings, block, count, reader)
    const threshold = this.thresholdOf(count)
    return threshold === 0 ? Infinity : doubles[first + threshold - 1]! + window.to
  }
}
