/**
 * Reads the calls of an ingestion request from its body. The server does so before the request is journalled, and again
 * from the journal after a restart: the result follows from the endpoint, the bytes and the rules alone.
 */
import { type Call, type Endpoint, readCall } from './call.ts'
import { EngineError, type ErrorCode, kindOf } from './errors.ts'
import type { JsonObject, JsonValue } from './json.ts'
import { DEFAULT_IDENTITY_RULES, type IdentityRules } from './external-id.ts'
import { parseJson } from './json-body.ts'

/** Segment's limits. */
export const CALL_BYTES_MAX = 32 * 1024
export const BATCH_BYTES_MAX = 500 * 1024
export const BATCH_CALLS_MAX = 2_500
/** Bound of the root's `context`, summed over all calls of a batch: each event keeps it. */
export const CONTEXT_BYTES_MAX = 8 * 1024 * 1024

/** A call of a request, with its index in the batch. */
export interface PlacedCall {
  readonly index: number
  readonly call: Call
}

/** A request that may be journalled: every call of it is valid. */
export interface IngestRequest {
  readonly endpoint: Endpoint
  readonly sourceId: string
  /** The body as received, after inflating. */
  readonly body: Uint8Array
  readonly calls: readonly PlacedCall[]
}

export interface RejectedCall {
  readonly index: number
  readonly code: ErrorCode
  readonly message: string
}

export interface ReadRequest {
  readonly calls: readonly PlacedCall[]
  /** Calls of a batch that break a rule; the others stand. */
  readonly rejected: readonly RejectedCall[]
}

export interface ParsedBody {
  readonly root: JsonObject
  /** Length of the text. */
  readonly bytes: number
}

/** Returns the body as a JSON object. Throws an EngineError for one that is none, or is nested too deeply. */
export function parseBody(body: Uint8Array): ParsedBody {
  const root = parseJson(body)
  if (!isObject(root)) throw new EngineError('not_an_object', `body: expected an object, got ${kindOf(root)}`)
  return { root, bytes: body.byteLength }
}

/**
 * Reads the calls of a body. Throws an EngineError for a single call that breaks a rule, or a batch that cannot be
 * read.
 */
export function readRequest(
  endpoint: Endpoint,
  { root, bytes }: ParsedBody,
  rules: IdentityRules = DEFAULT_IDENTITY_RULES,
): ReadRequest {
  if (endpoint === 'batch') return readBatch(root, bytes, rules)
  const call = readCall(root, rules, undefined, endpoint)
  return { calls: [{ index: 0, call }], rejected: [] }
}

function readBatch(root: JsonObject, bytes: number, rules: IdentityRules): ReadRequest {
  const items = root['batch']
  if (!Array.isArray(items))
    throw new EngineError('invalid_request_error', `batch: expected a list of calls, got ${kindOf(items)}`, 'batch')
  if (items.length > BATCH_CALLS_MAX)
    throw new EngineError(
      'payload_too_large',
      `batch: expected at most ${BATCH_CALLS_MAX} calls, got ${items.length}`,
      'batch',
    )
  checkContextSize(root, items.length)
  const calls: PlacedCall[] = []
  const rejected: RejectedCall[] = []
  for (const [index, item] of items.entries()) {
    try {
      if (bytes > CALL_BYTES_MAX) checkSize(item)
      calls.push({ index, call: readCall(item, rules, root) })
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      rejected.push({ index, code: error.code, message: error.message })
    }
  }
  return { calls, rejected }
}

function checkSize(item: JsonValue): void {
  const bytes = bytesOf(item)
  if (bytes > CALL_BYTES_MAX)
    throw new EngineError('payload_too_large', `a call: expected at most ${CALL_BYTES_MAX} bytes, got ${bytes}`)
}

function checkContextSize({ context }: JsonObject, calls: number): void {
  if (context === undefined) return
  const bytes = bytesOf(context) * calls
  if (bytes > CONTEXT_BYTES_MAX)
    throw new EngineError(
      'payload_too_large',
      `context: expected at most ${CONTEXT_BYTES_MAX} bytes over all calls of the batch, got ${bytes}`,
      'context',
    )
}

function bytesOf(value: JsonValue): number {
  return Buffer.byteLength(JSON.stringify(value))
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
