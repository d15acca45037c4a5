/**
 * Comparators of the query language over reached values. A comparator holds if any pair of a left and a right value
 * satisfies it; `differs`, `omits`, `none_of` and `absent` are the negations among them. A missing right side
 * makes every comparator false.
 */
import { durationMs } from '../../src/language/duration.ts'
import type { Comparator, RelativeDateComparator } from '../../src/language/tree.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { equalValues, instantOf, numberOf, type Reached, Several, some, textOf } from './values.ts'

export type Test = (left: Reached, rights: readonly Reached[]) => boolean

/** What a verdict rests on: how long it holds by itself, and whether later events can change it. */
export interface Horizon {
  /** The earliest instant at which time alone may change it. */
  at: number
  /** Nothing that may still come can change it. */
  isSettled: boolean
}

type Pair = (left: JsonValue, right: JsonValue) => boolean

const numeric =
  (holds: (a: number, b: number) => boolean): Pair =>
  (left, right) =>
    holds(numberOf(left), numberOf(right))

const dated =
  (holds: (a: number, b: number) => boolean): Pair =>
  (left, right) =>
    holds(instantOf(left), instantOf(right))

const PAIRS: Record<string, Pair> = {
  equals: equalValues,
  greater_than: numeric((a, b) => a > b),
  at_least: numeric((a, b) => a >= b),
  less_than: numeric((a, b) => a < b),
  at_most: numeric((a, b) => a <= b),
  contains: (left, right) => textOf(left).includes(textOf(right)),
  starts_with: (left, right) => textOf(left).startsWith(textOf(right)),
  ends_with: (left, right) => textOf(left).endsWith(textOf(right)),
  one_of: equalValues,
  before_date: dated((a, b) => a < b),
  after_date: dated((a, b) => a > b),
}

const anyPair =
  (pair: Pair): Test =>
  (left, rights) => {
    for (const right of rights) if (some(left, (a) => some(right, (b) => pair(a, b)))) return true
    return false
  }

const isMissing = (reached: Reached) => reached === undefined || reached === null

const noPair = (pair: Pair): Test => {
  const found = anyPair(pair)
  return (left, rights) => !rights.every(isMissing) && !found(left, rights)
}

/** The test of a comparator that does not look at the clock. */
export function compileTest(comparator: Exclude<Comparator['comparator'], RelativeDateComparator>): Test {
  switch (comparator) {
    case 'exists':
      return (left) => !isMissing(left)
    case 'absent':
      return isMissing
    case 'differs': {
      const equalsNone = noPair(equalValues)
      return (left, rights) => !isMissing(left) && equalsNone(left, rights)
    }
    case 'omits':
      return noPair(PAIRS['contains']!)
    case 'none_of':
      return noPair(equalValues)
    default:
      return anyPair(PAIRS[comparator]!)
  }
}

/** The same test where the right side is constant: at every event, so without a closure for each pair. */
export function compileConstantTest(
  comparator: Exclude<Comparator['comparator'], RelativeDateComparator>,
  constants: readonly JsonValue[],
): (left: Reached) => boolean {
  const test = compileTest(comparator)
  const pair = PAIRS[comparator]
  if (!pair || constants.length !== 1) return (left) => test(left, constants)
  const constant = constants[0]!
  return (left) => {
    if (left === undefined || left === null) return false
    return left instanceof Several ? test(left, constants) : pair(left, constant)
  }
}

/** A relative date comparator at `now`, as the first and last instants at which a value satisfies it. */
type Span = (value: number, duration: number) => readonly [from: number, to: number]

const SPANS: Record<RelativeDateComparator, Span> = {
  within_last: (value, duration) => [value, value + duration],
  before_last: (value, duration) => [value + duration, Infinity],
  within_next: (value, duration) => [value - duration, value],
  after_next: (value, duration) => [-Infinity, value - duration],
}

export type TimedTest = (left: Reached, now: number, horizon: Horizon) => boolean

/** The test of a comparator relative to the clock; lowers the horizon to the next instant at which it may change. */
export function compileTimedTest(comparison: Comparator & { comparator: RelativeDateComparator }): TimedTest {
  const span = SPANS[comparison.comparator]
  const duration = durationMs(comparison.duration)
  return (left, now, horizon) => {
    horizon.isSettled = false
    let holds = false
    some(left, (value) => {
      const instant = instantOf(value)
      if (Number.isNaN(instant)) return false
      const [from, to] = span(instant, duration)
      if (now < from) horizon.at = Math.min(horizon.at, Math.ceil(from))
      else if (now <= to) {
        holds = true
        horizon.at = Math.min(horizon.at, Math.floor(to) + 1)
      }
      return false
    })
    return holds
  }
}
