/** What a reducer keeps of the events that it has taken up, and the value that follows from it. */
import type { JsonValue } from '../../src/model/json.ts'
import type { Reached } from '../values/values.ts'

/** Place of an event in the order of its profile. */
export interface Place {
  readonly ts: number
  readonly arrival: number
}

/**
 * Contract: events are added in any order; an event is removed only while it is the first of those held
 * (windows let go of the oldest), with the value it was added with.
 */
export interface Accumulator {
  add(place: Place, reached: Reached): void
  remove(place: Place, reached: Reached): void
  /** The reduced value; null where there is none. */
  result(): JsonValue
}

/** Of a stream that nothing leaves: what has been added stands for itself, and can be united with more. */
export interface TotalAccumulator extends Accumulator {
  /** All of it as data. */
  state(): JsonValue
  /** Takes up what another of the same reducer held, as if its events had been added here; any order will do. */
  addState(state: JsonValue): void
}
