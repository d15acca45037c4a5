/**
 * Splits text into tokens: words, strings, numbers, bare dates, symbols and one `end`. White space only separates.
 *
 * L1. Inside a string only a backslash before the delimiter is an escape; every other backslash stays. A delimiter
 *     after a backslash is therefore always text, and no string can end in a backslash.
 * L2. A digit run followed by a hyphen is a bare date, right or wrong: the language has no arithmetic.
 * L3. A bare date holds no comma, which separates arguments.
 */
import { positionAt, QueryError } from './query-error.ts'

/** `text` is the token as written, `offset` where it starts, in UTF-16 code units. */
export type Token = { readonly text: string; readonly offset: number } & (
  | { readonly kind: 'word' | 'date' | 'symbol' | 'end' }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
)

/** The longest text that is read; more is refused as query_too_large. */
export const QUERY_LENGTH_MAX = 1_000_000

const SPACE = /\s*/y
const WORD = /[A-Za-z_]\w*/y
const DATE = /[+-]?\d+-[\w:+-]*(?:\.\d[\w:+-]*)?/y
const NUMBER = /[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const SYMBOL = /(?!===|<>)(?:[=!<>]=|[=<>.,:(){}[\]])/y

/** Words of other languages, and ours instead. */
const FOREIGN: readonly (readonly [foreign: string, ours: string])[] = [
  ['===', '='],
  ['<>', '!='],
  ['&&', 'AND'],
  ['||', 'OR'],
  ['!', 'NOT'],
  ['‘', "'"],
  ['’', "'"],
  ['“', '"'],
  ['”', '"'],
  ['`', "'"],
]

/** Returns all tokens of the text, the last of kind `end`; throws a QueryError at the first that is none. */
export function lex(text: string): Token[] {
  if (text.length > QUERY_LENGTH_MAX) {
    const message = `found a query of ${text.length} characters, expected at most ${QUERY_LENGTH_MAX}.`
    throw new QueryError('query_too_large', positionAt(text, 0), message)
  }
  const tokens: Token[] = []
  for (let offset = skipSpace(text, 0); offset < text.length;) {
    const token = lexToken(text, offset)
    tokens.push(token)
    offset = skipSpace(text, offset + token.text.length)
  }
  tokens.push({ kind: 'end', text: '', offset: text.length })
  return tokens
}

function lexToken(text: string, offset: number): Token {
  const first = text[offset]
  if (first === "'" || first === '"') return lexString(text, offset, first)
  const word = match(WORD, text, offset)
  if (word) return { kind: 'word', text: word, offset }
  const date = match(DATE, text, offset)
  if (date) return { kind: 'date', text: date, offset }
  const number = match(NUMBER, text, offset)
  if (number) return lexNumber(text, offset, number)
  const symbol = match(SYMBOL, text, offset)
  if (symbol) return { kind: 'symbol', text: symbol, offset }
  throw unknownCharacter(text, offset)
}

/** Keeps L1. */
function lexString(text: string, offset: number, delimiter: string): Token {
  let close = text.indexOf(delimiter, offset + 1)
  while (close > 0 && text[close - 1] === '\\') close = text.indexOf(delimiter, close + 1)
  if (close < 0) {
    const rule = 'a backslash before it makes it part of the text'
    const message = `found a string that is not closed, expected ${delimiter} at its end (${rule}).`
    throw new QueryError('query_syntax', positionAt(text, offset), message)
  }
  const value = text.slice(offset + 1, close).replaceAll(`\\${delimiter}`, delimiter)
  return { kind: 'string', text: text.slice(offset, close + 1), offset, value }
}

function lexNumber(text: string, offset: number, number: string): Token {
  if (/^[+-]?0\d/.test(number)) {
    const message = 'found a number with a leading zero, expected a number without one, or text in quotes.'
    throw new QueryError('query_syntax', positionAt(text, offset), message)
  }
  const value = Number(number)
  if (!Number.isFinite(value)) {
    const message = 'found a number too large to be held, expected one below 1.8e308.'
    throw new QueryError('query_type', positionAt(text, offset), message)
  }
  return { kind: 'number', text: number, offset, value: value === 0 ? 0 : value }
}

function unknownCharacter(text: string, offset: number): QueryError {
  const foreign = FOREIGN.find(([name]) => text.startsWith(name, offset))
  const found = foreign?.[0] ?? String.fromCodePoint(text.codePointAt(offset)!)
  const hint = foreign ? ` Did you mean ${foreign[1]}?` : ''
  const message = `found ${found}, expected a word, a value or a symbol of the language.${hint}`
  return new QueryError('query_syntax', positionAt(text, offset), message)
}

function skipSpace(text: string, offset: number): number {
  return offset + (match(SPACE, text, offset)?.length ?? 0)
}

function match(pattern: RegExp, text: string, offset: number): string | undefined {
  pattern.lastIndex = offset
  return pattern.exec(text)?.[0]
}
