/**
 * `min(p)` and `max(p)`, by number or by text. In a window, a monotonic queue holds each event that no later event
 * beats; if no event leaves, the best is enough.
 */
import type { Reducer } from '../../src/language/tree.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { compareEvents } from '../../src/model/event.ts'
import { each, numberOf, type Reached, textOf } from '../values/values.ts'
import type { EventOrder, TotalAccumulator } from './accumulator.ts'

/** `min` and `max`, with the form in which values are compared. */
export type ExtremeReducer = Extract<Reducer, { kind: 'min' | 'max' }>

interface ExtremeEntry extends EventOrder {
  readonly value: number | string
}

/** True if one value is the more extreme. */
export function beats({ kind }: ExtremeReducer, a: number | string, b: number | string): boolean {
  return kind === 'max' ? a > b : a < b
}

/** Returns the most extreme of the values that an event brings; undefined if there is none. */
export function extremeOf(reducer: ExtremeReducer, reached: Reached): number | string | undefined {
  let best: number | string | undefined
  each(reached, (value) => {
    const candidate = reducer.as === 'string' ? textOf(value) : numberOf(value)
    if (typeof candidate === 'number' && Number.isNaN(candidate)) return
    if (best === undefined || beats(reducer, candidate, best)) best = candidate
  })
  return best
}

export class ExtremeAccumulator implements TotalAccumulator {
  readonly #reducer: ExtremeReducer
  readonly #sliding: boolean
  /** In event order, each better than the next. */
  #entries: ExtremeEntry[] = []

  constructor(reducer: ExtremeReducer, sliding: boolean) {
    this.#reducer = reducer
    this.#sliding = sliding
  }

  add(order: EventOrder, reached: Reached): void {
    const value = extremeOf(this.#reducer, reached)
    if (value === undefined) return
    const entry = { ts: order.ts, arrival: order.arrival, value }
    if (!this.#sliding) {
      this.#takeBest(entry)
      return
    }
    let index = this.#entries.length
    while (index > 0 && compareEvents(this.#entries[index - 1]!, entry) > 0) index--
    const later = this.#entries[index]
    if (later && !beats(this.#reducer, value, later.value)) return
    let start = index
    while (start > 0 && !beats(this.#reducer, this.#entries[start - 1]!.value, value)) start--
    this.#entries.splice(start, index - start, entry)
  }

  remove(order: EventOrder): void {
    const oldest = this.#entries[0]
    if (oldest && oldest.ts === order.ts && oldest.arrival === order.arrival) this.#entries.shift()
  }

  result(): number | string | null {
    const value = this.#entries[0]?.value
    if (value === undefined) return null
    return typeof value === 'string' ? value : Number.isFinite(value) ? value + 0 : null
  }

  state(): JsonValue {
    return this.#entries.map(({ value, ts, arrival }) => [value, ts, arrival])
  }

  addState(state: JsonValue): void {
    for (const [value, ts, arrival] of state as [number | string, number, number][])
      this.#takeBest({ value, ts, arrival })
  }

  #takeBest(entry: ExtremeEntry): void {
    const best = this.#entries[0]
    if (!best || beats(this.#reducer, entry.value, best.value)) this.#entries = [entry]
  }
}
