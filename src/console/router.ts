/**
 * The console, under `/app`: its pages, what they load, and signing in and out.
 *
 * All paths of pages have the same document, in which a script finds out what to show. It loads nothing but from here.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import express, { type Request, type RequestHandler, type Response, Router } from 'express'
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import type { Role } from '../model/role.ts'
import { assets } from './assets.ts'
import { SESSION_COOKIE, SESSION_MS, type Sessions } from './sessions.ts'

export interface ConsoleOptions {
  /** The folder that the build has filled. */
  readonly folder: string
  readonly sessions: Sessions
  /** Returns the rights of a request, by its `Authorization` header; undefined if it has none. */
  readonly grantOf: (
    authorization: string | undefined,
  ) => { readonly role: Role; readonly spaceId: string | undefined; readonly tokenId: string } | undefined
  /** True if browsers reach the server by TLS alone. */
  readonly isSecure: boolean
}

/** In the document, where the number goes that is new for each answer. */
const NONCE = /__NONCE__/g

/** Begins a session. */
export const NewSession = z.strictObject({ token: z.string().regex(/^\S+$/).max(1_000) })

export function consoleRouter({ folder, sessions, grantOf, isSecure }: ConsoleOptions): Router {
  const router = Router({ caseSensitive: true })
  const cookie = { httpOnly: true, sameSite: 'strict', path: '/', secure: isSecure } as const
  const granted = (request: Request) => {
    const grant = grantOf(request.get('authorization'))
    if (!grant) throw new EngineError('authentication_error', 'Authorization: expected a session, or an access token')
    return { data: { role: grant.role, tokenId: grant.tokenId, ...(grant.spaceId && { spaceId: grant.spaceId }) } }
  }
  router.get('/', (_request: Request, response: Response) => {
    response.redirect(302, '/app/')
  })
  router.get('/app/session', (request: Request, response: Response) => void response.json(granted(request)))
  router.post('/app/session', express.json({ limit: '4kb' }), (request: Request, response: Response) => {
    if (!sessions.isOwn(request))
      throw new EngineError('forbidden', 'Origin: expected that of this server, got another')
    const { token } = readSession(request.body)
    if (!grantOf(`Bearer ${token}`)) throw new EngineError('authentication_error', 'token: nobody has been given it')
    response.cookie(SESSION_COOKIE, sessions.begin(token), { ...cookie, maxAge: SESSION_MS })
    request.headers.authorization = `Bearer ${token}`
    response.json(granted(request))
  })
  router.delete('/app/session', (request: Request, response: Response) => {
    sessions.end(request)
    response.clearCookie(SESSION_COOKIE, cookie)
    response.json({ data: { status: 'SUCCESS' } })
  })
  router.use('/app/assets', assets(join(folder, 'assets')))
  let document: string | undefined
  const sendDocument: RequestHandler = ({ path }, response, next) => {
    if (path.startsWith('/app/assets/')) {
      next()
      return
    }
    document ??= readDocument(folder)
    const nonce = randomBytes(16).toString('base64')
    response.set('Content-Security-Policy', policyOf(nonce))
    response.type('html').send(document.replace(NONCE, nonce))
  }
  router.get('/app', sendDocument)
  router.get('/app/{*page}', sendDocument)
  return router
}

/** Nothing but what comes from here: scripts by their files, styles by files and by the nonce of this answer. */
function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src-elem 'self' 'nonce-${nonce}'`,
    "style-src-attr 'none'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
}

function readSession(body: unknown): z.infer<typeof NewSession> {
  const session = NewSession.safeParse(body)
  if (session.success) return session.data
  throw new EngineError('validation_error', 'token: expected an access token, got something else', 'token')
}

/** Throws an EngineError if the console was not built. */
function readDocument(folder: string): string {
  try {
    return readFileSync(join(folder, 'index.html'), 'utf8')
  } catch {
    throw new EngineError('not_found', 'The console is not built: npm run build')
  }
}
