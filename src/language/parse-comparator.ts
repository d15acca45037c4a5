/** Parses comparators: the part after the left side of a comparison. */
import { parseInstant } from '../model/time.ts'
import type { Cursor } from './cursor.ts'
import { parseDuration } from './parse-duration.ts'
import { parseList, parseOperand } from './parse-operand.ts'
import type { QueryError } from './query-error.ts'
import type { Scope } from './scope.ts'
import type { Comparator, Operand } from './tree.ts'
import {
  comparatorNamed,
  COMPARATORS,
  DATE_COMPARATORS,
  isOneOf,
  LIST_COMPARATORS,
  RELATIVE_DATE_COMPARATORS,
  SYMBOLS,
  type ComparatorName,
} from './vocabulary.ts'

/** Parses `>= operand` or `.at_least(operand)` and their like: all of a comparison after its left side. */
export function parseComparator(cursor: Cursor, scope: Scope): Comparator {
  const comparator = SYMBOLS.get(cursor.symbol ?? '')
  if (comparator) {
    cursor.advance()
    return { comparator, right: parseOperand(cursor, scope) }
  }
  if (!cursor.accept('.')) throw noComparator(cursor)
  const name = comparatorNamed(cursor.word ?? '')
  if (!name) throw cursor.error({ expected: `a comparator (${COMPARATORS.join(', ')})`, near: COMPARATORS })
  cursor.advance()
  return parseCall(cursor, name, scope)
}

function parseCall(cursor: Cursor, comparator: ComparatorName, scope: Scope): Comparator {
  cursor.expect('(')
  const call = parseArguments(cursor, comparator, scope)
  cursor.expect(')')
  return call
}

function parseArguments(cursor: Cursor, comparator: ComparatorName, scope: Scope): Comparator {
  if (comparator === 'absent' || comparator === 'exists') return { comparator }
  if (isOneOf(RELATIVE_DATE_COMPARATORS, comparator)) return { comparator, duration: parseDuration(cursor) }
  if (isOneOf(DATE_COMPARATORS, comparator)) return { comparator, right: parseInstantOperand(cursor, scope) }
  if (isOneOf(LIST_COMPARATORS, comparator)) {
    return { comparator, right: parseList(cursor, () => parseOperand(cursor, scope)) }
  }
  return { comparator, right: parseOperand(cursor, scope) }
}

/** A reference is judged when it is read; a literal must name an instant now. */
function parseInstantOperand(cursor: Cursor, scope: Scope): Operand {
  const { token } = cursor
  const operand = parseOperand(cursor, scope)
  if (operand.kind !== 'literal') return operand
  if (typeof operand.value === 'string' && parseInstant(operand.value) !== undefined) return operand
  const found = typeof operand.value === 'string' ? 'a string that is no ISO 8601 date' : `a ${typeof operand.value}`
  const expected = 'a date (2026-01-31), a timestamp (2026-01-31T10:00:00Z), trait(…) or property(…)'
  throw cursor.error({ code: 'query_type', token, found, expected })
}

/** A scalar alone is of the wrong type for a condition; other words are out of place. */
function noComparator(cursor: Cursor): QueryError {
  const whole = cursor.endsExpression
  const reason = whole ? ': a condition is a comparison' : ''
  const expected = `a comparator (=, !=, >, >=, <, <= or '.' and a name, as .exists())${reason}`
  const code = whole ? 'query_type' : 'query_syntax'
  return cursor.error({ code, expected, near: COMPARATORS.map((name) => `.${name}`) })
}
