/**
 * Comparisons as sentences of words and slots. A comparison of a trait is always one. One of events is, if its stream
 * is drawn. Whatever is none is written as text in its place.
 */
import type { Comparison, Condition, Operand, Reducer, Reduction, Stream } from '../../../../src/language/tree.ts'
import { givesNumber } from './reducers.ts'
import { isDrawn } from './streams.ts'

/** A comparison of what events are reduced to. */
export type EventComparison = Comparison & { readonly left: Reduction }

export function isEventComparison(condition: Condition): condition is EventComparison {
  return condition.kind === 'comparison' && condition.left.kind === 'reduction'
}

/** True if a condition can be drawn as a sentence. */
export function isSentence(condition: Condition): condition is Comparison {
  if (condition.kind !== 'comparison') return false
  return condition.left.kind !== 'reduction' || isDrawn(condition.left.stream)
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

/** Returns the comparison of another stream, reduced alike. */
export function withStream(comparison: EventComparison, stream: Stream): EventComparison {
  return { ...comparison, left: { ...comparison.left, stream } }
}

/** Returns the comparison of another reduction of the same events; a test that fits no longer starts anew. */
export function withReducer(comparison: EventComparison, reducer: Reducer): EventComparison {
  const left = { ...comparison.left, reducer }
  const rights: readonly Operand[] = 'right' in comparison ? [comparison.right].flat() : []
  const areNumbers = rights.length > 0 && rights.every(isNumber)
  const fits = reducer.kind === comparison.left.reducer.kind || !givesNumber(reducer) || areNumbers
  if (fits) return { ...comparison, left }
  return { kind: 'comparison', left, comparator: 'at_least', right: { kind: 'literal', value: 1 } }
}

/** True for what is a number, or may be one: a reference. */
function isNumber(operand: Operand): boolean {
  return operand.kind === 'literal' ? typeof operand.value === 'number' : operand.kind !== 'date'
}
