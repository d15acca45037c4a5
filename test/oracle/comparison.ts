/** Comparators (docs/semantics.md sections 3 and 4) on the values that the left and right side reach. */
import type { BinaryComparator, ListComparator, RelativeDateComparator } from '../../src/language/tree.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { Moment } from './moment.ts'
import { instantOf, numberOf, textOf } from './values.ts'

type Values = readonly JsonValue[]
type Pair = (left: JsonValue, right: JsonValue) => boolean

/** A missing right side makes each of them false, a missing left side all but `omits` and `none_of`. */
export function compare(left: Values, comparator: BinaryComparator | ListComparator, right: Values): boolean {
  if (right.length === 0) return false
  const anyPair = (pair: Pair) => left.some((a) => right.some((b) => pair(a, b)))
  switch (comparator) {
    case 'equals':
    case 'one_of':
      return anyPair(areEqual)
    case 'differs':
      return left.length > 0 && !anyPair(areEqual)
    case 'none_of':
      return !anyPair(areEqual)
    case 'greater_than':
      return anyPair(numerically((a, b) => a > b))
    case 'at_least':
      return anyPair(numerically((a, b) => a >= b))
    case 'less_than':
      return anyPair(numerically((a, b) => a < b))
    case 'at_most':
      return anyPair(numerically((a, b) => a <= b))
    case 'contains':
      return anyPair((a, b) => textOf(a).includes(textOf(b)))
    case 'omits':
      return !anyPair((a, b) => textOf(a).includes(textOf(b)))
    case 'starts_with':
      return anyPair((a, b) => textOf(a).startsWith(textOf(b)))
    case 'ends_with':
      return anyPair((a, b) => textOf(a).endsWith(textOf(b)))
  }
}

function areEqual(a: JsonValue, b: JsonValue): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b
  if (typeof a === 'boolean' || typeof b === 'boolean') return textOf(a).toLowerCase() === textOf(b).toLowerCase()
  const [x, y] = [numberOf(a), numberOf(b)]
  return x !== undefined && y !== undefined ? x === y : textOf(a) === textOf(b)
}

function numerically(holds: (a: number, b: number) => boolean): Pair {
  return (left, right) => {
    const [a, b] = [numberOf(left), numberOf(right)]
    return a !== undefined && b !== undefined && holds(a, b)
  }
}

export function compareDates(left: Values, comparator: 'before_date' | 'after_date', right: Values): boolean {
  const [values, bounds] = [instantsOf(left), instantsOf(right)]
  return values.some((value) => bounds.some((t) => (comparator === 'before_date' ? value < t : value > t)))
}

/** Both ends inclusive, so a range ends one millisecond after its last instant. */
export function compareToNow(
  left: Values,
  comparator: RelativeDateComparator,
  durationMs: number,
  moment: Moment,
): boolean {
  return instantsOf(left).some((value) => {
    switch (comparator) {
      case 'within_last':
        return moment.isWithin(Math.ceil(value), Math.floor(value + durationMs) + 1)
      case 'before_last':
        return moment.reached(Math.ceil(value + durationMs))
      case 'within_next':
        return moment.isWithin(Math.ceil(value - durationMs), Math.floor(value) + 1)
      case 'after_next':
        return !moment.reached(Math.floor(value - durationMs) + 1)
    }
  })
}

function instantsOf(values: Values): number[] {
  return values.map(instantOf).filter((instant) => instant !== undefined)
}
