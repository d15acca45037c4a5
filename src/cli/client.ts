/** Commands that ask a running server: where it is, and with which token. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'

export interface ClientOptions {
  /** `http://127.0.0.1:8080`. */
  readonly url: string
  readonly spaceId: string
  /** Undefined: the one that the server made, from its data directory. */
  readonly accessToken: string | undefined
  readonly dataDirectory: string
}

const Failure = z.object({ errors: z.array(z.object({ message: z.string() })).min(1) })

/** What the Control API answers with, under `data`. Throws an EngineError that says why there is none. */
export async function askServer(
  options: ClientOptions,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<unknown> {
  const token = options.accessToken ?? (await storedToken(options.dataDirectory))
  const address = `${options.url.replace(/\/$/, '')}/spaces/${options.spaceId}/${path}`
  const init = { method, headers: { authorization: `Bearer ${token}` }, ...(body && { body: JSON.stringify(body) }) }
  const response = await fetch(address, init).catch(() => undefined)
  if (!response)
    throw new EngineError(
      'unavailable',
      `no server answers at ${options.url}; start one, or name another by ROLLCALL_URL`,
    )
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok) return (answer as { data: unknown }).data
  const failure = Failure.safeParse(answer)
  throw new EngineError(
    'invalid_request_error',
    failure.success ? failure.data.errors[0]!.message : `the server answered ${response.status}`,
  )
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
