/** `sum(p)` and `avg(p)`: exact over the numeric values, rounded once; null if there are none, or if not finite. */
import type { JsonValue } from '../../src/model/json.ts'
import { ExactSum } from './exact-sum.ts'
import { each, numberOf, type Reached } from '../values/values.ts'
import type { EventOrder, TotalAccumulator } from './accumulator.ts'

export class SumAccumulator implements TotalAccumulator {
  readonly #kind: 'sum' | 'avg'
  readonly #sum = new ExactSum()
  #count = 0

  constructor(kind: 'sum' | 'avg') {
    this.#kind = kind
  }

  add(_place: EventOrder, reached: Reached): void {
    each(reached, (value) => {
      const number = numberOf(value)
      if (Number.isNaN(number)) return
      this.#sum.add(number)
      this.#count++
    })
  }

  remove(_place: EventOrder, reached: Reached): void {
    each(reached, (value) => {
      const number = numberOf(value)
      if (Number.isNaN(number)) return
      this.#sum.subtract(number)
      this.#count--
    })
  }

  result(): number | null {
    if (this.#count === 0) return null
    const sum = this.#sum.value()
    const result = this.#kind === 'sum' ? sum : sum / this.#count
    return Number.isFinite(result) ? result + 0 : null
  }

  state(): JsonValue {
    return [this.#count, this.#sum.state()]
  }

  addState(state: JsonValue): void {
    const [count, sum] = state as [number, JsonValue]
    this.#count += count
    this.#sum.addState(sum)
  }
}
