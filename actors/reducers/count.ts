/** `count()`: the number of events. */
import type { Accumulator } from './accumulator.ts'

export class CountAccumulator implements Accumulator {
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
}
