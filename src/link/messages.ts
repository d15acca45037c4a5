/** Requests and answers of a link as payloads of frames. */
import { pack, unpack } from 'msgpackr'
import type { Endpoint } from '../model/call.ts'
import { EngineError, type ErrorCode } from '../model/errors.ts'
import type { PlacedCall, RejectedCall } from '../model/read-request.ts'
import { FRAME, type Frame, frameHead, frameOf, HEAD_BYTES } from './frames.ts'
import { unpackCalls } from './packed-calls.ts'

/** Calls on their way to the engine that has their space. */
export interface CallsToTake {
  readonly endpoint: Endpoint
  /** The space that they are for; undefined: the engine has all. */
  readonly spaceId: string | undefined
  /** Undefined: the request has none. */
  readonly writeKey: string | undefined
  /** The body as received, after inflating. */
  readonly body: Buffer
  /** Its calls, from `packCalls`; undefined: the engine has to read it. */
  readonly packed: Buffer | undefined
  /** The request's header of that name. */
  readonly traceparent: string | undefined
}

/** Calls as they have arrived. */
export interface LinkCalls extends Omit<CallsToTake, 'packed'> {
  /** The calls of the body, if they were read before. */
  readonly read: (() => readonly PlacedCall[]) | undefined
}

/** The answer to calls. */
export type CallsAnswer =
  | { readonly kind: 'taken'; readonly rejected: readonly RejectedCall[] }
  | { readonly kind: 'refused'; readonly error: EngineError }
  /** Nothing of it was taken: the space is another node's. */
  | { readonly kind: 'misdirected' }

type Head = readonly [
  Endpoint,
  spaceId: string | null,
  writeKey: string | null,
  packedBytes: number,
  traceparent?: string,
]

/** Bytes that are written before the head. */
const HEAD_LENGTH_BYTES = 4

/** Makes the frame of a request, in parts that are to be written in turn. */
export function requestFrame(
  id: number,
  { endpoint, spaceId, writeKey, body, packed, traceparent }: CallsToTake,
): Buffer[] {
  const packedBytes = packed?.byteLength ?? 0
  const fields = [endpoint, spaceId ?? null, writeKey ?? null, packedBytes] as const
  const head = pack((traceparent === undefined ? fields : [...fields, traceparent]) satisfies Head)
  const room = HEAD_LENGTH_BYTES + head.byteLength
  const start = frameHead(FRAME.request, id, room + packedBytes + body.byteLength, room)
  start.writeUInt32LE(head.byteLength, HEAD_BYTES)
  start.set(head, HEAD_BYTES + HEAD_LENGTH_BYTES)
  return packed ? [start, packed, body] : [start, body]
}

export function readRequestFrame({ payload }: Frame): LinkCalls {
  const packedAt = HEAD_LENGTH_BYTES + payload.readUInt32LE(0)
  const head = unpack(payload.subarray(HEAD_LENGTH_BYTES, packedAt)) as Head
  const [endpoint, spaceId, writeKey, packedBytes, traceparent] = head
  const bodyAt = packedAt + packedBytes
  const packed = payload.subarray(packedAt, bodyAt)
  return {
    endpoint,
    spaceId: spaceId ?? undefined,
    writeKey: writeKey ?? undefined,
    body: payload.subarray(bodyAt),
    read: packedBytes === 0 ? undefined : () => unpackCalls(packed).map((call, index) => ({ index, call })),
    traceparent,
  }
}

export function answerFrame(id: number, answer: CallsAnswer): Buffer {
  switch (answer.kind) {
    case 'taken':
      return frameOf(FRAME.taken, id, answer.rejected.length === 0 ? undefined : pack(answer.rejected))
    case 'refused': {
      const { code, message, field } = answer.error
      return frameOf(FRAME.refused, id, pack([code, message, field ?? null]))
    }
    case 'misdirected':
      return frameOf(FRAME.misdirected, id)
  }
}

/** Throws an Error for a frame that is no answer. */
export function readAnswerFrame({ kind, payload }: Frame): CallsAnswer {
  switch (kind) {
    case FRAME.taken:
      return { kind: 'taken', rejected: payload.byteLength === 0 ? [] : (unpack(payload) as RejectedCall[]) }
    case FRAME.refused: {
      const [code, message, field] = unpack(payload) as [ErrorCode, string, string | null]
      return { kind: 'refused', error: new EngineError(code, message, field ?? undefined) }
    }
    case FRAME.misdirected:
      return { kind: 'misdirected' }
    default:
      throw new Error(`link: expected an answer, got a frame of kind ${kind}`)
  }
}
