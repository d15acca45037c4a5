/**
 * Sessions of the console: a browser that has shown an access token once is known by a cookie from then on.
 *
 * N1. The cookie is a random number. The token itself stays on the server, in memory: a restart ends all sessions.
 * N2. A session opens what its token opens, and nothing once that is revoked; after twelve hours it is gone.
 * N3. A request of another site has no session: browsers do not send it the cookie, and its origin is looked at too.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export const SESSION_COOKIE = 'rollcall_session'
export const SESSION_MS = 12 * 3_600_000

/** Sessions at a time; the oldest gives way. */
const SESSIONS_MAX = 10_000
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD'])
/** From our own pages, or from the address bar. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none'])

interface Session {
  readonly token: string
  /** Epoch ms. */
  readonly endsAt: number
}

export interface SessionsOptions {
  /** Epoch ms. */
  readonly clock: () => number
  /** Where the server is for browsers; undefined if nobody has said: then the `Host` of a request says it. */
  readonly publicUrl: string | undefined
  /** The node of a cluster that has the sessions: their ids say so; undefined: there is no other. */
  readonly nodeId?: string | undefined
}

export class Sessions {
  readonly #clock: () => number
  readonly #publicHost: string | undefined
  readonly #prefix: string
  /** By id, oldest first. */
  readonly #sessions = new Map<string, Session>()

  constructor({ clock, publicUrl, nodeId }: SessionsOptions) {
    this.#clock = clock
    this.#prefix = nodeId === undefined ? '' : `${nodeId}.`
    this.#publicHost = publicUrl === undefined ? undefined : new URL(publicUrl).host
  }

  /** Begins a session of a token; returns its id. */
  begin(token: string): string {
    if (this.#sessions.size >= SESSIONS_MAX) this.#sessions.delete(this.#sessions.keys().next().value!)
    const id = this.#prefix + randomBytes(32).toString('base64url')
    this.#sessions.set(id, { token, endsAt: this.#clock() + SESSION_MS })
    return id
  }

  /** Ends the session of a request, if it has one. */
  end(request: IncomingMessage): void {
    const id = sessionIdOf(request)
    if (id !== undefined) this.#sessions.delete(id)
  }

  /**
   * Lets a request with a session bear its token, as if the browser had sent that. One that has an `Authorization` of
   * its own keeps it. Keeps N2, N3.
   */
  authorize(request: IncomingMessage): void {
    const { headers } = request
    if (headers.cookie === undefined || headers.authorization !== undefined) return
    const id = sessionIdOf(request)
    const session = id === undefined ? undefined : this.#sessions.get(id)
    if (!session || !this.isOwn(request)) return
    if (session.endsAt > this.#clock()) headers.authorization = `Bearer ${session.token}`
    else this.#sessions.delete(id!)
  }

  /** Tells if a request comes from the console's own pages; one that changes something must say so. Keeps N3. */
  isOwn({ headers, method }: IncomingMessage): boolean {
    const site = headers['sec-fetch-site']
    if (typeof site === 'string' && !OWN_SITES.has(site)) return false
    if (headers.origin === undefined) return READING.has(method!)
    const host = hostOf(headers.origin)
    return host !== undefined && (host === headers.host || host === this.#publicHost)
  }
}

/** Returns the node that has the session of a request; undefined if it has none, or one of a server by itself. */
export function sessionNodeOf(request: IncomingMessage): string | undefined {
  if (request.headers.cookie === undefined) return undefined
  const [nodeId, secret] = sessionIdOf(request)?.split('.') ?? []
  return secret === undefined ? undefined : nodeId
}

function sessionIdOf({ headers }: IncomingMessage): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=')
    if (name === SESSION_COOKIE) return value
  }
  return undefined
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
