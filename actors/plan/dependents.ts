/** From a value to what reads it. */
import type { OccurrenceNode } from './occurrence-node.ts'
import type { TimedNode } from './timed-node.ts'

/** What a changed value reaches within one actor. */
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
