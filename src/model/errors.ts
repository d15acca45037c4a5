/**
 * All errors of bad input, in one table. A message names the field, the expectation and the kind of value that came; it
 * never repeats a value that may be personal.
 */

/** Code → meaning and HTTP status. `docs/errors.md` lists the same rows, held by a test. */
export const ERRORS = {
  invalid_json: { status: 400, meaning: 'The text is not JSON.' },
  not_an_object: { status: 400, meaning: 'A JSON object was expected.' },
  unknown_type: { status: 400, meaning: 'The type of a call is none of track, page, screen, identify, group, alias.' },
  no_user_anon_id: { status: 400, meaning: 'The call carries no id that could name a profile.' },
  id_required: { status: 400, meaning: 'The call lacks an id that its type needs.' },
  event_not_defined: { status: 400, meaning: 'A track call needs the name of its event.' },
  event_not_string: { status: 400, meaning: 'The name of an event is text.' },
  name_not_string: { status: 400, meaning: 'The name of a page or screen is text.' },
  properties_not_object: { status: 400, meaning: 'properties is an object.' },
  traits_not_object: { status: 400, meaning: 'traits is an object.' },
  context_not_object: { status: 400, meaning: 'context is an object.' },
  message_id_invalid: { status: 400, meaning: 'messageId is text of at most 100 characters.' },
  value_too_deep: { status: 400, meaning: 'Objects and arrays are nested too deeply.' },
  query_syntax: { status: 400, meaning: 'The query does not follow the grammar.' },
  query_type: { status: 400, meaning: 'The query puts together what does not fit together.' },
  query_too_large: {
    status: 400,
    meaning: 'The query has more primary expressions, is longer or is nested deeper than is allowed.',
  },
  query_unsupported: { status: 400, meaning: 'The query uses a part of the language that is not supported.' },
  definition_invalid: { status: 400, meaning: 'A definition lacks a field or has one of the wrong kind.' },
  definition_cycle: { status: 400, meaning: 'The definition would create a cycle of references.' },
  key_taken: { status: 409, meaning: 'Another definition has, or had, this key.' },
  already_exists: { status: 409, meaning: 'There is another thing of this key or name, and it stays as it is.' },
  type_unsupported: { status: 400, meaning: 'There is nothing here of the type that was given.' },
  in_use: { status: 409, meaning: 'Something else still needs it, or has its place.' },
  outdated: { status: 409, meaning: 'It has changed since the instant that the request names.' },
  not_found: { status: 404, meaning: 'There is no such thing.' },
  authentication_error: { status: 401, meaning: 'The credential is missing or wrong.' },
  forbidden: { status: 403, meaning: 'The credential is right, but may not do this.' },
  invalid_request_error: { status: 400, meaning: 'The request is malformed.' },
  validation_error: { status: 400, meaning: 'A field of the request breaks a rule.' },
  payload_too_large: { status: 400, meaning: 'The body, or one call of it, is larger than is allowed.' },
  unsupported_encoding: { status: 415, meaning: 'The body is compressed in a way that is not supported.' },
  range_not_satisfiable: { status: 416, meaning: 'The range lies outside of the file.' },
  rate_limit_error: {
    status: 429,
    meaning: 'More is under way than is taken on; try again after Retry-After seconds.',
  },
  memory_full: { status: 503, meaning: 'The memory that is set aside for profiles is used up.' },
  profiles_limit: { status: 429, meaning: 'The space has as many profiles as it may have.' },
  unavailable: { status: 503, meaning: 'The server cannot take input: it starts, stops, or has lost its journal.' },
  data_directory_in_use: { status: 409, meaning: 'Another server runs in the data directory.' },
  redis_unsuitable: { status: 500, meaning: 'The Redis that was named cannot hold a journal.' },
  invalid_backup: { status: 400, meaning: 'The file is no backup, is damaged or is not whole.' },
  internal_error: { status: 500, meaning: 'A fault of the server; it is logged under the Request-Id.' },
} as const satisfies Record<string, { status: number; meaning: string }>

export type ErrorCode = keyof typeof ERRORS

/** Bad input or a refusal. The state is as it was before the input. */
export class EngineError extends Error {
  readonly code: ErrorCode
  /** The field at fault, as the caller wrote it (`traits.email`, `definition.query`). */
  readonly field: string | undefined

  constructor(code: ErrorCode, message: string, field?: string) {
    super(message)
    this.name = 'EngineError'
    this.code = code
    this.field = field
  }

  get status(): number {
    return ERRORS[this.code].status
  }
}

/** Returns the kind of a value, for messages that must not repeat it. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
