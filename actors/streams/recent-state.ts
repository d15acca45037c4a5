/**
 * "At least n within w", and its kin that compare a count with constants: the n newest event times are all it takes
 * (n is the largest constant that can still make a difference).
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/transition.ts'
import type { Host } from '../host.ts'
import type { StreamNode, StreamState } from './stream-node.ts'

/** Event times, oldest first, in the first places of an array. */
type Times = number[]

const NO_TIMES: Times = []

export class RecentState implements StreamState {
  dueAt = Infinity
  bits = 0
  published: JsonValue[] | undefined = undefined
  readonly #node: StreamNode
  #count = 0
  #times = NO_TIMES

  constructor(node: StreamNode) {
    this.#node = node
  }

  insert(event: ProfileEvent, host: Host): void {
    const { ts } = event
    if (ts + this.#node.window.to <= host.now) return
    this.#forget(host.now)
    const kept = this.#node.countMax
    let times = this.#times
    if (this.#count === kept) {
      if (ts <= times[0]!) return
      times.copyWithin(0, 1, this.#count)
      this.#count--
    } else if (this.#count === times.length) {
      times = new Array<number>(Math.min(kept, this.#count * 2 + 1)).fill(0)
      for (let index = 0; index < this.#count; index++) times[index] = this.#times[index]!
      this.#times = times
    }
    let place = this.#count++
    for (; place > 0 && times[place - 1]! > ts; place--) times[place] = times[place - 1]!
    times[place] = ts
    this.#schedule()
  }

  advance(host: Host): void {
    this.#forget(host.now)
    this.#schedule()
  }

  value(): number {
    return this.#count
  }

  #forget(now: number): void {
    const edge = now - this.#node.window.to
    const times = this.#times
    let left = 0
    while (left < this.#count && times[left]! <= edge) left++
    if (left === 0) return
    for (let index = left; index < this.#count; index++) times[index - left] = times[index]!
    this.#count -= left
  }

  /** Not every event that leaves makes a difference. */
  #schedule(): void {
    const leaves = this.#node.leavesToFlip[this.#count]!
    this.dueAt = leaves === 0 ? Infinity : this.#times[leaves - 1]! + this.#node.window.to
  }
}
