/** Parses `n unit`: a whole number that is not negative, and a unit in the singular or plural. */
import type { Cursor } from './cursor.ts'
import { DURATION_MS_MAX, durationMs } from './duration.ts'
import type { Duration } from './tree.ts'
import { suggest } from './suggest.ts'
import { UNIT_NAMES, unitNamed } from './vocabulary.ts'

const UNITS_WORDED = 'second(s), minute(s), hour(s), day(s) or week(s)'

/** Parses a duration of at most DURATION_MS_MAX. */
export function parseDuration(cursor: Cursor): Duration {
  const { token } = cursor
  const amount = parseWhole(cursor, 0, `a duration: a whole number and ${UNITS_WORDED}`)
  const { word = '' } = cursor
  const unit = unitNamed(word)
  if (!unit) throw cursor.error({ code: 'query_syntax', expected: `a unit: ${UNITS_WORDED}`, meant: nearUnit(word) })
  cursor.advance()
  const duration = { amount, unit }
  if (durationMs(duration) > DURATION_MS_MAX) {
    throw cursor.error({ code: 'query_type', token, found: 'a longer duration', expected: 'at most 100000000 days' })
  }
  return duration
}

/** Parses a whole number that is no smaller than `min`. */
export function parseWhole(cursor: Cursor, min: 0 | 1, expected: string): number {
  const { token } = cursor
  if (token.kind !== 'number') throw cursor.error({ code: 'query_syntax', expected })
  if (!Number.isSafeInteger(token.value) || token.value < min) {
    throw cursor.error({ code: 'query_type', expected: `${expected} (from ${min}, no fraction)` })
  }
  cursor.advance()
  return token.value
}

/** Finds the unit that an abbreviation (`d`, `min`) begins. */
function nearUnit(word: string): string | undefined {
  return UNIT_NAMES.find((name) => word && name.startsWith(word.toLowerCase())) ?? suggest(word, UNIT_NAMES)
}
