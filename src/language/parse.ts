/**
 * Parses query text to its checked tree: junctions, left sides, and the required end of a definition.
 *
 * P1. `and` and `or` are flat: an operand of the same kind is replaced by its operands, so `a AND (b AND c)` and `a AND
 *     b AND c` are one tree. One operand alone is itself. So equal meanings of parentheses are equal trees.
 *     The place of a condition leaves out parentheses around the whole of it; what was united has none of its own.
 * P2. Quantifiers stand only in definitions of accounts, not inside one another and not inside a `where`.
 */
import type { DefinitionSource } from '../model/definition.ts'
import { Cursor, type Places } from './cursor.ts'
import { parseComparator } from './parse-comparator.ts'
import { parseField, parseTrait } from './parse-operand.ts'
import { parseReduction } from './parse-stream.ts'
import type { QueryError } from './query-error.ts'
import type { Scope } from './scope.ts'
import type { Condition, Query, Reduction, Scalar } from './tree.ts'
import { INFIX_JUNCTIONS, PREFIX_JUNCTIONS, SYMBOLS } from './vocabulary.ts'

/** Parses a query of this kind about these actors; throws a QueryError at the first fault. */
export function parseQuery(text: string, about: Pick<DefinitionSource, 'kind' | 'type'>): Query {
  return parsePlacedQuery(text, about).query
}

/** Parses a query as `parseQuery` does, and says where in the text each condition of its tree stands. */
export function parsePlacedQuery(
  text: string,
  { kind, type }: Pick<DefinitionSource, 'kind' | 'type'>,
): { readonly query: Query; readonly places: Places } {
  const cursor = new Cursor(text)
  const scope = { type, quantified: false, events: 0 }
  const query: Query =
    kind === 'audience'
      ? { kind, condition: parseCondition(cursor, scope) }
      : { kind, reduction: parseComputedTrait(cursor, scope) }
  return { query, places: cursor.places }
}

function parseComputedTrait(cursor: Cursor, scope: Scope): Reduction {
  const start = cursor.token
  if (cursor.word !== 'event') {
    const expected = 'event(…): a computed trait is a stream of events and a reducer'
    throw cursor.error({ expected, near: ['event'] })
  }
  const reduction = parseReduction(cursor, scope, parseCondition)
  cursor.countPrimaryExpression(start)
  if (cursor.token.kind === 'end') return reduction
  const compared = cursor.atJunction(INFIX_JUNCTIONS) || cursor.symbol === '.' || SYMBOLS.has(cursor.symbol ?? '')
  const expected = 'the end of the query: a computed trait ends in its reducer'
  throw cursor.error({ code: compared ? 'query_type' : 'query_syntax', expected })
}

/** Parses a condition and the symbol that closes it, or the end of the query. */
function parseCondition(cursor: Cursor, scope: Scope, closing?: ')' | '}'): Condition {
  const condition = cursor.nested(() =>
    parseJunction(cursor, 'or', () => parseJunction(cursor, 'and', () => parseUnary(cursor, scope))),
  )
  const closed = closing ? cursor.accept(closing) : cursor.token.kind === 'end'
  if (closed) return condition
  const chained = cursor.symbol === '.' || SYMBOLS.has(cursor.symbol ?? '')
  throw cursor.error({
    code: chained ? 'query_type' : 'query_syntax',
    expected: `AND, OR or ${closing ? `'${closing}'` : 'the end of the query'}`,
    near: INFIX_JUNCTIONS,
  })
}

/** Keeps P1. */
function parseJunction(cursor: Cursor, kind: 'and' | 'or', parseOperand: () => Condition): Condition {
  const start = cursor.token
  const first = parseOperand()
  if (!cursor.atJunction([kind.toUpperCase()])) return first
  const operands = [first]
  while (cursor.atJunction([kind.toUpperCase()])) {
    cursor.advance()
    operands.push(parseOperand())
  }
  const flat = operands.flatMap((operand) => (operand.kind === kind ? operand.operands : [operand]))
  return cursor.place({ kind, operands: flat }, start)
}

function parseUnary(cursor: Cursor, scope: Scope): Condition {
  if (cursor.accept('(')) return parseCondition(cursor, scope, ')')
  const start = cursor.token
  if (!cursor.atJunction(PREFIX_JUNCTIONS)) return parseComparison(cursor, scope)
  if (cursor.atJunction(['NOT'])) {
    cursor.advance()
    const operand = cursor.nested(() => parseUnary(cursor, scope))
    return cursor.place({ kind: 'not', operand }, start)
  }
  refuseQuantifier(cursor, scope)
  const quantifier = cursor.advance().text.toLowerCase() as 'any' | 'all' | 'none'
  const operand = cursor.nested(() => parseUnary(cursor, { ...scope, quantified: true }))
  return cursor.place({ kind: 'quantifier', quantifier, operand }, start)
}

function refuseQuantifier(cursor: Cursor, scope: Scope): void {
  const surrounding = noQuantifierPlace(scope)
  if (!surrounding) return
  const expected = `a condition without it: ANY, ALL and NONE may not stand inside ${surrounding}`
  throw cursor.error({ code: 'query_type', expected })
}

/** Returns the surrounding that keeps quantifiers out of this scope, if there is one; keeps P2. */
function noQuantifierPlace(scope: Scope): string | undefined {
  if (scope.type === 'USERS') return 'a definition of users'
  if (scope.events > 0) return 'where(…)'
  return scope.quantified ? 'another quantifier' : undefined
}

function parseComparison(cursor: Cursor, scope: Scope): Condition {
  const start = cursor.token
  const left = parseLeft(cursor, scope)
  const comparator = parseComparator(cursor, scope)
  cursor.countPrimaryExpression(start)
  return cursor.place({ kind: 'comparison', left, ...comparator }, start)
}

function parseLeft(cursor: Cursor, scope: Scope): Scalar {
  const { word } = cursor
  if (word === 'trait') return parseTrait(cursor)
  if (word === 'property' || word === 'context') return parseField(cursor, scope)
  if (word === 'event') return parseScalarReduction(cursor, scope)
  throw notAStart(cursor, scope)
}

const LITERAL_KINDS: readonly string[] = ['string', 'number', 'date']
const LITERAL_WORDS: readonly string[] = ['true', 'false', 'literal']

function notAStart(cursor: Cursor, scope: Scope): QueryError {
  const { token, word } = cursor
  const literal = LITERAL_KINDS.includes(token.kind) || LITERAL_WORDS.includes(word ?? '')
  const fields = scope.events > 0 ? ['property', 'context'] : []
  const near = ['event', 'trait', ...fields, ...(noQuantifierPlace(scope) ? ['NOT'] : PREFIX_JUNCTIONS)]
  const expected = `a condition, which starts with ${near.join(', ')} or '('`
  if (!literal) return cursor.error({ expected, near })
  return cursor.error({ code: 'query_type', expected: `${expected}: a literal stands only on the right` })
}

function parseScalarReduction(cursor: Cursor, scope: Scope): Reduction {
  const reduction = parseReduction(cursor, scope, parseCondition)
  if (reduction.reducer.kind !== 'unique') return reduction
  throw cursor.error({ code: 'query_type', expected: "'.count()': unique(…) is a list, and a list is not compared" })
}
