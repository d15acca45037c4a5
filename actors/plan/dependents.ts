/** The readers of a value. */
import type { OccurrenceNode } from './occurrence-node.ts'
import type { TimedNode } from './timed-node.ts'

/** The nodes of one actor that a changed value reaches. */
export interface Dependents {
  /** By index in the plan. */
  readonly definitions: Set<number>
  readonly timed: Set<TimedNode>
  readonly occurrences: Set<OccurrenceNode>
}

export function noDependents(): Dependents {
  return { definitions: new Set(), timed: new Set(), occurrences: new Set() }
}

export function hasReaders({ definitions, timed, occurrences }: Dependents): boolean {
  return definitions.size + timed.size + occurrences.size > 0
}
