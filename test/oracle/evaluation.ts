/**
 * Conditions, streams and reducers of docs/semantics.md sections 3 to 6, computed from all events each time.
 * Shares with the product the syntax tree and nothing else.
 */
import type {
  Comparison,
  Condition,
  Duration,
  EventField,
  Filter,
  Operand,
  Reducer,
  Reduction,
  Scalar,
  Stream,
} from '../../src/language/tree.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { compare, compareDates, compareToNow } from './comparison.ts'
import { exactSum } from './exact-sum.ts'
import type { Moment } from './moment.ts'
import { alphabetically, entriesOf, numberOf, pathParts, reach, reachWhole, textOf } from './values.ts'

export type Quantifier = Extract<Condition, { kind: 'quantifier' }>

/** An event of a user; events are ordered by `(ts, arrival)`. */
export interface OracleEvent {
  readonly name: string
  readonly ts: number
  readonly arrival: number
  readonly sourceId: string
  readonly messageId: string
  readonly properties: Readonly<Record<string, JsonValue>>
  readonly context: Readonly<Record<string, JsonValue>>
}

/** A user or an account, as it is seen when it is evaluated. */
export interface View {
  readonly moment: Moment
  /** In order of `(ts, arrival)`. */
  events(name: string): readonly OracleEvent[]
  trait(name: string): readonly JsonValue[]
  quantified(quantifier: Quantifier): boolean
}

/** Inside a `where` or a reducer: the event at hand, and the occurrence that directly encloses it. */
interface Occurrence {
  readonly event?: OracleEvent | undefined
  readonly parent?: OracleEvent | undefined
}

export function holds(condition: Condition, view: View, occurrence: Occurrence = {}): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.operands.every((operand) => holds(operand, view, occurrence))
    case 'or':
      return condition.operands.some((operand) => holds(operand, view, occurrence))
    case 'not':
      return !holds(condition.operand, view, occurrence)
    case 'quantifier':
      return view.quantified(condition)
    case 'comparison':
      return comparisonHolds(condition, view, occurrence)
  }
}

function comparisonHolds(comparison: Comparison, view: View, occurrence: Occurrence): boolean {
  const left = scalarValues(comparison.left, view, occurrence)
  const valuesOf = (operand: Operand) => operandValues(operand, view, occurrence)
  switch (comparison.comparator) {
    case 'exists':
      return left.length > 0
    case 'absent':
      return left.length === 0
    case 'within_last':
    case 'within_next':
    case 'before_last':
    case 'after_next':
      return compareToNow(left, comparison.comparator, durationMs(comparison.duration), view.moment)
    case 'before_date':
    case 'after_date':
      return compareDates(left, comparison.comparator, valuesOf(comparison.right))
    case 'contains':
    case 'omits':
    case 'starts_with':
    case 'ends_with':
    case 'one_of':
    case 'none_of':
      return compare(left, comparison.comparator, comparison.right.flatMap(valuesOf))
    case 'equals':
    case 'differs':
    case 'greater_than':
    case 'at_least':
    case 'less_than':
    case 'at_most':
      return compare(left, comparison.comparator, valuesOf(comparison.right))
  }
}

function scalarValues(scalar: Scalar, view: View, occurrence: Occurrence): readonly JsonValue[] {
  if (scalar.kind !== 'reduction') return operandValues(scalar, view, occurrence)
  const value = reduce(scalar, view, occurrence)
  return value === null ? [] : entriesOf(value)
}

function operandValues(operand: Operand, view: View, occurrence: Occurrence): readonly JsonValue[] {
  switch (operand.kind) {
    case 'literal':
      return [operand.value]
    case 'date':
      return [operand.text]
    case 'trait':
      return view.trait(operand.name)
    case 'property':
    case 'context':
      return fieldSource(operand, occurrence, reach)
  }
}

function fieldSource(field: EventField, occurrence: Occurrence, reached: typeof reach): JsonValue[] {
  const parts = pathParts(field.path)
  if (field.kind === 'context') return reached(occurrence.event?.context, parts)
  return reached((field.parent ? occurrence.parent : occurrence.event)?.properties, parts)
}

const UNIT_MS = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 }

function durationMs(duration: Duration): number {
  return duration.amount * UNIT_MS[duration.unit]
}

/** Null: the reducer has no value. */
export function reduce(reduction: Reduction, view: View, occurrence: Occurrence = {}): JsonValue {
  const events = eventsOf(reduction.stream, view, occurrence)
  const reducer = reduction.reducer
  if (reducer.kind === 'count') return events.length
  const wholeArrays = reducer.kind === 'mode' && reducer.as === 'array'
  return reduceValues(
    reducer,
    events.map((event) => {
      const inside = { event, parent: occurrence.event }
      return fieldSource(reducer.of, inside, wholeArrays ? reachWhole : reach)
    }),
  )
}

function reduceValues(reducer: Exclude<Reducer, { kind: 'count' }>, valuesByEvent: readonly JsonValue[][]): JsonValue {
  const values = valuesByEvent.flat()
  const numbers = values.map(numberOf).filter((number) => number !== undefined)
  switch (reducer.kind) {
    case 'sum':
      return numbers.length === 0 ? null : exactSum(numbers)
    case 'avg': {
      const sum = exactSum(numbers)
      return numbers.length === 0 || sum === null ? null : sum / numbers.length
    }
    case 'min':
      return reducer.as === 'string' ? (texts(values)[0] ?? null) : finite(Math.min(...numbers))
    case 'max':
      return reducer.as === 'string' ? (texts(values).at(-1) ?? null) : finite(Math.max(...numbers))
    case 'first':
      return values[0] ?? null
    case 'last':
      return values.at(-1) ?? null
    case 'unique':
      return values.length === 0 ? null : distinct(values)
    case 'unique_count':
      return distinct(values).length
    case 'mode':
      return mode(reducer.as === 'string' ? values.map(textOf) : values, reducer.minFrequency)
  }
}

function finite(number: number): number | null {
  return Number.isFinite(number) ? number : null
}

function texts(values: readonly JsonValue[]): string[] {
  return values.map(textOf).sort(alphabetically)
}

/** Distinct as text, each in the form first seen, in alphabetical order of their text. */
function distinct(values: readonly JsonValue[]): JsonValue[] {
  const forms = new Map<string, JsonValue>()
  for (const value of values) if (!forms.has(textOf(value))) forms.set(textOf(value), value)
  return [...forms].sort(([a], [b]) => alphabetically(a, b)).map(([, form]) => form)
}

function mode(values: readonly JsonValue[], minFrequency: number): JsonValue {
  const frequency = (form: JsonValue) => values.filter((value) => textOf(value) === textOf(form)).length
  const forms = distinct(values).map((form) => ({ form, frequency: frequency(form) }))
  const highest = Math.max(minFrequency, ...forms.map((candidate) => candidate.frequency))
  return forms.find((candidate) => candidate.frequency === highest)?.form ?? null
}

/** The events of a stream, oldest first. Inside a `where`, only those strictly after the enclosing occurrence. */
function eventsOf(stream: Stream, view: View, { event: parent }: Occurrence): OracleEvent[] {
  const kept = view.events(stream.event).filter(
    (event) =>
      (parent === undefined || isAfter(event, parent)) &&
      // Windows are asked twice, first without noting what lies ahead: an event that fails a `where` need not be looked at again.
      !stream.filters.some((filter) => isOver(filter, event, parent, view.moment.now)) &&
      stream.filters.every((filter) => filter.kind !== 'where' || holds(filter.condition, view, { event, parent })) &&
      stream.filters.every((filter) => passes(filter, event, parent, view.moment)),
  )
  return stream.filters.reduce(
    (events, filter) =>
      filter.kind === 'expires_after' ? lastSession(events, durationMs(filter.duration), view.moment) : events,
    kept,
  )
}

function isAfter(event: OracleEvent, parent: OracleEvent): boolean {
  return event.ts > parent.ts || (event.ts === parent.ts && event.arrival > parent.arrival)
}

/** Returns true if the event is out of the filter for good: of another source, or its window is past. */
function isOver(filter: Filter, event: OracleEvent, parent: OracleEvent | undefined, now: number): boolean {
  if (filter.kind === 'sources') return filter.exclude.includes(event.sourceId)
  const window = windowOf(filter)
  if (window === undefined) return false
  if (!window.parent) return now >= event.ts + window.to
  const age = parent === undefined ? Infinity : event.ts - parent.ts
  return age < window.from || age >= window.to
}

function passes(filter: Filter, event: OracleEvent, parent: OracleEvent | undefined, moment: Moment): boolean {
  if (isOver(filter, event, parent, moment.now)) return false
  const window = windowOf(filter)
  if (window === undefined || window.parent) return true
  return moment.isWithin(event.ts + window.from, event.ts + window.to)
}

function windowOf(filter: Filter): { from: number; to: number; parent: boolean } | undefined {
  if (filter.kind === 'within') return { from: 0, to: durationMs(filter.duration), parent: filter.parent }
  if (filter.kind !== 'between') return undefined
  const [a, b] = [durationMs(filter.from), durationMs(filter.to)]
  return { from: Math.min(a, b), to: Math.max(a, b), parent: filter.parent }
}

/** The latest run of events with gaps shorter than `gapMs`; nothing once as much time has passed since the last. */
function lastSession(events: OracleEvent[], gapMs: number, moment: Moment): OracleEvent[] {
  const last = events.at(-1)
  if (last === undefined || moment.reached(last.ts + gapMs)) return []
  const breaks = events.map((event, index) => index > 0 && event.ts - events[index - 1]!.ts >= gapMs)
  return events.slice(Math.max(0, breaks.lastIndexOf(true)))
}
