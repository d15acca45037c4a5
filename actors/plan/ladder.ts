/**
 * Any number of comparisons of one value with constants. The constants stand in order, once for all actors: when the
 * value moves from one place among them to another, only the comparisons in between can flip.
 *
 * Example: `count() >= 2`, `count() >= 5` and `count() = 5` have edges below 2, below 5, below 5 and above 5; a count
 * that goes from 3 to 4 passes none of them.
 */
import type { JsonValue } from '../../src/model/json.ts'
import type { Edge, StreamComparison } from './stream-comparison.ts'

/** A class, so that all are of one form: objects made from edges by spreading are not. */
class Rung implements Edge {
  readonly at: number
  readonly isAbove: boolean
  readonly comparison: StreamComparison

  constructor({ at, isAbove }: Edge, comparison: StreamComparison) {
    this.at = at
    this.isAbove = isAbove
    this.comparison = comparison
  }
}

export class Ladder {
  /** In ascending order. */
  readonly #rungs: readonly Rung[]
  /** Comparisons that may flip anywhere. */
  readonly #others: readonly StreamComparison[]
  readonly #all: readonly StreamComparison[]

  constructor(comparisons: readonly StreamComparison[]) {
    this.#all = comparisons
    this.#others = comparisons.filter(({ edges }) => edges === undefined)
    this.#rungs = comparisons
      .flatMap((comparison) => (comparison.edges ?? []).map((edge) => new Rung(edge, comparison)))
      .sort((a, b) => a.at - b.at || Number(a.isAbove) - Number(b.isAbove))
  }

  /** Visits the comparisons that hold for one of two values only; one may be visited twice. */
  visitFlipped(before: JsonValue, after: JsonValue, visit: (comparison: StreamComparison) => void): void {
    if (typeof before !== 'number' || typeof after !== 'number') {
      for (const comparison of this.#all) if (comparison.test(before) !== comparison.test(after)) visit(comparison)
      return
    }
    for (const comparison of this.#others) if (comparison.test(before) !== comparison.test(after)) visit(comparison)
    const from = this.#rungsBelow(Math.min(before, after))
    const until = this.#rungsBelow(Math.max(before, after))
    for (let index = from; index < until; index++) {
      const { comparison } = this.#rungs[index]!
      if (comparison.test(before) !== comparison.test(after)) visit(comparison)
    }
  }

  /** Returns the counts at which something may flip that held for one event less, ascending; at least 1 each. */
  thresholds(): readonly number[] {
    const counts = this.#rungs.map(({ at, isAbove }) => (isAbove ? Math.floor(at) + 1 : Math.ceil(at)))
    return [...new Set(counts)].filter((count) => count > 0)
  }

  #rungsBelow(value: number): number {
    let low = 0
    let high = this.#rungs.length
    while (low < high) {
      const middle = (low + high) >> 1
      const { at, isAbove } = this.#rungs[middle]!
      if (isAbove ? value > at : value >= at) low = middle + 1
      else high = middle
    }
    return low
  }
}
