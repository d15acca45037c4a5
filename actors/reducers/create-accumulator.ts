/** The accumulator of each reducer. */
import type { EventField, Reducer } from '../../src/language/tree.ts'
import type { TotalAccumulator } from './accumulator.ts'
import { CountAccumulator } from './count.ts'
import { DistinctAccumulator } from './distinct.ts'
import { EdgeAccumulator } from './edge.ts'
import { ExtremeAccumulator } from './extreme.ts'
import { SumAccumulator } from './sum.ts'

/** Creates the accumulator of a reducer. @param sliding true if events are ever removed: otherwise less need be kept */
export function createAccumulator(reducer: Reducer, sliding: boolean): TotalAccumulator {
  switch (reducer.kind) {
    case 'count':
      return new CountAccumulator()
    case 'sum':
    case 'avg':
      return new SumAccumulator(reducer.kind)
    case 'min':
    case 'max':
      return new ExtremeAccumulator(reducer, sliding)
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

/** Returns the field that a reducer reads; undefined for a count. */
export function fieldOf(reducer: Reducer): EventField | undefined {
  return reducer.kind === 'count' ? undefined : reducer.of
}

/** True if the field's arrays are taken whole. */
export function takesArraysWhole(reducer: Reducer): boolean {
  return reducer.kind === 'mode' && reducer.as === 'array'
}
