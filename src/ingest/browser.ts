/**
 * The parts of ingestion that browsers need beyond the calls: leave to call from pages of any origin, and the SDK's
 * settings.
 */
import type { Request, RequestHandler, Response } from 'express'
import { EngineError } from '../model/errors.ts'

const PREFLIGHT_SECONDS = 86_400

/**
 * Lets any origin send: a write key is public in browsers, and opens nothing to read. Credentials of cookies are
 * neither asked for nor allowed.
 */
export const BROWSER_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Request-Id, Retry-After',
  'Cross-Origin-Resource-Policy': 'cross-origin',
} as const

export const allowOrigins: RequestHandler = (request, response, next) => {
  response.set(BROWSER_HEADERS)
  if (request.method !== 'OPTIONS') {
    next()
    return
  }
  response.set({
    'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
    'Access-Control-Allow-Headers': 'authorization, content-type, x-retry-count',
    'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
  })
  response.status(204).end()
}

/** Answers the settings that Segment's browser and mobile SDKs load first; they then send to this same host. */
export function answerSettings(isWriteKey: (key: string) => boolean, isSecure: boolean) {
  return (request: Request<{ writeKey: string }>, response: Response): void => {
    const { writeKey } = request.params
    if (!isWriteKey(writeKey)) throw new EngineError('not_found', 'writeKey: there is no such source', 'writeKey')
    const apiHost = `${request.get('host') ?? 'localhost'}/v1`
    response.json({
      integrations: { 'Segment.io': { apiKey: writeKey, apiHost, protocol: isSecure ? 'https' : request.protocol } },
      plan: {
        track: { __default: { enabled: true, integrations: {} } },
        identify: { __default: { enabled: true } },
        group: { __default: { enabled: true } },
      },
      middlewareSettings: {},
      enabledMiddleware: {},
      metrics: { sampleRate: 0 },
      legacyVideoPluginsEnabled: false,
      remotePlugins: [],
    })
  }
}

/** Reads the call of a picture's address: `data` is its JSON in base64; otherwise the parameters are its fields. */
export function readPixel(parameters: Readonly<Record<string, unknown>>): Buffer {
  const { data } = parameters
  if (data === undefined) return Buffer.from(JSON.stringify({ ...parameters }))
  if (typeof data !== 'string') throw new EngineError('validation_error', 'data: expected it once', 'data')
  return Buffer.from(data, 'base64')
}

/** A transparent GIF of one pixel. */
export const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
