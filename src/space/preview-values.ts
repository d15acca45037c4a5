/** The values that a computed trait would have, by ordinal, and how they are distributed. */
import type { JsonValue } from '../model/json.ts'
import type { PreviewValues } from '../model/preview.ts'

/** At these shares of all, from the least on. */
const QUANTILES = [0, 0.25, 0.5, 0.75, 0.9, 0.99, 1]
const FREQUENT_MAX = 20

export class ValueTally {
  readonly #values = new Map<number, number | string>()
  /** Values that are no numbers; they are held as JSON. */
  #texts = 0

  /** Replaces the value of an actor; null is none. */
  set(ordinal: number, value: JsonValue): void {
    if (typeof this.#values.get(ordinal) === 'string') this.#texts--
    if (value === null) this.#values.delete(ordinal)
    else this.#values.set(ordinal, typeof value === 'number' ? value : JSON.stringify(value))
    if (value !== null && typeof value !== 'number') this.#texts++
  }

  summary(): PreviewValues {
    const count = this.#values.size
    if (count === 0) return { count }
    return this.#texts === 0 ? { count, quantiles: this.#quantiles() } : { count, mostFrequent: this.#mostFrequent() }
  }

  #quantiles(): Record<string, number> {
    const sorted = Float64Array.from(this.#values.values() as Iterable<number>).sort()
    return Object.fromEntries(QUANTILES.map((share) => [share, sorted[Math.round(share * (sorted.length - 1))]!]))
  }

  #mostFrequent(): { value: JsonValue; count: number }[] {
    const counts = new Map<number | string, number>()
    for (const value of this.#values.values()) counts.set(value, (counts.get(value) ?? 0) + 1)
    const frequent = [...counts].sort((a, b) => b[1] - a[1]).slice(0, FREQUENT_MAX)
    return frequent.map(([value, count]) => ({
      value: typeof value === 'string' ? (JSON.parse(value) as JsonValue) : value,
      count,
    }))
  }
}
