/** Sends requests of commands to a running server. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ClientOptions } from '../server/settings.ts'
import { EngineError, type ErrorCode, ERRORS } from '../model/errors.ts'
import { reach, whyUnreached } from './reach.ts'

const Failure = z.object({
  errors: z.array(z.object({ type: z.string().optional(), message: z.string(), field: z.string().optional() })).min(1),
})
const ProfileFailure = z.object({
  error: z.object({ code: z.string(), message: z.string(), field: z.string().optional() }),
})
const PageEnd = z.object({ pagination: z.object({ next: z.string().optional() }) })

/** Resolves with the `data` of the Control API's answer. Throws an EngineError that says why there is none. */
export async function askServer(
  options: ClientOptions,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
): Promise<unknown> {
  const response = await send(options, path, { method, ...(body && { body: JSON.stringify(body) }) })
  if (!response.ok) throw await refusalOf(response)
  return ((await response.json().catch(() => undefined)) as { data: unknown }).data
}

/** The same of what is no single space's, with an installation token. */
export async function askInstallation(
  options: ClientOptions,
  method: 'GET' | 'PATCH',
  path: string,
  body?: object,
): Promise<unknown> {
  const response = await sendTo(options, path, { method, ...(body && { body: JSON.stringify(body) }) })
  if (!response.ok) throw await refusalOf(response)
  return ((await response.json().catch(() => undefined)) as { data: unknown }).data
}

/**
 * Resolves with an answer of the Profile API; a request with a body is a POST. Throws an EngineError that says why
 * there is none.
 */
export async function askProfile(
  options: ClientOptions,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const { spaceId } = options
  const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
  const response = await sendTo(options, `v1/spaces/${spaceId}/collections/${path}`, init)
  const answer = (await response.json().catch(() => undefined)) as Record<string, unknown> | undefined
  if (response.ok && answer) return answer
  const failure = ProfileFailure.safeParse(answer)
  if (!failure.success) throw new EngineError('invalid_request_error', `the server answered ${response.status}`)
  const { code, message, field } = failure.data.error
  throw new EngineError(isCode(code) ? code : 'invalid_request_error', message, field)
}

/** Resolves with an answer that is a file, or a part of one. Throws an EngineError that says why there is none. */
export async function askFile(
  options: ClientOptions,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const response = await send(options, path, { headers })
  if (response.ok) return response
  throw await refusalOf(response)
}

function send(options: ClientOptions, path: string, init: RequestInit): Promise<Response> {
  return sendTo(options, `spaces/${options.spaceId}/${path}`, init)
}

async function sendTo(options: ClientOptions, path: string, init: RequestInit): Promise<Response> {
  const token = options.accessToken ?? (await storedToken(options.dataDirectory))
  const headers = { ...(init.headers as Record<string, string> | undefined), authorization: `Bearer ${token}` }
  return reach(options, path, { ...init, headers }).catch((cause: unknown) => {
    const why = whyUnreached(cause)
    throw new EngineError(
      'unavailable',
      `no server answers at ${options.url} (${why}); start one, or name another by ROLLCALL_URL`,
    )
  })
}

async function refusalOf(response: Response): Promise<EngineError> {
  const failure = Failure.safeParse(await response.json().catch(() => undefined))
  if (!failure.success) return new EngineError('invalid_request_error', `the server answered ${response.status}`)
  const { type, message, field } = failure.data.errors[0]!
  return new EngineError(isCode(type) ? type : 'invalid_request_error', message, field)
}

/** Yields each page of a list of the Control API. */
export async function* askPages(
  options: ClientOptions,
  path: string,
  count: number,
  search: Iterable<[string, string]> = [],
): AsyncGenerator {
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const parameters = new URLSearchParams([...search, ['pagination[count]', String(count)]])
    if (cursor !== '') parameters.set('pagination[cursor]', cursor)
    const page = await askServer(options, 'GET', `${path}?${parameters.toString()}`)
    yield page
    cursor = PageEnd.parse(page).pagination.next
  }
}

function isCode(type: string | undefined): type is ErrorCode {
  return type !== undefined && Object.hasOwn(ERRORS, type)
}

async function storedToken(directory: string): Promise<string> {
  const path = join(directory, 'credentials.json')
  try {
    return z.object({ accessToken: z.string() }).parse(JSON.parse(await readFile(path, 'utf8'))).accessToken
  } catch {
    throw new EngineError(
      'authentication_error',
      "there is no access token: set ACCESS_TOKEN, or DATA_DIR to the server's data directory",
    )
  }
}
