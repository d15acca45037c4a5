/** Requests to the server's own HTTP API, typed by its description. The browser's session authorizes them. */
import createClient from 'openapi-fetch'
import type { paths } from './schema.d.ts'

export const api = createClient<paths>({ baseUrl: location.origin })

/** A refusal, in the server's words. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  /** The field at fault; undefined if it is none. */
  readonly field: string | undefined
  /** Where in a query the fault is, counted from 1. */
  readonly place: { readonly line: number; readonly column: number } | undefined

  constructor(status: number, { code, message, field, place }: Refusal) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.field = field
    this.place = place
  }
}

interface Refusal {
  readonly code: string
  readonly message: string
  readonly field?: string | undefined
  readonly place?: { readonly line: number; readonly column: number } | undefined
}

interface Answer {
  readonly data?: unknown
  readonly error?: unknown
  readonly response: Response
}

/**
 * Waits for an answer and returns its body, of which the description says no more than that it is JSON.
 * Throws an ApiError for a refusal, and for a server that cannot be reached.
 */
export async function answered<T>(asked: Promise<Answer>): Promise<T> {
  const { data, error, response } = await asked.catch(() => {
    throw new ApiError(0, { code: 'unreachable', message: 'The server cannot be reached.' })
  })
  if (response.ok) return data as T
  throw new ApiError(response.status, refusalOf(error, response.status))
}

/** Likewise, and returns what the body has as `data`. */
export async function answeredData<T>(asked: Promise<Answer>): Promise<T> {
  return (await answered<{ data: T }>(asked)).data
}

/** Reads an error of any of the APIs, which have forms of their own. */
function refusalOf(body: unknown, status: number): Refusal {
  const { error, errors } = (body ?? {}) as {
    error?: { code: string; message: string }
    errors?: { type: string; message: string; field?: string; data?: { line: number; column: number } }[]
  }
  if (error) return error
  const [first] = errors ?? []
  if (first) return { code: first.type, message: first.message, field: first.field, place: first.data }
  return { code: 'unknown', message: `The server answered with status ${status}.` }
}
