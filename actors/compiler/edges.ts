/** Finds where along the numbers a comparison with a constant can flip. */
import type { Comparison } from '../../src/language/tree.ts'
import type { Edge } from '../plan/stream-comparison.ts'
import { rightsOf } from './references.ts'

/** Returns the places where a comparison with one number can flip; undefined if they cannot be told. */
export function edgesOf(comparison: Comparison): readonly Edge[] | undefined {
  const right = 'right' in comparison ? rightsOf(comparison.right) : []
  const [only] = right
  if (right.length !== 1 || only?.kind !== 'literal' || typeof only.value !== 'number') return undefined
  const [below, above] = [
    { at: only.value, isAbove: false },
    { at: only.value, isAbove: true },
  ]
  switch (comparison.comparator) {
    case 'at_least':
    case 'less_than':
      return [below]
    case 'greater_than':
    case 'at_most':
      return [above]
    case 'equals':
    case 'differs':
      return [below, above]
    default:
      return undefined
  }
}

/**
 * Returns the number of events beyond which a comparison of `count()` with a constant no longer changes; infinite if it
 * may. Example: 3 for `event('A').count() >= 3`, so that only three events need be looked at.
 */
export function countMaxOf(comparison: Comparison): number {
  const { left } = comparison
  if (left.kind !== 'reduction' || left.reducer.kind !== 'count') return Infinity
  const edges = edgesOf(comparison)
  if (!edges) return Infinity
  return Math.max(1, ...edges.map(({ at, isAbove }) => (isAbove ? Math.floor(at) + 1 : Math.ceil(at))))
}
