/**
 * Answers on Node's own requests and responses: for what is asked for most, the way through Express costs more than all
 * else that there is to do. Whatever is not for a direct route is for the application.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { OnAnswer } from './app.ts'
import { answerOf, type ErrorBody, type OnFault } from './errors.ts'
import { newRequestId } from './request-id.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

/** Answers, or returns false: the request is for another. */
export type DirectListener = (request: IncomingMessage, response: ServerResponse) => boolean

/** Takes a request, or returns false. */
export type DirectRoute = (exchange: HttpExchange) => boolean

/** The form of the answers of a route. */
export interface AnswerForm {
  /** The route's pattern, as counts and traces name it. */
  readonly route: string
  /** From `headersOf`. */
  readonly headers: readonly string[]
  readonly errorBody: ErrorBody
}

export interface DirectOptions {
  readonly routes: readonly DirectRoute[]
  readonly onAnswer: OnAnswer
  readonly onFault: OnFault
}

/** Lists the headers of every answer of a route, names and values in turn; those given take the place of the usual. */
export function headersOf(own: Readonly<Record<string, string>> = {}): readonly string[] {
  const usual = { 'Cache-Control': 'no-store', ...Object.fromEntries(SECURITY_HEADERS) }
  return Object.entries({ ...usual, 'Content-Type': 'application/json; charset=utf-8', ...own }).flat()
}

export function directListener({ routes, ...told }: DirectOptions): DirectListener {
  return (request, response) => {
    const exchange = new HttpExchange(request, response, told)
    for (const take of routes) if (take(exchange)) return true
    return false
  }
}

/** A request and its answer. */
export class HttpExchange {
  readonly request: IncomingMessage
  /** To be read from, as middlewares do; answers are sent by `answer` and `refuse`. */
  readonly response: ServerResponse
  /** The space that it is for, once that is known. */
  spaceId: string | undefined = undefined
  readonly #told: Omit<DirectOptions, 'routes'>
  readonly #startedAt = performance.now()

  constructor(request: IncomingMessage, response: ServerResponse, told: Omit<DirectOptions, 'routes'>) {
    this.request = request
    this.response = response
    this.#told = told
  }

  get authorization(): string | undefined {
    return this.request.headers.authorization
  }

  get traceparent(): string | undefined {
    return this.request.headers['traceparent'] as string | undefined
  }

  /** True if its client has gone. */
  get isGone(): boolean {
    return this.response.destroyed
  }

  /** Sends a text that is JSON already. */
  answer(form: AnswerForm, text: string): void {
    this.#send(form, { status: 200, text, requestId: newRequestId() })
  }

  /** Sends what was thrown as an error. */
  refuse(form: AnswerForm, thrown: unknown): void {
    const { error, retryAfter } = answerOf(thrown)
    const requestId = newRequestId()
    if (error.code === 'internal_error') this.#told.onFault(thrown, requestId)
    this.#send(form, { status: error.status, text: JSON.stringify(form.errorBody(error)), requestId, retryAfter })
  }

  #send({ route, headers }: AnswerForm, { status, text, requestId, retryAfter }: Sent): void {
    const { request, response } = this
    const own = ['Request-Id', requestId, 'Content-Length', String(Buffer.byteLength(text))]
    if (retryAfter !== undefined) own.push('Retry-After', retryAfter)
    response.writeHead(status, headers.concat(own))
    response.end(text)
    const durationMs = Math.round((performance.now() - this.#startedAt) * 100) / 100
    this.#told.onAnswer(
      { requestId, method: request.method!, route, status, durationMs },
      { spaceId: this.spaceId, traceparent: this.traceparent },
    )
  }
}

interface Sent {
  readonly status: number
  readonly text: string
  readonly requestId: string
  readonly retryAfter?: string | undefined
}
