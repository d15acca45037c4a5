/** Comparisons of a number of times, and those that say "did not do". */
import type { EventComparison } from './sentences.ts'
import { COUNT_WORDS } from './tests.ts'

/** Returns the number that a count is compared with; undefined if it is another reducer, or compared otherwise. */
export function timesOf(comparison: EventComparison): number | undefined {
  if (comparison.left.reducer.kind !== 'count' || !(comparison.comparator in COUNT_WORDS)) return undefined
  const right = 'right' in comparison ? comparison.right : undefined
  const isLiteral = right !== undefined && 'kind' in right && right.kind === 'literal'
  return isLiteral && typeof right.value === 'number' ? right.value : undefined
}

export function isNever(comparison: EventComparison): boolean {
  return timesOf(comparison) === 0 && comparison.comparator === 'equals'
}

/** Returns the comparison as one that says "did not do". */
export function never({ left }: EventComparison): EventComparison {
  const counted = { ...left, reducer: { kind: 'count' } } as const
  return { kind: 'comparison', left: counted, comparator: 'equals', right: { kind: 'literal', value: 0 } }
}

/** Returns the comparison as one that says "did". */
export function once(comparison: EventComparison): EventComparison {
  return { ...comparison, comparator: 'at_least', right: { kind: 'literal', value: 1 } }
}
