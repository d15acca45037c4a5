/**
 * `min(p)` and `max(p)`, by number or by text. In a window, a monotonic queue holds each event that no later event
 * beats; if no event leaves, the best is enough.
 */
import type { JsonValue } from '../../src/model/json.ts'
import { compareEvents } from '../../src/model/event.ts'
import { each, numberOf, type Reached, textOf } from '../values/values.ts'
import type { EventOrder, TotalAccumulator } from './accumulator.ts'

interface ExtremeEntry extends EventOrder {
  readonly value: number | string
}

export class ExtremeAccumulator implements TotalAccumulator {
  readonly #sign: 1 | -1
  readonly #as: 'number' | 'string'
  readonly #sliding: boolean
  /** In event order, each better than the next. */
  #entries: ExtremeEntry[] = []

  constructor(kind: 'min' | 'max', as: 'number' | 'string', sliding: boolean) {
    this.#sign = kind === 'max' ? 1 : -1
    this.#as = as
    this.#sliding = sliding
  }

  add(order: EventOrder, reached: Reached): void {
    const value = this.#extremeOf(reached)
    if (value === undefined) return
    const entry = { ts: order.ts, arrival: order.arrival, value }
    if (!this.#sliding) {
      this.#takeBest(entry)
      return
    }
    let index = this.#entries.length
    while (index > 0 && compareEvents(this.#entries[index - 1]!, entry) > 0) index--
    const later = this.#entries[index]
    if (later && !this.#beats(value, later.value)) return
    let start = index
    while (start > 0 && !this.#beats(this.#entries[start - 1]!.value, value)) start--
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
    if (!best || this.#beats(entry.value, best.value)) this.#entries = [entry]
  }

  #beats(a: number | string, b: number | string): boolean {
    return this.#sign === 1 ? a > b : a < b
  }

  #extremeOf(reached: Reached): number | string | undefined {
    let best: number | string | undefined
    each(reached, (value) => {
      const candidate = this.#as === 'string' ? textOf(value) : numberOf(value)
      if (typeof candidate === 'number' && Number.isNaN(candidate)) return
      if (best === undefined || this.#beats(candidate, best)) best = candidate
    })
    return best
  }
}
