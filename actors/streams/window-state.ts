/**
 * A rolling window: events wait until they come in, are added to every reducer, and are removed when they leave.
 * Invariants: (1) `#events` is in event order; (2) the first `#entered` of them are held by the accumulators; (3) none
 * of them has left at the instant last advanced to.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { compareEvents } from '../../src/model/event.ts'
import type { Host } from '../plan/host.ts'
import type { Accumulator, EventOrder } from '../reducers/accumulator.ts'
import { createAccumulator } from '../reducers/create-accumulator.ts'
import type { Reached } from '../values/values.ts'
import type { StreamNode, StreamState } from '../plan/stream-node.ts'

interface WindowEvent extends EventOrder {
  /** The values that each reducer's field reached. */
  readonly values: readonly Reached[]
}

export class WindowState implements StreamState {
  dueAt = Infinity
  bits = 0
  published: JsonValue[] | undefined = undefined
  readonly #node: StreamNode
  readonly #accumulators: Accumulator[]
  #events: WindowEvent[] = []
  #entered = 0

  constructor(node: StreamNode) {
    this.#node = node
    this.#accumulators = node.reducers.map((reducer) => createAccumulator(reducer, true))
  }

  insert(event: ProfileEvent, host: Host): void {
    const { window, readers } = this.#node
    if (event.ts + window.to <= host.now) return
    this.advance(host)
    const held = { ts: event.ts, arrival: event.arrival, values: readers.map((read) => read?.(event)) }
    let index = this.#events.length
    while (index > 0 && compareEvents(this.#events[index - 1]!, held) > 0) index--
    if (index === this.#events.length) this.#events.push(held)
    else this.#events.splice(index, 0, held)
    if (held.ts + window.from <= host.now) {
      this.#entered++
      for (let each = 0; each < this.#accumulators.length; each++)
        this.#accumulators[each]!.add(held, held.values[each])
    }
    this.#schedule()
  }

  advance(host: Host): void {
    const { from, to } = this.#node.window
    while (this.#entered < this.#events.length && this.#events[this.#entered]!.ts + from <= host.now) {
      const held = this.#events[this.#entered++]!
      for (let each = 0; each < this.#accumulators.length; each++)
        this.#accumulators[each]!.add(held, held.values[each])
    }
    let left = 0
    for (; left < this.#entered && this.#events[left]!.ts + to <= host.now; left++) {
      const held = this.#events[left]!
      for (let each = 0; each < this.#accumulators.length; each++)
        this.#accumulators[each]!.remove(held, held.values[each])
    }
    if (left > 0) {
      this.#events.splice(0, left)
      this.#entered -= left
    }
    this.#schedule()
  }

  value(reducer: number): JsonValue {
    return this.#accumulators[reducer]!.result()
  }

  #schedule(): void {
    const { from, to } = this.#node.window
    const leaves = this.#entered > 0 ? this.#events[0]!.ts + to : Infinity
    const enters = this.#entered < this.#events.length ? this.#events[this.#entered]!.ts + from : Infinity
    this.dueAt = Math.min(leaves, enters)
  }
}
