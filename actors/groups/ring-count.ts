/** `count()` in a window whose events must all be known: `between`, large constants, or a count that is read itself. */
import type { Rings } from '../memory/rings.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { WordAllocator } from './grouped.ts'
import type { RingTimes } from './ring-times.ts'
import { WindowCount } from './window-count.ts'

export class RingCount extends WindowCount {
  readonly #times: RingTimes

  constructor(words: WordAllocator, node: StreamNode, times: RingTimes) {
    super(words, node)
    this.#times = times
  }

  override evaluate(rings: Rings, block: number, now: number, reader: ChangeReader): number {
    const { from, to } = this.node.window
    const place = block + this.#times.offset
    const left = rings.countUntil(place, 1, now - to)
    const entered = from === 0 ? rings.count(place) : rings.countUntil(place, 1, now - from)
    this.passOn(rings, block, Math.min(entered - left, this.node.countMax), reader)
    const leaves = this.#nextLeave(rings, place, left, entered)
    return entered === rings.count(place) ? leaves : Math.min(leaves, rings.time(place, 1, entered) + from)
  }

  /** Returns when the next event leaves that makes a difference by leaving. */
  #nextLeave(rings: Rings, place: number, left: number, entered: number): number {
    const { window, countMax } = this.node
    const count = entered - left
    if (countMax === Infinity) return count === 0 ? Infinity : rings.time(place, 1, left) + window.to
    const threshold = this.thresholdOf(count)
    return threshold === 0 ? Infinity : rings.time(place, 1, entered - threshold) + window.to
  }
}
