/**
 * Parses JSON of requests, checked before it is parsed.
 *
 * J1. Text that is nested deeper than `BODY_DEPTH_MAX` is never parsed: code that walks its value may use the stack.
 */
import { DEPTH_MAX } from './call.ts'
import { EngineError } from './errors.ts'
import type { JsonValue } from './json.ts'
import { isNestedWithin } from './nesting.ts'

/** Around a value that is as deep as a call may be: the body, the list of calls, the call, and its field. */
export const BODY_DEPTH_MAX = DEPTH_MAX + 4

/** Returns the value of a body. Throws an EngineError for one that is not JSON in UTF-8. Keeps J1. */
export function parseJson(body: Uint8Array): JsonValue {
  if (!isNestedWithin(body, BODY_DEPTH_MAX)) throw tooDeep()
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as JsonValue
  } catch {
    throw new EngineError('invalid_json', 'body: expected JSON in UTF-8')
  }
}

/** Makes the refusal of a body that is nested too deeply. */
export function tooDeep(): EngineError {
  return new EngineError('value_too_deep', `body: expected at most ${BODY_DEPTH_MAX} levels of nesting, got more`)
}
