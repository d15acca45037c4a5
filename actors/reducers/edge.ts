/** `first(p)`: the first value of the first event that has one; `last(p)`: the last value of the last. */
import type { JsonValue } from '../../src/model/json.ts'
import { compareEvents } from '../../src/model/event.ts'
import { type Reached, Several } from '../values/values.ts'
import type { EventOrder, TotalAccumulator } from './accumulator.ts'

interface EdgeEntry extends EventOrder {
  readonly value: JsonValue
}

/** Returns the outermost of the values that an event brings; undefined if there is none. */
export function edgeOf(kind: 'first' | 'last', reached: Reached): JsonValue | undefined {
  const edge = reached instanceof Several ? reached.values.at(kind === 'first' ? 0 : -1) : reached
  return edge ?? undefined
}

export class EdgeAccumulator implements TotalAccumulator {
  readonly #kind: 'first' | 'last'
  readonly #sliding: boolean
  /** In event order. One entry is enough, but for `first` in a window, where the next follows when it leaves. */
  #entries: EdgeEntry[] = []

  constructor(kind: 'first' | 'last', sliding: boolean) {
    this.#kind = kind
    this.#sliding = sliding
  }

  add(order: EventOrder, reached: Reached): void {
    const value = edgeOf(this.#kind, reached)
    if (value === undefined) return
    const entry = { ts: order.ts, arrival: order.arrival, value }
    if (this.#kind === 'first' && this.#sliding) this.#insert(entry)
    else this.#takeOutermost(entry)
  }

  remove(order: EventOrder): void {
    const oldest = this.#entries[0]
    if (oldest && oldest.ts === order.ts && oldest.arrival === order.arrival) this.#entries.shift()
  }

  result(): JsonValue {
    return this.#entries[0]?.value ?? null
  }

  state(): JsonValue {
    return this.#entries.map(({ value, ts, arrival }) => [value, ts, arrival])
  }

  addState(state: JsonValue): void {
    for (const [value, ts, arrival] of state as [JsonValue, number, number][])
      this.#takeOutermost({ value, ts, arrival })
  }

  #takeOutermost(entry: EdgeEntry): void {
    const held = this.#entries[0]
    if (!held || compareEvents(entry, held) > 0 === (this.#kind === 'last')) this.#entries[0] = entry
  }

  #insert(entry: EdgeEntry): void {
    let index = this.#entries.length
    while (index > 0 && compareEvents(this.#entries[index - 1]!, entry) > 0) index--
    this.#entries.splice(index, 0, entry)
  }
}
