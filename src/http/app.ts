/** The Express application: what holds for every request, then the surfaces, then what nothing has answered. */
import express, { type Express, type RequestHandler, type Router } from 'express'
import { EngineError } from '../model/errors.ts'
import { answerErrors, type ErrorBody, notFound, type OnFault } from './errors.ts'
import { newRequestId } from './request-id.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

/** One API with its own form of errors. */
export interface Surface {
  readonly router: Router
  /** Paths of the surface: errors there have its form. */
  readonly paths: readonly string[]
  readonly errorBody: ErrorBody
}

export interface AppOptions {
  /** The narrower paths come first. */
  readonly surfaces: readonly Surface[]
  /** False while there is no use in sending requests. */
  readonly isReady: () => boolean
  readonly onFault: OnFault
  /** The answers of `/metrics`. */
  readonly metrics?: { readonly contentType: string; readonly text: () => Promise<string> }
  /** Told of every answer. */
  readonly onAnswer: OnAnswer
}

export type OnAnswer = (answer: AnsweredRequest, context: RequestContext) => void

/** About a request that was answered, for a trace. */
export interface RequestContext {
  /** The space that it was for; undefined if it was for none, or refused before that was known. */
  readonly spaceId: string | undefined
  /** Its header of that name. */
  readonly traceparent: string | undefined
}

/** About a request, without anything personal: the route's pattern, not its path. */
export interface AnsweredRequest {
  readonly requestId: string
  readonly method: string
  readonly route: string
  readonly status: number
  readonly durationMs: number
}

export function createApp({ surfaces, isReady, onFault, metrics, onAnswer }: AppOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', 'simple')
  app.use(identify(onAnswer))
  app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }))
  app.get('/readyz', (_request, response) => {
    const ready = isReady()
    if (!ready) response.set('Retry-After', '1')
    response.status(ready ? 200 : 503).json({ status: ready ? 'ok' : 'not ready' })
  })
  if (metrics)
    app.get('/metrics', async (_request, response) => {
      const text = await metrics.text()
      response.set('Content-Type', metrics.contentType).send(text)
    })
  for (const { router } of surfaces) app.use(router)
  app.use(notFound)
  for (const { paths, errorBody } of surfaces) app.use([...paths], answerErrors(errorBody, onFault))
  app.use(answerErrors(({ code, message }) => ({ error: { code, message } }), onFault))
  return app
}

/** While the state is being recovered: alive, not ready, and everything else is asked to come again. */
export function createStartingApp(): Express {
  return createApp({
    surfaces: [
      { router: refuseAll(), paths: ['/v1', '/spaces'], errorBody: ({ code, message }) => ({ code, message }) },
    ],
    isReady: () => false,
    onFault: () => undefined,
    onAnswer: () => undefined,
  })
}

function refuseAll(): Router {
  const router = express.Router()
  router.use(() => {
    throw new EngineError('unavailable', 'The server is starting; try again')
  })
  return router
}

/** Gives every response its id and what all of them have, keeps it out of caches, and reports it when it is sent. */
function identify(onAnswer: OnAnswer): RequestHandler {
  return (request, response, next) => {
    const requestId = newRequestId()
    const startedAt = performance.now()
    response.setHeader('Request-Id', requestId)
    response.setHeader('Cache-Control', 'no-store')
    for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value)
    response.on('finish', () => {
      const route = (request.route as { path?: unknown } | undefined)?.path
      const answer = {
        requestId,
        method: request.method,
        route: typeof route === 'string' ? route : '',
        status: response.statusCode,
        durationMs: Math.round((performance.now() - startedAt) * 100) / 100,
      }
      const spaceId = response.locals['spaceId'] as string | undefined
      onAnswer(answer, { spaceId, traceparent: request.get('traceparent') })
    })
    next()
  }
}
