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

/** The conditions under which a verdict holds: until when, and if later events can change it. */
export interface Horizon {
  /** The earliest instant at which time alone may change it. */
  at: number
  /** True if nothing that may still come can change it. */
  isSettled: boolean
}

type ValueTest = (left: JsonValue, right: JsonValue) => boolean

const numeric =
  (holds: (a: number, b: number) => boolean): ValueTest =>
  (left, right) =>
    holds(numberOf(left), numberOf(right))

const dated =
  (holds: (a: number, b: number) => boolean): ValueTest =>
  (left, right) =>
    holds(instantOf(left), instantOf(right))

/** Comparators that look at the values alone, and not at the clock. */
type ClocklessComparator = Exclude<Comparator['comparator'], RelativeDateComparator>
/** Comparators that hold unless some pair satisfies another one, or that look at the left side only. */
type DerivedComparator = 'exists' | 'absent' | 'differs' | 'omits' | 'none_of'
type PairComparator = Exclude<ClocklessComparator, DerivedComparator>

const PAIRS = {
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
} satisfies Record<PairComparator, ValueTest>

const anyPair =
  (pair: ValueTest): Test =>
  (left, rights) => {
    for (const right of rights) if (some(left, (a) => some(right, (b) => pair(a, b)))) return true
    return false
  }

const isMissing = (reached: Reached) => reached === undefined || reached === null

const noPair = (pair: ValueTest): Test => {
  const found = anyPair(pair)
  return (left, rights) => !rights.every(isMissing) && !found(left, rights)
}

const equalsNone = noPair(equalValues)

const DERIVED = {
  exists: (left) => !isMissing(left),
  absent: isMissing,
  differs: (left, rights) => !isMissing(left) && equalsNone(left, rights),
  omits: noPair(PAIRS.contains),
  none_of: equalsNone,
} satisfies Record<DerivedComparator, Test>

/** Compiles the test of a comparator that does not look at the clock. */
export function compileTest(comparator: ClocklessComparator): Test {
  return isDerived(comparator) ? DERIVED[comparator] : anyPair(PAIRS[comparator])
}

/** Compiles the same test for a constant right side: it runs at every event, so without a closure for each pair. */
export function compileConstantTest(
  comparator: ClocklessComparator,
  constants: readonly JsonValue[],
): (left: Reached) => boolean {
  const test = compileTest(comparator)
  if (isDerived(comparator) || constants.length !== 1) return (left) => test(left, constants)
  const pair = PAIRS[comparator]
  const constant = constants[0]!
  return (left) => {
    if (left === undefined || left === null) return false
    return left instanceof Several ? test(left, constants) : pair(left, constant)
  }
}

function isDerived(comparator: ClocklessComparator): comparator is DerivedComparator {
  return comparator in DERIVED
}

/** A relative date comparator at `now`, as the first and last instants at which a value satisfies it. */
type Span = (value: number, duration: number) => readonly [from: number, to: number]

const RELATIVE_SPANS: Record<RelativeDateComparator, Span> = {
  within_last: (value, duration) => [value, value + duration],
  before_last: (value, duration) => [value + duration, Infinity],
  within_next: (value, duration) => [value - duration, value],
  after_next: (value, duration) => [-Infinity, value - duration],
}

export type TimedTest = (left: Reached, now: number, horizon: Horizon) => boolean

/**
 * Compiles the test of a comparator relative to the clock; it lowers the horizon to the next instant at which it may
 * change.
 */
export function compileTimedTest(comparison: Comparator & { comparator: RelativeDateComparator }): TimedTest {
  const span = RELATIVE_SPANS[comparison.comparator]
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
