/**
 * The parser's position in the tokens of one query: looking ahead, taking tokens, making errors; it also counts the
 * bounds of a query. Errors are returned and thrown by the caller, so that the compiler sees where a path ends.
 */
import type { ErrorCode } from '../model/errors.ts'
import { lex, type Token } from './lexer.ts'
import { positionAt, QueryError } from './query-error.ts'
import { suggest } from './suggest.ts'
import type { Condition } from './tree.ts'
import { INFIX_JUNCTIONS, roleOf } from './vocabulary.ts'

/** From the first to behind the last character of a condition in its query, in UTF-16 code units. */
export interface Place {
  readonly start: number
  readonly end: number
}

/**
 * The places of the conditions of one tree, by identity: trees hold meaning alone, and equal ones are equal wherever
 * they stand.
 */
export type Places = ReadonlyMap<Condition, Place>

/** Every comparison is one, nested ones too; so is the reducer of a computed trait. */
export const PRIMARY_EXPRESSIONS_MAX = 50
/** Parentheses, `where`s, NOTs and quantifiers inside one another. */
export const NESTING_MAX = 250

/** The fault of a token, the next one unless another is given. */
export interface Complaint {
  readonly expected: string
  /** Left out: a type error if the word is a known function, otherwise a syntax error. */
  readonly code?: ErrorCode | undefined
  readonly token?: Token
  /** Replaces the description of the token. */
  readonly found?: string
  /** Names among which a nearly right one is looked for. */
  readonly near?: readonly string[]
  /** The nearly right name, if it is known. */
  readonly meant?: string | undefined
}

export class Cursor {
  private readonly text: string
  private readonly tokens: readonly Token[]
  private index = 0
  private nesting = 0
  private primaryExpressions = 0
  private readonly placed = new Map<Condition, Place>()

  constructor(text: string) {
    this.text = text
    this.tokens = lex(text)
  }

  /** The next token; at the end, the `end` token for ever. */
  get token(): Token {
    return this.tokens[this.index]!
  }

  /** The next token if it is a word, else undefined. */
  get word(): string | undefined {
    return this.token.kind === 'word' ? this.token.text : undefined
  }

  /** The next token if it is a symbol, else undefined. */
  get symbol(): string | undefined {
    return this.token.kind === 'symbol' ? this.token.text : undefined
  }

  /** The places of the conditions that have been parsed so far. */
  get places(): Places {
    return this.placed
  }

  /** Records that a condition reaches from a token to the last one that was taken; returns the condition. */
  place<Placed extends Condition>(condition: Placed, { offset: start }: Token): Placed {
    const last = this.tokens[this.index - 1]!
    this.placed.set(condition, { start, end: last.offset + last.text.length })
    return condition
  }

  /** True if the expression before the next token should be whole: the end, AND, OR or a closing symbol follows. */
  get endsExpression(): boolean {
    const { kind, text } = this.token
    return kind === 'end' || text === ')' || text === '}' || this.atJunction(INFIX_JUNCTIONS)
  }

  /** True if the next token is one of these junctions, in any case. */
  atJunction(names: readonly string[]): boolean {
    return names.includes(this.word?.toUpperCase() ?? '')
  }

  /** Takes the next token. */
  advance(): Token {
    const token = this.token
    if (token.kind !== 'end') this.index++
    return token
  }

  /** Takes the next token if it is this symbol or word. */
  accept(text: string): boolean {
    const fits = this.symbol === text || this.word === text
    if (fits) this.index++
    return fits
  }

  /** Takes this symbol or word, or throws. */
  expect(text: string, complaint: Complaint = { expected: `'${text}'` }): void {
    if (!this.accept(text)) throw this.error(complaint)
  }

  /** Makes the error of a fault, with its position and the word that was probably meant. */
  error({ expected, code, token = this.token, found = describe(token), near = [], meant }: Complaint): QueryError {
    const suggestion = meant ?? (token.kind === 'word' ? suggest(token.text, near) : undefined)
    const hint = suggestion && suggestion !== token.text ? ` Did you mean '${suggestion}'?` : ''
    const message = `found ${found}, expected ${expected}.${hint}`
    return new QueryError(code ?? codeOf(token), positionAt(this.text, token.offset), message)
  }

  /** Runs a parser one level deeper; keeps the call stack bounded. */
  nested<Result>(parse: () => Result): Result {
    this.nesting++
    if (this.nesting > NESTING_MAX) {
      const expected = `at most ${NESTING_MAX} levels of nesting`
      throw this.error({ code: 'query_too_large', found: 'a deeper level', expected })
    }
    const result = parse()
    this.nesting--
    return result
  }

  /** Counts the primary expression that starts at the token. */
  countPrimaryExpression(token: Token): void {
    this.primaryExpressions++
    if (this.primaryExpressions <= PRIMARY_EXPRESSIONS_MAX) return
    const found = `primary expression number ${this.primaryExpressions}`
    const expected = `at most ${PRIMARY_EXPRESSIONS_MAX} (each comparison is one, nested ones too)`
    throw this.error({ code: 'query_too_large', token, found, expected })
  }
}

/** `entity` belongs to linked audiences, which read a warehouse. */
const UNSUPPORTED = 'entity'

function codeOf(token: Token): ErrorCode {
  if (token.kind !== 'word') return 'query_syntax'
  if (token.text === UNSUPPORTED) return 'query_unsupported'
  return roleOf(token.text) ? 'query_type' : 'query_syntax'
}

function describe(token: Token): string {
  if (token.kind === 'end') return 'the end of the query'
  if (token.kind === 'string' || token.kind === 'number') return `a ${token.kind}`
  if (token.kind === 'date') return 'a date'
  if (token.kind === 'word' && token.text === UNSUPPORTED) return `'${UNSUPPORTED}', which is not supported`
  const role = token.kind === 'word' ? roleOf(token.text) : undefined
  const quoted = `'${token.text.slice(0, 40)}'`
  return role ? `the ${role} ${quoted}` : quoted
}
