/** What a reducer keeps of the events that it has taken up, and the value that follows from it. */
import type { EventField, Reducer } from '../../src/language/tree.ts'
import type { JsonValue } from '../../src/model/transition.ts'
import type { Reached } from '../values.ts'
import { CountAccumulator } from './count.ts'
import { DistinctAccumulator } from './distinct.ts'
import { EdgeAccumulator } from './edge.ts'
import { ExtremeAccumulator } from './extreme.ts'
import { SumAccumulator } from './sum.ts'

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

/** @param sliding whether events are ever removed: what never leaves needs less to be kept */
export function createAccumulator(reducer: Reducer, sliding: boolean): Accumulator {
  switch (reducer.kind) {
    case 'count':
      return new CountAccumulator()
    case 'sum':
    case 'avg':
      return new SumAccumulator(reducer.kind)
    case 'min':
    case 'max':
      return new ExtremeAccumulator(reducer.kind, reducer.as, sliding)
    case 'first':
    case 'last':
      return new EdgeAccumulator(reducer.kind, sliding)
    case 'unique':
    case 'unique_count':
      return new DistinctAccumulator(reducer.kind, 'value', 1, sliding)
    case 'mode':
      return new DistinctAccumulator('mode', reducer.as, reducer.minFrequency, sliding)
  }
}

/** The field that a reducer reads; undefined for a count. */
export function fieldOf(reducer: Reducer): EventField | undefined {
  return reducer.kind === 'count' ? undefined : reducer.of
}

/** Whether the field's arrays are taken whole. */
export function takesArraysWhole(reducer: Reducer): boolean {
  return reducer.kind === 'mode' && reducer.as === 'array'
}
