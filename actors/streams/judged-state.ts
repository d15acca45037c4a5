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

  #reduce(state: Occurrences, now: number): void {
    const { window, sessionGap, countMax, reducer } = this.#node
    const { occurrences } = state
    if (window.to === Infinity && sessionGap === Infinity && countMax === Infinity && reducer.kind === 'count') {
      let count = 0
      for (const { passes } of occurrences) if (passes) count++
      this.#value = count
      return
    }
    const start = window.to === Infinity ? 0 : firstAfter(occurrences, now - window.to)
    const end = window.from === 0 ? occurrences.length : firstAfter(occurrences, now - window.from)
    // A count that is compared with constants needs the newest alone; in a session, the run decides.
    const counted = passing(occurrences, start, end, sessionGap === Infinity ? countMax : Infinity)
    let next = end
    while (next < occurrences.length && !occurrences[next]!.passes) next++
    this.dueAt = Math.min(
      this.#nextLeave(counted),
      next < occurrences.length ? occurrences[next]!.ts + window.from : Infinity,
    )
    const session = sessionGap === Infinity ? counted : this.#latestSession(counted, now)
    this.#value = this.#reduceCounted(session)
  }

  #nextLeave(counted: readonly Occurrence[]): number {
    const { window, countMax, sessionGap, thresholds } = this.#node
    if (counted.length === 0) return Infinity
    if (countMax === Infinity || sessionGap < Infinity) return counted[0]!.ts + window.to
    let at = thresholds.length - 1
    while (at >= 0 && thresholds[at]! > counted.length) at--
    return at < 0 ? Infinity : counted[counted.length - thresholds[at]!]!.ts + window.to
  }

  #reduceCounted(counted: readonly Occurrence[]): JsonValue {
    const { reducer, valueIndex } = this.#node
    if (reducer.kind === 'count') return counted.length
    const accumulator = createAccumulator(reducer, false)
    for (const occurrence of counted) accumulator.add(occurrence, occurrence.values[valueIndex])
    return accumulator.result()
  }

  #latestSession(counted: Occurrence[], now: number): Occurrence[] {
    const last = counted.at(-1)
    if (!last || now >= last.ts + this.#node.sessionGap) return []
    this.dueAt = Math.min(this.dueAt, last.ts + this.#node.sessionGap)
    let start = counted.length - 1
    while (start > 0 && counted[start]!.ts - counted[start - 1]!.ts < this.#node.sessionGap) start--
    return counted.slice(start)
  }
}

/** Lists, in their order, the newest of a range that pass: so many, or all. */
function passing(occurrences: readonly Occurrence[], start: number, end: number, max: number): Occurrence[] {
  const found: Occurrence[] = []
  for (let index = end - 1; index >= start && found.length < max; index--)
    if (occurrences[index]!.passes) found.push(occurrences[index]!)
  return found.reverse()
}
