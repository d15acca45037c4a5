/** What an actor holds of a definition. */
import type { JsonValue } from '../../src/model/json.ts'
import type { SlotTable } from './slot-table.ts'

/** The value of one definition for one actor. */
export interface DefinedValue {
  value: JsonValue
  /** Transitions so far. */
  sequence: number
  /** Of the last transition, epoch ms; 0 before the first. */
  changedAt: number
  /** Of a `count` or `unique(…).count()`: it has once been at least 1. */
  hasBeenOne: boolean
  /** Number of the settlement that last changed it; not part of the state. */
  settlement: number
}

/** How to have again the values that there are now. */
export function mementoOf(defined: SlotTable<DefinedValue>): () => void {
  const items = defined.items()
  const held = defined.ids().map((id, index) => [id, { ...items[index]! }] as const)
  return () => {
    defined.clear()
    for (const [id, value] of held) defined.set(id, value)
  }
}
