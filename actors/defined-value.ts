/** What an actor holds of a definition. */
import type { JsonValue } from '../src/model/transition.ts'

/** The value of one definition for one actor. */
export interface DefinedValue {
  value: JsonValue
  /** Transitions so far. */
  sequence: number
  /** Of a `count` or `unique(…).count()`: it has once been at least 1. */
  hasBeenOne: boolean
  /** Number of the settlement that last changed it; not part of the state. */
  settlement: number
}
