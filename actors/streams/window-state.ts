/**
 * A rolling window: events wait until they come in, are added to the reducer, and are removed when they leave.
 * Invariants: (1) `#events` is in event order; (2) the first `#entered` of them are held by the accumulator; (3) none of
 * them has left at the instant last advanced to.
 */
import { compareEvents, type ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { Host } from '../plan/host.ts'
import type { Accumulator, EventOrder } from '../reducers/accumulator.ts'
import { createAccumulator } from '../reducers/create-accumulator.ts'
import type { Reached } from '../values/values.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import { reachedFromJson, reachedToJson } from '../values/stored.ts'
import { type EventReader, type Scratch, writeValue } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { StreamState } from './stream-state.ts'

interface WindowEvent extends EventOrder {
  /** The values that the reducer's field reached. */
  readonly reached: Reached
}

type Data = [entered: number, events: [ts: number, arrival: number, ...reached: JsonValue[]][]]

export class WindowState implements StreamState {
  dueAt = Infinity
  readonly #node: StreamNode
  readonly #accumulator: Accumulator
  #events: WindowEvent[] = []
  #entered = 0

  constructor(node: StreamNode) {
    this.#node = node
    this.#accumulator = createAccumulator(node.reducer, true)
  }

  /** Reads what `write` has written. */
  static read(node: StreamNode, reader: EventReader): WindowState {
    const [entered, events] = reader.value() as Data
    const state = new WindowState(node)
    state.#events = events.map(([ts, arrival, ...reached]) => ({ ts, arrival, reached: reachedFromJson(reached) }))
    for (const held of state.#events.slice(0, entered)) state.#accumulator.add(held, held.reached)
    state.#entered = entered
    state.#schedule()
    return state
  }

  insert(event: ProfileEvent, host: Host): void {
    const { window, read } = this.#node
    if (event.ts + window.to <= host.now) return
    this.advance(host)
    const held = { ts: event.ts, arrival: event.arrival, reached: read?.(event) }
    let index = this.#events.length
    while (index > 0 && compareEvents(this.#events[index - 1]!, held) > 0) index--
    if (index === this.#events.length) this.#events.push(held)
    else this.#events.splice(index, 0, held)
    if (held.ts + window.from <= host.now) {
      this.#entered++
      this.#accumulator.add(held, held.reached)
    }
    this.#schedule()
  }

  advance(host: Host): void {
    const { from, to } = this.#node.window
    while (this.#entered < this.#events.length && this.#events[this.#entered]!.ts + from <= host.now) {
      const held = this.#events[this.#entered++]!
      this.#accumulator.add(held, held.reached)
    }
    let left = 0
    for (; left < this.#entered && this.#events[left]!.ts + to <= host.now; left++) {
      const held = this.#events[left]!
      this.#accumulator.remove(held, held.reached)
    }
    if (left > 0) {
      this.#events.splice(0, left)
      this.#entered -= left
    }
    this.#schedule()
  }

  value(): JsonValue {
    return this.#accumulator.result()
  }

  write(scratch: Scratch): void {
    const events = this.#events.map(({ ts, arrival, reached }) => [ts, arrival, ...reachedToJson(reached)])
    writeValue(scratch, NO_NAMES, [this.#entered, events])
  }

  #schedule(): void {
    const { from, to } = this.#node.window
    const leaves = this.#entered > 0 ? this.#events[0]!.ts + to : Infinity
    const enters = this.#entered < this.#events.length ? this.#events[this.#entered]!.ts + from : Infinity
    this.dueAt = Math.min(leaves, enters)
  }
}
