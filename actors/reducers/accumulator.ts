/** What a reducer keeps of the events that it has taken up, and the value that follows from it. */
import type { JsonValue } from '../../src/model/transition.ts'
import type { Reached } from '../values.ts'

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
