/** `count()`: the number of events. */
import type { JsonValue } from '../../src/model/json.ts'
import type { TotalAccumulator } from './accumulator.ts'

export class CountAccumulator implements TotalAccumulator {
  #count = 0

  add(): void {
    this.#count++
  }

  remove(): void {
    this.#count--
  }

  result(): number {
    return this.#count
  }

  state(): JsonValue {
    return this.#count
  }

  addState(state: JsonValue): void {
    this.#count += state as number
  }
}
