/** Parses streams of events and their reductions: `event('n')`, filters in any order, one reducer. */
import type { Cursor } from './cursor.ts'
import { parseFilter } from './parse-filter.ts'
import { parseName } from './parse-operand.ts'
import { parseReducer } from './parse-reducer.ts'
import { insideEvent, type ConditionParser, type Scope } from './scope.ts'
import type { Filter, Reduction } from './tree.ts'
import { FILTERS, isOneOf, REDUCERS, SYMBOLS } from './vocabulary.ts'

const STEP = `a filter (${FILTERS.join(', ')}) or a reducer (${REDUCERS.join(', ')})`

/** Parses `event('n')` to its reducer, from its first word; `scope` is that of the event. */
export function parseReduction(cursor: Cursor, scope: Scope, parseCondition: ConditionParser): Reduction {
  cursor.expect('event')
  const event = parseName(cursor)
  const filters: Filter[] = []
  for (;;) {
    const step = parseStep(cursor)
    if (isOneOf(REDUCERS, step)) {
      const reducer = parseReducer(cursor, step, insideEvent(scope))
      return { kind: 'reduction', stream: { event, filters }, reducer }
    }
    filters.push(parseFilter(cursor, step, { scope, parseCondition }))
  }
}

/** The name of the next filter or reducer. */
function parseStep(cursor: Cursor) {
  if (!cursor.accept('.')) {
    const whole = cursor.endsExpression || SYMBOLS.has(cursor.symbol ?? '')
    throw cursor.error({ code: whole ? 'query_type' : 'query_syntax', expected: `'.' and ${STEP}` })
  }
  const word = cursor.word ?? ''
  if (!isOneOf(FILTERS, word) && !isOneOf(REDUCERS, word)) {
    throw cursor.error({ expected: STEP, near: [...FILTERS, ...REDUCERS] })
  }
  cursor.advance()
  return word
}
