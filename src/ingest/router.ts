/** Ingestion: Segment's tracking API. A request is answered when its calls are durable and applied. */
import express, { type Request, type RequestHandler, type Response, Router } from 'express'
import { answerJson } from '../http/answer.ts'
import { EngineError } from '../model/errors.ts'
import type { JsonValue } from '../model/json.ts'
import type { Endpoint } from '../model/call.ts'
import { browserSdkRouter } from './browser-sdk.ts'
import type { Traffic } from './traffic.ts'
import { allowOrigins, answerSettings, PIXEL, readPixel } from './browser.ts'
import {
  BATCH_BYTES_MAX,
  CALL_BYTES_MAX,
  parseBody,
  type IngestRequest,
  type ParsedBody,
  type ReadRequest,
  readRequest,
  type RejectedCall,
} from '../model/read-request.ts'

/** The source that calls come from, in the space that takes them. */
export interface IngestTarget {
  readonly spaceId: string
  readonly sourceId: string
  readonly traffic: Traffic
  /** Returns why a body of so many bytes cannot be taken at present, whatever is in it. */
  readonly refusal: (bytes: number) => EngineError | undefined
  /** Acts for a body of so many bytes when its turn has come. Rejects with an EngineError if too much waits. */
  readonly inTurn: <Result>(bytes: number, act: () => Promise<Result>) => Promise<Result>
  /** Resolves when the calls are durable and applied, with those that were not applied after all. */
  readonly ingest: (request: IngestRequest) => Promise<readonly RejectedCall[]>
}

export interface IngestOptions {
  /**
   * Returns the target that a request may write to, by its `Authorization` header, or else by the write key in its
   * body.
   */
  readonly targetOf: (authorization: string | undefined, writeKey: JsonValue | undefined) => IngestTarget | undefined
  /** Returns why no space can take a body of so many bytes at present. */
  readonly refusal: (bytes: number) => EngineError | undefined
  /** False while there are spaces whose write keys are not known yet. */
  readonly areAllKnown: () => boolean
}

/** Paths under `/v1/`: the names of the calls, and the short ones of the browser's SDK. */
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  track: 'track',
  identify: 'identify',
  page: 'page',
  screen: 'screen',
  group: 'group',
  alias: 'alias',
  batch: 'batch',
  import: 'batch',
  t: 'track',
  i: 'identify',
  p: 'page',
  s: 'screen',
  g: 'group',
  a: 'alias',
  b: 'batch',
}

/** Paths to which calls are posted. */
export const CALL_PATHS = Object.keys(ENDPOINTS).map((path) => `/v1/${path}`)

const SUCCESS = JSON.stringify({ success: true })

const CALL_TYPES = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const

/**
 * Paths that browsers may use from pages of any origin; the Profile API's paths, under `/v1` too, are not among them.
 */
const INGEST_PATHS = [...CALL_PATHS, '/v1/m', '/v1/pixel', '/v1/projects']

interface CallRoute {
  readonly path: string
  readonly read: RequestHandler
  readonly act: (request: Request, response: Response) => Promise<void>
}

/** Answers calls, found by their whole path: a router would try one path after the other. */
export function callsHandler(options: IngestOptions): RequestHandler {
  const readers = { call: readBytes(CALL_BYTES_MAX), batch: readBytes(BATCH_BYTES_MAX) }
  const routes = new Map(
    Object.entries(ENDPOINTS).map(([name, endpoint]) => {
      const path = `/v1/${name}`
      const read = readers[endpoint === 'batch' ? 'batch' : 'call']
      return [path, { path, read, act: answer(endpoint, options) }] as [string, CallRoute]
    }),
  )
  return (request, response, next) => {
    const { path } = request
    const route = request.method === 'POST' ? routes.get(path.endsWith('/') ? path.slice(0, -1) : path) : undefined
    if (!route) {
      next()
      return
    }
    request.route = { path: route.path }
    allowOrigins(request, response, () =>
      route.read(request, response, (error?: unknown) => {
        if (error === undefined) route.act(request, response).catch(next)
        else next(error)
      }),
    )
  }
}

/** Answers all else that the SDKs ask for. */
export function ingestRouter(options: IngestOptions): Router {
  const router = Router({ caseSensitive: true })
  router.use([...INGEST_PATHS], allowOrigins)
  router.post('/v1/m', dropMetrics)
  for (const endpoint of CALL_TYPES) router.get(`/v1/pixel/${endpoint}`, answerPixel(endpoint, options))
  const isWriteKey = (key: string) => options.targetOf(undefined, key) !== undefined
  router.get('/v1/projects/:writeKey/settings', answerSettings(isWriteKey))
  router.use(browserSdkRouter(isWriteKey))
  return router
}

/** Makes the body of an error, in the form of Segment's tracking API. */
export function ingestErrorBody({ code, message, field }: EngineError): object {
  return { success: false, code, message, ...(field === undefined ? {} : { field }) }
}

/** Reads the body whatever its content type says: the browser's SDK sends JSON as text, to be spared a preflight. */
function readBytes(limit: number): RequestHandler {
  return express.raw({ type: () => true, limit, inflate: true })
}

function answer(endpoint: Endpoint, options: IngestOptions) {
  return async (request: Request, response: Response): Promise<void> => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const rejected = await take(endpoint, body, response, options)
    if (endpoint === 'batch') answerJson(response, batchAnswer(rejected))
    else {
      checkTaken(rejected)
      answerJson(response, SUCCESS)
    }
  }
}

function answerPixel(endpoint: Endpoint, options: IngestOptions) {
  return async (request: Request, response: Response): Promise<void> => {
    const body = readPixel(request.query)
    if (body.byteLength > CALL_BYTES_MAX)
      throw new EngineError('payload_too_large', `data: expected at most ${CALL_BYTES_MAX} bytes`, 'data')
    checkTaken(await take(endpoint, body, response, options))
    response.type('gif').send(PIXEL)
  }
}

/** Resolves when the calls of a body are durable and applied, with those that were not. */
async function take(
  endpoint: Endpoint,
  body: Buffer,
  { req, locals }: Response,
  { targetOf, refusal, areAllKnown }: IngestOptions,
): Promise<RejectedCall[]> {
  // Where too much comes in, reading requests that are refused anyway would cost more than anything else.
  const authorization = req.get('authorization')
  const named = targetOf(authorization, undefined)
  const refused = named ? named.refusal(body.byteLength) : refusal(body.byteLength)
  if (refused) throw refused
  if (named) {
    locals['spaceId'] = named.spaceId
    return named.inTurn(body.byteLength, () => takeFor(named, endpoint, body, parseBody(body)))
  }
  const parsed = parseBody(body)
  const target = targetOf(authorization, parsed.root['writeKey'])
  if (!target && !areAllKnown()) throw new EngineError('unavailable', 'Some spaces are being opened; try again')
  if (!target) throw new EngineError('authentication_error', 'writeKey: expected the write key of a source', 'writeKey')
  const full = target.refusal(body.byteLength)
  if (full) throw full
  locals['spaceId'] = target.spaceId
  return target.inTurn(body.byteLength, () => takeFor(target, endpoint, body, parsed))
}

async function takeFor(
  target: IngestTarget,
  endpoint: Endpoint,
  body: Buffer,
  parsed: ParsedBody,
): Promise<RejectedCall[]> {
  const { sourceId, ingest, traffic } = target
  const { calls, rejected } = readFor(target, endpoint, parsed)
  const failed = calls.length > 0 ? await ingest({ endpoint, sourceId, body, calls }) : []
  const all = [...rejected, ...failed]
  traffic.came(sourceId, parsed.root, all)
  return all
}

/** Reads the calls of a body; one that is refused whole is kept among the source's refused calls. */
function readFor({ sourceId, traffic }: IngestTarget, endpoint: Endpoint, parsed: ParsedBody): ReadRequest {
  try {
    return readRequest(endpoint, parsed)
  } catch (error) {
    traffic.refused(sourceId, parsed.root, error)
    throw error
  }
}

function batchAnswer(rejected: RejectedCall[]): string {
  if (rejected.length === 0) return SUCCESS
  return JSON.stringify({ success: true, rejected: rejected.sort((a, b) => a.index - b.index) })
}

/** Throws the error of a call that was not taken. */
function checkTaken([failed]: readonly RejectedCall[]): void {
  if (failed) throw new EngineError(failed.code, failed.message)
}

/** Drops measurements that the browser's SDK sends about itself. */
function dropMetrics(_request: Request, response: Response): void {
  response.json({ success: true })
}
