/** Parses reducers: they make one value of a stream of events. */
import type { Cursor } from './cursor.ts'
import { parseWhole } from './parse-duration.ts'
import { parseField } from './parse-operand.ts'
import type { Scope } from './scope.ts'
import type { EventField, Reducer } from './tree.ts'
import { isOneOf, type ReducerName } from './vocabulary.ts'

/** The number of occurrences that makes a value a mode, if the query does not say. */
const MODE_MIN_FREQUENCY = 2

/** Parses the reducer of this name, from its opening parenthesis; `scope` is inside its event. */
export function parseReducer(cursor: Cursor, name: ReducerName, scope: Scope): Reducer {
  cursor.expect('(')
  if (name === 'count') {
    cursor.expect(')')
    return { kind: 'count' }
  }
  const reducer = parseArguments(cursor, name, parseReducedField(cursor, scope))
  cursor.expect(')')
  return reducer.kind === 'unique' ? parseUniqueCount(cursor, reducer.of) : reducer
}

function parseArguments(cursor: Cursor, kind: Exclude<ReducerName, 'count'>, of: EventField): Reducer {
  if (kind === 'min' || kind === 'max') return { kind, of, as: parseAs(cursor, ['number', 'string']) ?? 'number' }
  if (kind !== 'mode') return { kind, of }
  const as = parseAs(cursor, ['string', 'number', 'array']) ?? 'value'
  const least = 'a whole number of occurrences'
  const minFrequency = cursor.accept(',') ? parseWhole(cursor, 1, least) : MODE_MIN_FREQUENCY
  return { kind, of, as, minFrequency }
}

function parseReducedField(cursor: Cursor, scope: Scope): EventField {
  if (cursor.word === 'property' || cursor.word === 'context') return parseField(cursor, scope)
  throw cursor.error({ expected: 'property(…) or context(…)', near: ['property', 'context'] })
}

function parseAs<Type extends string>(cursor: Cursor, types: readonly Type[]): Type | undefined {
  if (!cursor.accept('as')) return undefined
  const word = cursor.word ?? ''
  if (!isOneOf(types, word)) throw cursor.error({ expected: `a type: ${types.join(' or ')}`, near: types })
  cursor.advance()
  return word
}

/** Only `.count()` may follow a list of values. */
function parseUniqueCount(cursor: Cursor, of: EventField): Reducer {
  if (!cursor.accept('.')) return { kind: 'unique', of }
  cursor.expect('count', { expected: "'count': only .count() may follow unique(…)", near: ['count'] })
  cursor.expect('(')
  cursor.expect(')')
  return { kind: 'unique_count', of }
}
