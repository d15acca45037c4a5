/** Parses right sides of comparisons, and the names and fields of events that left sides and reducers use too. */
import { parseInstant } from '../model/time.ts'
import type { Cursor } from './cursor.ts'
import type { Scope } from './scope.ts'
import type { EventField, Operand, TraitReference } from './tree.ts'

const VALUES = 'text in quotes, a number, true, false, a date (2026-01-31) or timestamp (2026-01-31T10:00:00Z)'
const VALUE_WORDS = ['true', 'false']
const OPERAND_WORDS = ['trait', 'property', 'context', 'literal', ...VALUE_WORDS]

/**
 * Parses a literal, bare or in `literal(…)`, or a reference to a trait or, inside a `where`, to a field of an event.
 */
export function parseOperand(cursor: Cursor, scope: Scope): Operand {
  const { word } = cursor
  if (word === 'trait') return parseTrait(cursor)
  if (word === 'property' || word === 'context') return parseField(cursor, scope)
  if (word !== 'literal') {
    return parseValue(cursor, `a value (${VALUES}), trait(…) or property(…)`, OPERAND_WORDS)
  }
  cursor.advance()
  cursor.expect('(')
  const value = parseValue(cursor, VALUES, VALUE_WORDS)
  cursor.expect(')')
  return value
}

function parseValue(cursor: Cursor, expected: string, near: readonly string[]): Operand {
  const { token } = cursor
  if (token.kind === 'date') return parseDate(cursor)
  if (token.kind === 'string' || token.kind === 'number') {
    cursor.advance()
    return { kind: 'literal', value: token.value }
  }
  if (cursor.accept('true')) return { kind: 'literal', value: true }
  if (cursor.accept('false')) return { kind: 'literal', value: false }
  throw cursor.error({ expected, near })
}

function parseDate(cursor: Cursor): Operand {
  const { text } = cursor.token
  if (parseInstant(text) === undefined) {
    const found = `'${text.slice(0, 40)}', which is no date`
    const expected = 'a date that exists, as 2026-01-31 or 2026-01-31T10:00:00Z'
    throw cursor.error({ code: 'query_type', found, expected })
  }
  cursor.advance()
  return { kind: 'date', text }
}

/** `trait('name')`, from its first word. */
export function parseTrait(cursor: Cursor): TraitReference {
  cursor.expect('trait')
  return { kind: 'trait', name: parseName(cursor) }
}

/** `property('path')`, `property(parent: 'path')` or `context('path')`, from its first word. */
export function parseField(cursor: Cursor, scope: Scope): EventField {
  refuseOutsideEvents(cursor, scope)
  if (cursor.accept('context')) return { kind: 'context', path: parseName(cursor) }
  cursor.expect('property')
  cursor.expect('(')
  const parent = parseParentMark(cursor, scope)
  const path = parseString(cursor, parent ? 'a name in quotes' : "a name in quotes or 'parent:'", ['parent'])
  cursor.expect(')')
  return { kind: 'property', path, parent }
}

function refuseOutsideEvents(cursor: Cursor, scope: Scope): void {
  if (scope.events > 0) return
  const expected = 'event(…) or trait(…): fields of an event can be read only inside where(…) or a reducer'
  throw cursor.error({ code: 'query_type', expected })
}

/** Takes `parent:` if it is there; an event that stands in no other event's `where` has no parent. */
export function parseParentMark(cursor: Cursor, scope: Scope): boolean {
  const { token } = cursor
  if (!cursor.accept('parent')) return false
  if (scope.events < 2) {
    const found = "'parent:'"
    const expected = "none here: the event stands inside no other event's where(…)"
    throw cursor.error({ code: 'query_type', token, found, expected })
  }
  cursor.expect(':')
  return true
}

/** `('name')`, after the name of the function. */
export function parseName(cursor: Cursor): string {
  cursor.expect('(')
  const name = parseString(cursor, 'a name in quotes')
  cursor.expect(')')
  return name
}

/** A string; `near` are words that might stand in its place. */
export function parseString(cursor: Cursor, expected: string, near: readonly string[] = []): string {
  const { token } = cursor
  if (token.kind !== 'string') throw cursor.error({ code: 'query_syntax', expected, near })
  cursor.advance()
  return token.value
}

/** One item or more between commas, bare or in brackets. */
export function parseList<Item>(cursor: Cursor, parseItem: () => Item): Item[] {
  const bracketed = cursor.accept('[')
  const items = [parseItem()]
  while (cursor.accept(',')) items.push(parseItem())
  if (bracketed) cursor.expect(']', { expected: "',' or ']'" })
  return items
}
