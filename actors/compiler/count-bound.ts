/** Finds the number of events that a comparison of a count can tell apart. */
import type { Comparison } from '../../src/language/tree.ts'
import { rightsOf } from './references.ts'

/**
 * Returns the number of events beyond which a comparison of `count()` with a constant no longer changes; infinite if it
 * may. Example: 3 for `event('A').count() >= 3`, so that only the three newest events need be kept.
 */
export function countMaxOf(comparison: Comparison): number {
  const { left } = comparison
  if (left.kind !== 'reduction' || left.reducer.kind !== 'count' || !('right' in comparison)) return Infinity
  const right = rightsOf(comparison.right)[0]
  if (right?.kind !== 'literal' || typeof right.value !== 'number') return Infinity
  switch (comparison.comparator) {
    case 'at_least':
    case 'less_than':
      return Math.max(1, Math.ceil(right.value))
    case 'equals':
    case 'differs':
    case 'greater_than':
    case 'at_most':
      return Math.max(1, Math.floor(right.value) + 1)
    default:
      return Infinity
  }
}
