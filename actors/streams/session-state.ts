/**
 * A session (`expires_after`): of the events in the window, only the latest run with gaps shorter than the session's
 * gap counts, and it ends that long after its last event. A late event may bridge two runs or revive an ended one, so
 * the events of a finished run are read again from the kept history when one arrives among them.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { compareEvents } from '../../src/model/event.ts'
import type { Host } from '../plan/host.ts'
import type { EventOrder } from '../reducers/accumulator.ts'
import { createAccumulator } from '../reducers/create-accumulator.ts'
import type { Reached } from '../values/values.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import { reachedFromJson, reachedToJson } from '../values/stored.ts'
import { type EventReader, type Scratch, writeValue } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { StreamState } from './stream-state.ts'

interface SessionEvent extends EventOrder {
  readonly reached: Reached
}

type Data = [forgetful: boolean, counted: number, dueAt: number, events: [number, number, ...JsonValue[]][]]

export class SessionState implements StreamState {
  dueAt = Infinity
  readonly #node: StreamNode
  /** In event order: the latest run that counts by now, and the events after it; none that has left the window. */
  #events: SessionEvent[] = []
  /** True once events before `#events` have been dropped. */
  #forgetful = false
  /** The number of first events that the reducers see: 0 once the session has ended. */
  #counted = 0

  constructor(node: StreamNode) {
    this.#node = node
  }

  /** Reads what `write` has written. */
  static read(node: StreamNode, reader: EventReader): SessionState {
    const [forgetful, counted, dueAt, events] = reader.value() as Data
    const state = new SessionState(node)
    state.#forgetful = forgetful
    state.#counted = counted
    state.dueAt = dueAt
    state.#events = events.map(([ts, arrival, ...reached]) => ({ ts, arrival, reached: reachedFromJson(reached) }))
    return state
  }

  insert(event: ProfileEvent, host: Host): void {
    const first = this.#events[0]
    if (this.#forgetful && (!first || compareEvents(event, first) < 0)) this.#readAgain(host)
    else this.#hold(event)
    this.advance(host)
  }

  advance(host: Host): void {
    const { from, to } = this.#node.window
    const left = this.#events.findIndex((held) => held.ts + to > host.now)
    if (left !== 0) this.#events.splice(0, left < 0 ? this.#events.length : left)
    let visible = this.#events.length
    while (visible > 0 && this.#events[visible - 1]!.ts + from > host.now) visible--
    let start = visible - 1
    while (start > 0 && this.#events[start]!.ts - this.#events[start - 1]!.ts < this.#node.sessionGap) start--
    if (start > 0) {
      this.#events.splice(0, start)
      this.#forgetful = true
      visible -= start
    }
    this.#schedule(visible, host)
  }

  value(): JsonValue {
    const accumulator = createAccumulator(this.#node.reducer, false)
    for (let index = 0; index < this.#counted; index++) {
      const held = this.#events[index]!
      accumulator.add(held, held.reached)
    }
    return accumulator.result()
  }

  write(scratch: Scratch): void {
    const events = this.#events.map(({ ts, arrival, reached }) => [ts, arrival, ...reachedToJson(reached)])
    writeValue(scratch, NO_NAMES, [this.#forgetful, this.#counted, this.dueAt, events])
  }

  #schedule(visible: number, host: Host): void {
    const { window, sessionGap } = this.#node
    const last = this.#events[visible - 1]
    const alive = last !== undefined && host.now < last.ts + sessionGap
    const next = this.#events[visible]
    this.#counted = alive ? visible : 0
    this.dueAt = Math.min(
      alive ? Math.min(last.ts + sessionGap, this.#events[0]!.ts + window.to) : Infinity,
      next ? next.ts + window.from : Infinity,
    )
  }

  #hold(event: ProfileEvent): void {
    const held = { ts: event.ts, arrival: event.arrival, reached: this.#node.read?.(event) }
    let index = this.#events.length
    while (index > 0 && compareEvents(this.#events[index - 1]!, held) > 0) index--
    // Of several events that join at once, reading again for the first has found the others too.
    if (this.#events[index - 1]?.arrival === held.arrival) return
    this.#events.splice(index, 0, held)
  }

  #readAgain(host: Host): void {
    this.#events = []
    this.#forgetful = false
    for (const event of host.keptEvents()) if (this.#node.passes(event)) this.#hold(event)
  }
}
