/** The part of its events that a reducer keeps, and the value that follows from it. */
import type { JsonValue } from '../../src/model/json.ts'
import type { Reached } from '../values/values.ts'

/** The order of an event among those of its profile. */
export interface EventOrder {
  readonly ts: number
  readonly arrival: number
}

/**
 * Contract: events are added in any order; an event is removed only while it is the first of those held (windows drop
 * the oldest), with the value it was added with.
 */
export interface Accumulator {
  add(order: EventOrder, reached: Reached): void
  remove(order: EventOrder, reached: Reached): void
  /** The reduced value; null if there is none. */
  result(): JsonValue
}

/** The accumulator of a stream that no event leaves: its state can be united with that of another. */
export interface TotalAccumulator extends Accumulator {
  /** Returns the state as data. */
  state(): JsonValue
  /** Adds the state of another accumulator of the same reducer, as if its events had been added here; in any order. */
  addState(state: JsonValue): void
}
