/**
 * `unique(p)`, `unique(p).count()` and `mode(p, n)`: how often each text occurs. A text may stand for values of several
 * forms (`10` and `'10'`); the form given is the one first seen in event order.
 */
import type { JsonValue } from '../../src/model/json.ts'
import { compareEvents } from '../../src/model/event.ts'
import { compareText, each, type Reached, textOf } from '../values/values.ts'
import type { EventOrder, TotalAccumulator } from './accumulator.ts'

interface Form {
  readonly value: JsonValue
  /** The events in which it occurs, in event order; only the first if events never leave. */
  readonly orders: EventOrder[]
}

interface TextCount {
  count: number
  /** One for each type of value; nearly always one. */
  readonly forms: Form[]
}

export class DistinctAccumulator implements TotalAccumulator {
  readonly #kind: 'unique' | 'unique_count' | 'mode'
  readonly #as: 'value' | 'string' | 'number' | 'array'
  readonly #minFrequency: number
  readonly #sliding: boolean
  readonly #texts = new Map<string, TextCount>()

  constructor(
    kind: 'unique' | 'unique_count' | 'mode',
    as: 'value' | 'string' | 'number' | 'array',
    minFrequency: number,
    sliding: boolean,
  ) {
    this.#kind = kind
    this.#as = as
    this.#minFrequency = minFrequency
    this.#sliding = sliding
  }

  add(order: EventOrder, reached: Reached): void {
    each(reached, (value) => {
      const text = textOf(value)
      const form = this.#as === 'string' ? text : value
      const held = this.#texts.get(text)
      if (!held) {
        this.#texts.set(text, { count: 1, forms: [{ value: form, orders: [order] }] })
        return
      }
      held.count++
      const same = held.forms.find((other) => typeof other.value === typeof form)
      if (same && this.#sliding) insertOrder(same.orders, order)
      else addFirst(held.forms, form, order)
    })
  }

  remove(_place: EventOrder, reached: Reached): void {
    each(reached, (value) => {
      const text = textOf(value)
      const held = this.#texts.get(text)
      if (!held) return
      held.count--
      if (held.count === 0) {
        this.#texts.delete(text)
        return
      }
      const form = this.#as === 'string' ? text : value
      const index = held.forms.findIndex((other) => typeof other.value === typeof form)
      const orders = held.forms[index]!.orders
      orders.shift()
      if (orders.length === 0) held.forms.splice(index, 1)
    })
  }

  state(): JsonValue {
    return [...this.#texts].map(([text, { count, forms }]) => [
      text,
      count,
      forms.map(({ value, orders }) => [value, orders[0]!.ts, orders[0]!.arrival]),
    ])
  }

  addState(state: JsonValue): void {
    for (const [text, count, forms] of state as [string, number, [JsonValue, number, number][]][]) {
      const held = this.#texts.get(text) ?? { count: 0, forms: [] }
      held.count += count
      for (const [value, ts, arrival] of forms) addFirst(held.forms, value, { ts, arrival })
      this.#texts.set(text, held)
    }
  }

  result(): JsonValue {
    if (this.#kind === 'unique_count') return this.#texts.size
    return this.#kind === 'unique' ? this.#uniques() : this.#mode()
  }

  #uniques(): JsonValue {
    if (this.#texts.size === 0) return null
    const texts = [...this.#texts.keys()].sort(compareText)
    return texts.map((text) => firstForm(this.#texts.get(text)!))
  }

  #mode(): JsonValue {
    let best: string | undefined
    let most = 0
    for (const [text, { count }] of this.#texts) {
      if (count < this.#minFrequency || count < most) continue
      if (count > most || best === undefined || text < best) best = text
      most = count
    }
    return best === undefined ? null : firstForm(this.#texts.get(best)!)
  }
}

function firstForm(occurrences: TextCount): JsonValue {
  let first = occurrences.forms[0]!
  for (const form of occurrences.forms) if (compareEvents(form.orders[0]!, first.orders[0]!) < 0) first = form
  return first.value
}

/** Adds the first event alone of each form. */
function addFirst(forms: Form[], value: JsonValue, order: EventOrder): void {
  const same = forms.find((other) => typeof other.value === typeof value)
  if (!same) forms.push({ value, orders: [order] })
  else if (compareEvents(order, same.orders[0]!) < 0) same.orders[0] = order
}

function insertOrder(orders: EventOrder[], order: EventOrder): void {
  let index = orders.length
  while (index > 0 && compareEvents(orders[index - 1]!, order) > 0) index--
  orders.splice(index, 0, order)
}
