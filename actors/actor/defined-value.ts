/** The state that an actor holds for each definition. */
import type { JsonValue } from '../../src/model/json.ts'
import type { SlotTable } from './slot-table.ts'

/** The value of one definition for one actor. */
export interface DefinedValue {
  value: JsonValue
  /** Transitions so far. */
  sequence: number
  /** Instant of the last transition, epoch ms; 0 before the first. */
  changedAt: number
  /** True if a `count` or `unique(…).count()` has once been at least 1. */
  hasBeenOne: boolean
  /** Number of the settlement that last changed it; not part of the state. */
  settlement: number
}

/** Returns a function that restores the present values. */
export function mementoOf(defined: SlotTable<DefinedValue>): () => void {
  const items = defined.items()
  const held = defined.ids().map((id, index) => [id, { ...items[index]! }] as const)
  return () => {
    defined.clear()
    for (const [id, value] of held) defined.set(id, value)
  }
}
