/** `count()` in a window whose events must all be known: `between`, large constants, or a count that is read itself. */
import type { Rings } from '../memory/rings.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { StreamLayout, WordAllocator } from './grouped.ts'
import type { RingTimes } from './ring-times.ts'

export class RingCount implements StreamLayout {
  readonly node: StreamNode
  readonly #times: RingTimes
  readonly #offset: number

  constructor(words: WordAllocator, node: StreamNode, times: RingTimes) {
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

  evaluate(rings: Rings, block: number, now: number, reader: ChangeReader): number {
    const { node } = this
    const { from, to } = node.window
    const place = block + this.#times.offset
    const left = rings.countUntil(place, 1, now - to)
    const entered = from === 0 ? rings.count(place) : rings.countUntil(place, 1, now - from)
    const count = Math.min(entered - left, node.countMax)
    const before = rings.doubles[block + this.#offset]!
    if (count !== before) {
      rings.doubles[block + this.#offset] = count
      reader.onChange(node, before, count)
    }
    const leaves = this.#nextLeave(rings, place, left, entered)
    return entered === rings.count(place) ? leaves : Math.min(leaves, rings.time(place, 1, entered) + from)
  }

  addOlder(): void {
    // Forgotten events have left every window.
  }

  /** Returns when the next event leaves that makes a difference by leaving. */
  #nextLeave(rings: Rings, place: number, left: number, entered: number): number {
    const { window, countMax, thresholds } = this.node
    const count = entered - left
    if (countMax === Infinity) return count === 0 ? Infinity : rings.time(place, 1, left) + window.to
    let at = thresholds.length - 1
    while (at >= 0 && thresholds[at]! > count) at--
    return at < 0 ? Infinity : rings.time(place, 1, entered - thresholds[at]!) + window.to
  }
}
