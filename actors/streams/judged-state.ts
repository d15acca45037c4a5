/** A stream whose occurrences are judged (funnels, references to traits, relative dates): reduces those that pass. */
import type { JsonValue } from '../../src/model/json.ts'
import { firstAfter, type Occurrence, type Occurrences } from '../plan/occurrence.ts'
import type { Host } from '../plan/host.ts'
import { createAccumulator } from '../reducers/create-accumulator.ts'
import { valueOfNothing, type StreamNode, type StreamState } from '../plan/stream-node.ts'

export class JudgedState implements StreamState {
  dueAt = Infinity
  bits = 0
  published: JsonValue[] | undefined = undefined
  readonly #node: StreamNode
  /** For each reducer, the index of the value that it reads of an occurrence; -1 for a count. */
  readonly #valueIndexes: readonly number[]
  /** True for a plain count over all history. */
  readonly #isPlainCount: boolean
  #values: JsonValue[]

  constructor(node: StreamNode, valueIndexes: readonly number[]) {
    this.#node = node
    this.#valueIndexes = valueIndexes
    const { window, sessionGap, reducers } = node
    this.#isPlainCount =
      window.to === Infinity && sessionGap === Infinity && reducers.every(({ kind }) => kind === 'count')
    this.#values = node.reducers.map(valueOfNothing)
  }

  insert(): void {
    // Events reach this stream as occurrences.
  }

  advance(host: Host): void {
    const state = host.occurrencesOf(this.#node.occurrences!.id)
    if (state) this.#reduce(state, host.now)
  }

  value(reducer: number): JsonValue {
    return this.#values[reducer]!
  }

  #reduce(state: Occurrences, now: number): void {
    const { window, sessionGap, reducers } = this.#node
    const { occurrences } = state
    if (this.#isPlainCount) {
      let count = 0
      for (const { passes } of occurrences) if (passes) count++
      this.#values = reducers.map(() => count)
      return
    }
    let start = window.to === Infinity ? 0 : firstAfter(occurrences, now - window.to)
    const end = window.from === 0 ? occurrences.length : firstAfter(occurrences, now - window.from)
    const counted: Occurrence[] = []
    for (; start < end; start++) if (occurrences[start]!.passes) counted.push(occurrences[start]!)
    let next = end
    while (next < occurrences.length && !occurrences[next]!.passes) next++
    this.dueAt = Math.min(
      this.#nextLeave(counted),
      next < occurrences.length ? occurrences[next]!.ts + window.from : Infinity,
    )
    const session = sessionGap === Infinity ? counted : this.#latestSession(counted, now)
    this.#values = reducers.map((reducer, each) => this.#reduceOne(reducer, each, session))
  }

  #nextLeave(counted: readonly Occurrence[]): number {
    const { window, countMax, leavesToFlip } = this.#node
    let leaves = 1
    if (countMax < Infinity && this.#node.sessionGap === Infinity) {
      const beyond = Math.max(0, counted.length - countMax)
      leaves = leavesToFlip[counted.length - beyond]!
      if (leaves === 0) return Infinity
      leaves += beyond
    }
    return leaves > counted.length ? Infinity : counted[leaves - 1]!.ts + window.to
  }

  #reduceOne(reducer: StreamNode['reducers'][number], each: number, counted: readonly Occurrence[]): JsonValue {
    if (reducer.kind === 'count') return counted.length
    const accumulator = createAccumulator(reducer, false)
    for (const occurrence of counted) accumulator.add(occurrence, occurrence.values[this.#valueIndexes[each]!])
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
