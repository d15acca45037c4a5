/** All that the SDKs ask for beside calls. */
import { type Request, type Response, Router } from 'express'
import { EngineError } from '../model/errors.ts'
import type { Endpoint } from '../model/call.ts'
import { CALL_BYTES_MAX } from '../model/read-request.ts'
import { allowOrigins, answerSettings, PIXEL, readPixel } from './browser.ts'
import { browserSdkRouter } from './browser-sdk.ts'
import { CALL_PATHS, checkTaken, type TakeCalls } from './calls.ts'

const CALL_TYPES = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const

/**
 * Paths that browsers may use from pages of any origin; the Profile API's paths, under `/v1` too, are not among them.
 */
const INGEST_PATHS = [...CALL_PATHS, '/v1/m', '/v1/pixel', '/v1/projects']

interface IngestRouterOptions {
  readonly take: TakeCalls
  /** True for a key with which calls may be sent. */
  readonly isWriteKey: (key: string) => boolean
  /** True if clients reach the server by TLS, whoever leads their requests to it. */
  readonly isSecure: boolean
}

export function ingestRouter({ take, isWriteKey, isSecure }: IngestRouterOptions): Router {
  const router = Router({ caseSensitive: true })
  router.use([...INGEST_PATHS], allowOrigins)
  router.post('/v1/m', dropMetrics)
  for (const endpoint of CALL_TYPES) router.get(`/v1/pixel/${endpoint}`, answerPixel(endpoint, take))
  router.get('/v1/projects/:writeKey/settings', answerSettings(isWriteKey, isSecure))
  router.use(browserSdkRouter(isWriteKey))
  return router
}

function answerPixel(endpoint: Endpoint, take: TakeCalls) {
  return async (request: Request, response: Response): Promise<void> => {
    const body = readPixel(request.query)
    if (body.byteLength > CALL_BYTES_MAX)
      throw new EngineError('payload_too_large', `data: expected at most ${CALL_BYTES_MAX} bytes`, 'data')
    const came = { authorization: request.get('authorization'), spaceId: undefined as string | undefined }
    try {
      checkTaken(await take(endpoint, body, came))
    } finally {
      response.locals['spaceId'] = came.spaceId
    }
    response.type('gif').send(PIXEL)
  }
}

/** Drops measurements that the browser's SDK sends about itself. */
function dropMetrics(_request: Request, response: Response): void {
  response.json({ success: true })
}
