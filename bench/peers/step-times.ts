/** Wall times of many steps, kept as numbers and told as quantiles. */
import { quantile } from '../harness/spread.ts'

const QUANTILES = 1000

export class StepTimes {
  #times = new Float64Array(1024)
  #count = 0

  add(ms: number): void {
    if (this.#count === this.#times.length) {
      const larger = new Float64Array(this.#count * 2)
      larger.set(this.#times)
      this.#times = larger
    }
    this.#times[this.#count++] = ms
  }

  /** Evenly spaced quantiles, ascending, the least and the greatest among them; none if there was no step. */
  quantiles(): number[] {
    if (this.#count === 0) return []
    const sorted = [...this.#times.subarray(0, this.#count).sort()]
    return Array.from({ length: QUANTILES + 1 }, (_, place) => quantile(sorted, place / QUANTILES))
  }
}
