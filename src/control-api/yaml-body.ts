/**
 * YAML as requests bring it, JSON among it.
 *
 * Y1. Text that is nested too deeply is never composed: the composer uses the stack, and where it has used all of it,
 *     the process may end. Reading tokens does not.
 * Y2. Aliases put values into one another without a token for each level: the value is checked too.
 */
import { Lexer, parse, Parser } from 'yaml'
import { EngineError } from '../model/errors.ts'
import { BODY_DEPTH_MAX, tooDeep } from '../model/json-body.ts'

const ALIASES_MAX = 100
const COLLECTION_TOKENS: readonly string[] = ['block-map', 'block-seq', 'flow-collection']

/** Returns the value of a text. Throws an EngineError for one that is not YAML. Keeps Y1 and Y2. */
export function parseYaml(text: string): unknown {
  if (!isNestedWithin(text, BODY_DEPTH_MAX)) throw tooDeep()
  const value = valueOf(text)
  if (!isWithin(value, BODY_DEPTH_MAX)) throw tooDeep()
  return value
}

function isNestedWithin(text: string, depthMax: number): boolean {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    Array.from(parser.next(lexeme))
    if (parser.stack.length > depthMax && depthOf(parser) > depthMax) return false
  }
  return true
}

/** Counts the collections that are open at the token that was read last. */
function depthOf({ stack }: Parser): number {
  return stack.filter(({ type }) => COLLECTION_TOKENS.includes(type)).length
}

function valueOf(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: ALIASES_MAX })
  } catch {
    throw new EngineError('invalid_request_error', 'body: expected JSON or YAML')
  }
}

function isWithin(value: unknown, depthMax: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depthMax > 0 && Object.values(value).every((inner) => isWithin(inner, depthMax - 1))
}
