/** A stream whose occurrences are judged (funnels, references to traits, relative dates): reduces those that pass. */
import type { JsonValue } from '../../src/model/json.ts'
import { firstAfter, type Occurrence, type Occurrences } from '../plan/occurrence.ts'
import type { Host } from '../plan/host.ts'
import { createAccumulator } from '../reducers/create-accumulator.ts'
import { valueOfNothing, type StreamNode } from '../plan/stream-node.ts'
import { type EventReader, writeValue } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { StreamState } from './stream-state.ts'

export class JudgedState implements StreamState {
  dueAt = Infinity
  readonly #node: StreamNode
  #value: JsonValue

  constructor(node: StreamNode) {
    this.#node = node
    this.#value = valueOfNothing(node.reducer)
  }

  /** Reads what `write` has written. */
  static read(node: StreamNode, reader: EventReader): JudgedState {
    const state = new JudgedState(node)
    state.dueAt = reader.double()
    state.#value = reader.value()
    return state
  }

  advance(host: Host): void {
    const state = host.occurrencesOf(this.#node.occurrences!.id)
    if (state) this.#reduce(state, host.now)
  }

  value(): JsonValue {
    return this.#value
  }

  write(scratch: Scratch): void {
    scratch.double(this.dueAt)
    writeValue(scratch, NO_NAMES, this.#value)
  }

  #reduce({ passing }: Occurrences, now: number): void {
    const { window, sessionGap, countMax } = this.#node
    const end = window.from === 0 ? passing.length : firstAfter(passing, now - window.from)
    const first = window.to === Infinity ? 0 : Math.min(end, firstAfter(passing, now - window.to))
    // A count that is compared with constants needs the newest alone; in a session, the run decides.
    const start = sessionGap === Infinity ? Math.max(first, end - countMax) : first
    this.dueAt = end < passing.length ? passing[end]!.ts + window.from : Infinity
    if (start < end) this.dueAt = Math.min(this.dueAt, this.#nextLeave(passing, start, end))
    const counted = sessionGap === Infinity ? start : this.#latestSession(passing, start, end, now)
    this.#value = this.#reduceRange(passing, counted, end)
  }

  #nextLeave(passing: readonly Occurrence[], start: number, end: number): number {
    const { window, countMax, sessionGap, thresholds } = this.#node
    if (countMax === Infinity || sessionGap < Infinity) return passing[start]!.ts + window.to
    let at = thresholds.length - 1
    while (at >= 0 && thresholds[at]! > end - start) at--
    return at < 0 ? Infinity : passing[end - thresholds[at]!]!.ts + window.to
  }

  #reduceRange(passing: readonly Occurrence[], start: number, end: number): JsonValue {
    const { reducer, valueIndex } = this.#node
    if (reducer.kind === 'count') return end - start
    const accumulator = createAccumulator(reducer, false)
    for (let index = start; index < end; index++) accumulator.add(passing[index]!, passing[index]!.values[valueIndex])
    return accumulator.result()
  }

  /** Returns where the session begins that is still open; the end of the range if there is none. */
  #latestSession(passing: readonly Occurrence[], first: number, end: number, now: number): number {
    const { sessionGap } = this.#node
    if (first >= end || now >= passing[end - 1]!.ts + sessionGap) return end
    this.dueAt = Math.min(this.dueAt, passing[end - 1]!.ts + sessionGap)
    let start = end - 1
    while (start > first && passing[start]!.ts - passing[start - 1]!.ts < sessionGap) start--
    return start
  }
}
