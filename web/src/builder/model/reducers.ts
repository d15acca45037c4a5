/** Reducers in words, as in "with a sum of revenue" and in "the sum of revenue", and another one of the same field. */
import type { EventField, Reducer } from '../../../../src/language/tree.ts'

/** A reducer of a field: any but the count. */
export type FieldReducer = Exclude<Reducer, { kind: 'count' }>

/** In the order in which they are offered. */
export const REDUCER_WORDS = {
  sum: 'sum of',
  avg: 'average',
  min: 'least',
  max: 'greatest',
  first: 'first',
  last: 'last',
  mode: 'most frequent',
  unique_count: 'number of different',
  unique: 'different values of',
} as const satisfies Record<FieldReducer['kind'], string>

export const REDUCERS = Object.keys(REDUCER_WORDS) as readonly FieldReducer['kind'][]

/** The kinds of value that a reducer can take a field for; the first one is meant where nothing is said. */
export const TAKEN_AS = {
  min: { number: 'as a number', string: 'as text' },
  max: { number: 'as a number', string: 'as text' },
  mode: { value: 'as it is', string: 'as text', number: 'as a number', array: 'as a whole list' },
} as const

const MODE_MIN_FREQUENCY = 2

/** Returns a reducer of this kind; the least and the greatest are of numbers until something else is said. */
export function reducerOf(kind: FieldReducer['kind'], of: EventField): FieldReducer {
  switch (kind) {
    case 'min':
    case 'max':
      return { kind, of, as: 'number' }
    case 'mode':
      return { kind, of, as: 'value', minFrequency: MODE_MIN_FREQUENCY }
    default:
      return { kind, of }
  }
}

/** True if a reducer gives a number, whatever it is of. */
export function givesNumber(reducer: Reducer): boolean {
  return ['count', 'sum', 'avg', 'unique_count'].includes(reducer.kind) || ('as' in reducer && reducer.as === 'number')
}
