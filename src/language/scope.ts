/** The surrounding of a position in a query, as far as it decides what may stand there. */
import type { DefinitionType } from '../model/definition.ts'
import type { Condition } from './tree.ts'
import type { Cursor } from './cursor.ts'

export interface Scope {
  readonly type: DefinitionType
  /** Inside ANY, ALL or NONE. */
  readonly quantified: boolean
  /** The number of events that enclose this position: 0 outside, 1 in the `where` or reducer of an outermost event. */
  readonly events: number
}

/** Returns the scope inside a `where` or reducer of an event. */
export function insideEvent(scope: Scope): Scope {
  return { ...scope, events: scope.events + 1 }
}

/** Parses a condition and the symbol that closes it; handed down, as events hold conditions and conditions events. */
export type ConditionParser = (cursor: Cursor, scope: Scope, closing: ')' | '}') => Condition
