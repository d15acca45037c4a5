/** Parses filters: they narrow a stream of events. */
import type { Cursor } from './cursor.ts'
import { parseDuration } from './parse-duration.ts'
import { parseList, parseParentMark, parseString } from './parse-operand.ts'
import { insideEvent, type ConditionParser, type Scope } from './scope.ts'
import type { Filter } from './tree.ts'

/** Parses the filter of this name, from its opening parenthesis; `scope` is that of the event. */
export function parseFilter(
  cursor: Cursor,
  name: Filter['kind'],
  context: { readonly scope: Scope; readonly parseCondition: ConditionParser },
): Filter {
  cursor.expect('(')
  if (name === 'where') return parseWhere(cursor, insideEvent(context.scope), context.parseCondition)
  const filter = name === 'sources' ? parseSources(cursor) : parseWindow(cursor, name, insideEvent(context.scope))
  cursor.expect(')')
  return filter
}

function parseWhere(cursor: Cursor, scope: Scope, parseCondition: ConditionParser): Filter {
  const braced = cursor.accept('{')
  const condition = parseCondition(cursor, scope, braced ? '}' : ')')
  if (braced) cursor.expect(')')
  return { kind: 'where', condition }
}

function parseSources(cursor: Cursor): Filter {
  const form = "sources({exclude: 'id', …})"
  cursor.expect('{', { expected: `'{', as in ${form}` })
  cursor.expect('exclude', { expected: `'exclude', as in ${form}`, near: ['exclude'] })
  cursor.expect(':')
  const exclude = parseList(cursor, () => parseString(cursor, 'the id of a source in quotes'))
  cursor.expect('}', { expected: "',' or '}'" })
  return { kind: 'sources', exclude }
}

function parseWindow(cursor: Cursor, name: 'within' | 'between' | 'expires_after', scope: Scope): Filter {
  if (name === 'expires_after') return { kind: name, duration: parseDuration(cursor) }
  const parent = parseParentMark(cursor, scope)
  const from = parseDuration(cursor)
  if (name === 'within') return { kind: name, duration: from, parent }
  cursor.expect(',')
  return { kind: name, from, to: parseDuration(cursor), parent }
}
