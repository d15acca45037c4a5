/** Takes the calls of Segment's tracking API. A request is answered when its calls are durable and applied. */
import { type AnswerForm, type DirectRoute, type HttpExchange, headersOf } from '../http/direct.ts'
import { EngineError } from '../model/errors.ts'
import type { JsonValue } from '../model/json.ts'
import type { Endpoint } from '../model/call.ts'
import {
  BATCH_BYTES_MAX,
  CALL_BYTES_MAX,
  parseBody,
  type IngestRequest,
  type ParsedBody,
  type PlacedCall,
  type ReadRequest,
  readRequest,
  type RejectedCall,
} from '../model/read-request.ts'
import { type BodyReader, bodyReader } from './body.ts'
import { BROWSER_HEADERS } from './browser.ts'
import type { Traffic } from './traffic.ts'

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

/** About a request that calls have come with. */
export interface CallRequest {
  readonly authorization: string | undefined
  readonly traceparent?: string | undefined
  /** True if nobody waits for the answer any more. */
  readonly isGone?: boolean
  /** To be set as soon as it is known. */
  spaceId: string | undefined
}

/** Resolves when the calls of a body are durable and applied, with those that were not. */
export type TakeCalls = (endpoint: Endpoint, body: Buffer, came: CallRequest) => Promise<readonly RejectedCall[]>

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

/** Makes the body of an error, in the form of Segment's tracking API. */
export function ingestErrorBody({ code, message, field }: EngineError): object {
  return { success: false, code, message, ...(field === undefined ? {} : { field }) }
}

interface CallRoute {
  readonly endpoint: Endpoint
  readonly form: AnswerForm
  readonly bodyOf: BodyReader
}

/** Answers calls. */
export function callRoute(take: TakeCalls): DirectRoute {
  const readers = { call: bodyReader(CALL_BYTES_MAX), batch: bodyReader(BATCH_BYTES_MAX) }
  const headers = headersOf(BROWSER_HEADERS)
  const routes = new Map<string, CallRoute>()
  for (const [name, endpoint] of Object.entries(ENDPOINTS)) {
    const route = `/v1/${name}`
    const bodyOf = readers[endpoint === 'batch' ? 'batch' : 'call']
    const found = { endpoint, form: { route, headers, errorBody: ingestErrorBody }, bodyOf }
    routes.set(route, found).set(`${route}/`, found)
  }
  return (exchange) => {
    const { method, url = '' } = exchange.request
    const route = method === 'POST' ? routes.get(pathOf(url)) : undefined
    if (route) void answer(route, exchange, take)
    return route !== undefined
  }
}

/** Returns the path of a request. @param url a path with parameters, or all of it, as proxies are asked */
export function pathOf(url: string): string {
  if (!url.startsWith('/')) return URL.canParse(url) ? new URL(url).pathname : url
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

async function answer({ endpoint, form, bodyOf }: CallRoute, exchange: HttpExchange, take: TakeCalls): Promise<void> {
  try {
    const rejected = await take(endpoint, await bodyOf(exchange.request, exchange.response), exchange)
    if (endpoint !== 'batch') checkTaken(rejected)
    exchange.answer(form, rejected.length === 0 ? SUCCESS : batchAnswer(rejected))
  } catch (error) {
    exchange.refuse(form, error)
  }
}

/** Makes what takes the calls of the spaces of this process. */
export function callTaker({ targetOf, refusal, areAllKnown }: IngestOptions): TakeCalls {
  return async (endpoint, body, came) => {
    // Where too much comes in, reading requests that are refused anyway would cost more than anything else.
    const named = targetOf(came.authorization, undefined)
    const refused = named ? named.refusal(body.byteLength) : refusal(body.byteLength)
    if (refused) throw refused
    if (named) {
      came.spaceId = named.spaceId
      return named.inTurn(body.byteLength, () => takeFor(named, endpoint, body, parseBody(body)))
    }
    const parsed = parseBody(body)
    const target = targetOf(came.authorization, parsed.root['writeKey'])
    if (!target) throw unknownKey(areAllKnown())
    const full = target.refusal(body.byteLength)
    if (full) throw full
    came.spaceId = target.spaceId
    return target.inTurn(body.byteLength, () => takeFor(target, endpoint, body, parsed))
  }
}

/** Makes the refusal of a key that opens nothing. @param areAllKnown false: it may be that of a space to come */
export function unknownKey(areAllKnown: boolean): EngineError {
  if (!areAllKnown) return new EngineError('unavailable', 'Some spaces are being opened; try again')
  return new EngineError('authentication_error', 'writeKey: expected the write key of a source', 'writeKey')
}

/** Calls that another process has received. */
export interface ReceivedCalls {
  readonly endpoint: Endpoint
  readonly body: Buffer
  /** The calls of the body, if they were read before; that all of them are valid is known then. */
  readonly read: (() => readonly PlacedCall[]) | undefined
}

/** Takes calls for a target as `TakeCalls` does. */
export function takeReceived(target: IngestTarget, received: ReceivedCalls): Promise<readonly RejectedCall[]> {
  const { endpoint, body, read } = received
  const full = target.refusal(body.byteLength)
  if (full) throw full
  return target.inTurn(body.byteLength, async () => {
    if (!read) return takeFor(target, endpoint, body, parseBody(body))
    const { sourceId, ingest, traffic } = target
    const failed = await ingest({ endpoint, sourceId, body, calls: read() })
    if (failed.length > 0 || traffic.isFollowed(sourceId)) traffic.came(sourceId, parseBody(body).root, failed)
    return failed
  })
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

function batchAnswer(rejected: readonly RejectedCall[]): string {
  return JSON.stringify({ success: true, rejected: rejected.toSorted((a, b) => a.index - b.index) })
}

/** Throws the error of a call that was not taken. */
export function checkTaken([failed]: readonly RejectedCall[]): void {
  if (failed) throw new EngineError(failed.code, failed.message)
}
