/**
 * Comparisons as sentences of words and slots: their parts, and the same comparison with another part.
 *
 * A comparison of a trait is always a sentence. One of events is, if each kind of filter stands once at most. Whatever
 * is none is written as text in its place.
 */
import type { Comparison, Condition, Filter, Reducer, Reduction } from '../../../../src/language/tree.ts'

/** A comparison of what events are reduced to. */
export type EventComparison = Comparison & { readonly left: Reduction }

type Windowed = Extract<Filter, { kind: 'within' | 'between' }>

/** The parts of a sentence about events. */
export interface EventParts {
  readonly event: string
  /** Conditions of the `where`, joined by "and". */
  readonly items: readonly Condition[]
  /** Relative to now. */
  readonly window: Windowed | undefined
  /** Relative to the event around it. */
  readonly reach: Windowed | undefined
  /** Ids of sources that are left out. */
  readonly excluded: readonly string[]
  /** The end of a visit. */
  readonly expiresAfter: Extract<Filter, { kind: 'expires_after' }> | undefined
  readonly reducer: Reducer
}

type FilterRole = 'where' | 'window' | 'reach' | 'sources' | 'expires_after'

function roleOf(filter: Filter): FilterRole {
  if (filter.kind === 'within' || filter.kind === 'between') return filter.parent ? 'reach' : 'window'
  return filter.kind
}

export function isEventComparison(condition: Condition): condition is EventComparison {
  return condition.kind === 'comparison' && condition.left.kind === 'reduction'
}

/** True if a condition can be drawn as a sentence. */
export function isSentence(condition: Condition): condition is Comparison {
  if (condition.kind !== 'comparison') return false
  if (condition.left.kind !== 'reduction') return true
  const roles = condition.left.stream.filters.map(roleOf)
  return new Set(roles).size === roles.length
}

/** A condition of a `where` as it is drawn. */
export type Item =
  | { readonly kind: 'test'; readonly comparison: Comparison }
  | { readonly kind: 'then'; readonly isNegated: boolean; readonly comparison: EventComparison }
  | { readonly kind: 'text'; readonly condition: Condition }

/** Returns how a condition of a `where` is drawn: as a test of a field, as what happened then, or as text. */
export function itemOf(condition: Condition): Item {
  const isNegated = condition.kind === 'not'
  const inner = isNegated ? condition.operand : condition
  if (isEventComparison(inner) && isSentence(inner)) return { kind: 'then', isNegated, comparison: inner }
  if (condition.kind === 'comparison' && isSentence(condition)) return { kind: 'test', comparison: condition }
  return { kind: 'text', condition }
}

/** Returns the parts of a sentence about events. */
export function partsOf({ left: { stream, reducer } }: EventComparison): EventParts {
  const of = (role: FilterRole): Filter | undefined => stream.filters.find((filter) => roleOf(filter) === role)
  const where = of('where') as Extract<Filter, { kind: 'where' }> | undefined
  const sources = of('sources') as Extract<Filter, { kind: 'sources' }> | undefined
  return {
    event: stream.event,
    items: where === undefined ? [] : where.condition.kind === 'and' ? where.condition.operands : [where.condition],
    window: of('window') as Windowed | undefined,
    reach: of('reach') as Windowed | undefined,
    excluded: sources?.exclude ?? [],
    expiresAfter: of('expires_after') as EventParts['expiresAfter'],
    reducer,
  }
}

/** Returns the comparison with other events. */
export function withEvent(comparison: EventComparison, event: string): EventComparison {
  const { left } = comparison
  return { ...comparison, left: { ...left, stream: { ...left.stream, event } } }
}

/** Returns the comparison with other conditions of its `where`; none takes it away. */
export function withItems(comparison: EventComparison, items: readonly Condition[]): EventComparison {
  const flat = items.flatMap((item) => (item.kind === 'and' ? item.operands : [item]))
  const condition: Condition | undefined = flat.length > 1 ? { kind: 'and', operands: flat } : flat[0]
  return withFilter(comparison, 'where', condition && { kind: 'where', condition })
}

/** Returns the comparison with another window, relative to now; undefined: at any time. */
export function withWindow(comparison: EventComparison, window: Windowed | undefined): EventComparison {
  return withFilter(comparison, 'window', window)
}

/** Returns the comparison with another reach, relative to the event around it; undefined: at any time after it. */
export function withReach(comparison: EventComparison, reach: Windowed | undefined): EventComparison {
  return withFilter(comparison, 'reach', reach)
}

/** Returns the comparison of the current visit alone; undefined: of all events. */
export function withVisit(comparison: EventComparison, expiresAfter: EventParts['expiresAfter']): EventComparison {
  return withFilter(comparison, 'expires_after', expiresAfter)
}

/** Returns the comparison without the events of some sources. */
export function withoutSources(comparison: EventComparison, exclude: readonly string[]): EventComparison {
  return withFilter(comparison, 'sources', exclude.length === 0 ? undefined : { kind: 'sources', exclude })
}

/** A filter takes the place of the one of its role; a new `where` is the first, any other the last. */
function withFilter(comparison: EventComparison, role: FilterRole, filter: Filter | undefined): EventComparison {
  const { left } = comparison
  const { filters } = left.stream
  const index = filters.findIndex((old) => roleOf(old) === role)
  const others = filters.filter((_, place) => place !== index)
  const at = index >= 0 ? index : role === 'where' ? 0 : others.length
  const changed = filter ? [...others.slice(0, at), filter, ...others.slice(at)] : others
  return { ...comparison, left: { ...left, stream: { ...left.stream, filters: changed } } }
}

/** Returns the comparison of another reduction of the same events; a test that fits no longer starts anew. */
export function withReducer(comparison: EventComparison, reducer: Reducer): EventComparison {
  const left = { ...comparison.left, reducer }
  const isNumber = ['count', 'sum', 'avg', 'unique_count'].includes(reducer.kind)
  const right = 'right' in comparison && !Array.isArray(comparison.right) ? comparison.right : undefined
  const fits =
    !isNumber || (right !== undefined && 'kind' in right && right.kind === 'literal' && typeof right.value === 'number')
  if (fits) return { ...comparison, left }
  return { kind: 'comparison', left, comparator: 'at_least', right: { kind: 'literal', value: 1 } }
}
