/** Errors as answers: whatever was thrown becomes a row of the error table, in the form of the surface it is on. */
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { EngineError } from '../model/errors.ts'

/** The wait that a client is asked for if it was refused for lack of room, in seconds. */
const RETRY_AFTER = '1'

const ENCODING = 'Content-Encoding'
const ENCODINGS = 'gzip, deflate or br'

export type ErrorBody = (error: EngineError) => object
/** Told of a fault of ours, with the id under which the client knows it. */
export type OnFault = (cause: unknown, requestId: string) => void

export const notFound: RequestHandler = () => {
  throw new EngineError('not_found', 'There is no such resource.')
}

export function answerErrors(body: ErrorBody, onFault: OnFault): ErrorRequestHandler {
  return (thrown: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(thrown)
      return
    }
    const { error, retryAfter } = answerOf(thrown)
    if (error.code === 'internal_error') onFault(thrown, String(response.get('Request-Id')))
    if (retryAfter !== undefined) response.set('Retry-After', retryAfter)
    response.status(error.status).json(body(error))
  }
}

/** An error as it is answered. */
export interface ErrorAnswer {
  readonly error: EngineError
  /** Value of the header of that name; undefined: it has none. */
  readonly retryAfter: string | undefined
}

export function answerOf(thrown: unknown): ErrorAnswer {
  const error = asEngineError(thrown)
  return { error, retryAfter: error.status === 429 || error.status === 503 ? RETRY_AFTER : undefined }
}

/** Names the row of the table for what was thrown: Express and its body parsers give faults a status of their own. */
function asEngineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown
  const { status, type, errno } = (thrown ?? {}) as { status?: unknown; type?: unknown; errno?: unknown }
  if (type === 'encoding.unsupported')
    return new EngineError('unsupported_encoding', `${ENCODING}: expected ${ENCODINGS}, got another`, ENCODING)
  // Of all that can be wrong with a body, only what zlib says has a number and no type.
  if (status === 400 && type === undefined && typeof errno === 'number')
    return new EngineError('invalid_request_error', `body: expected what ${ENCODING} says, got other bytes`, ENCODING)
  if (type === 'entity.too.large') return new EngineError('payload_too_large', 'body: larger than is allowed')
  if (type === 'entity.parse.failed') return new EngineError('invalid_json', 'body: expected JSON')
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new EngineError(
      'invalid_request_error',
      'The request cannot be read: its path, its encoding or its length is wrong',
    )
  return new EngineError('internal_error', 'A fault of the server; it is logged under the Request-Id')
}
