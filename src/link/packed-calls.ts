/**
 * Calls that were read, as bytes from which another process has them again without reading a body.
 *
 * P1. What comes out is what reading the body gives, to the last bit: a space that is opened again reads bodies. Calls
 *     that these bytes cannot carry so are not packed.
 * P2. A context that all calls of a batch have in common is packed once, and is one object again.
 */
import { Packr } from 'msgpackr'
import type { Call, CallType } from '../model/call.ts'
import type { ExternalId } from '../model/external-id.ts'
import type { JsonObject, JsonValue } from '../model/json.ts'

const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true })

const TYPES: readonly CallType[] = ['track', 'page', 'screen', 'identify', 'group', 'alias']
/** In the place of an object without fields. */
const EMPTY = 0
/** In the place of the context that calls have in common. */
const SHARED = 1
const NOTHING: JsonObject = Object.freeze({})

/** The context in common, and then the fields of one call after another. */
type Packed = readonly [JsonObject | 0, ...(readonly PackedCall[])]
type PackedCall = readonly [
  type: number,
  messageId: string,
  claimedAt: number | null,
  sentAt: number | null,
  ids: readonly string[],
  event: string | null,
  properties: JsonObject | 0,
  context: JsonObject | 0 | 1,
  traits: JsonObject | 0 | null,
  groupId: string | null,
]

/** Returns undefined for calls that cannot be packed. Keeps P1. */
export function packCalls(calls: readonly Call[]): Buffer | undefined {
  const shared = calls.length > 1 && calls.every(({ context }) => context === calls[0]!.context)
  const packed: Packed = [
    shared ? objectOf(calls[0]!.context) : EMPTY,
    ...calls.map((call) => packedCall(call, shared)),
  ]
  return isExact(packed as unknown as JsonValue) ? packr.pack(packed) : undefined
}

/** Returns the calls of bytes that `packCalls` has made. */
export function unpackCalls(bytes: Uint8Array): Call[] {
  const [shared, ...packed] = packr.unpack(bytes) as Packed
  const inCommon = shared === EMPTY ? NOTHING : shared
  return packed.map(([type, messageId, claimedAt, sentAt, ids, event, properties, context, traits, groupId]) => ({
    type: TYPES[type]!,
    messageId,
    claimedAt: claimedAt ?? undefined,
    sentAt: sentAt ?? undefined,
    ids: unpackedIds(ids),
    event: event ?? undefined,
    properties: properties === EMPTY ? NOTHING : properties,
    context: context === SHARED ? inCommon : context === EMPTY ? NOTHING : context,
    traits: traits === EMPTY ? NOTHING : (traits ?? undefined),
    groupId: groupId ?? undefined,
  }))
}

/** Keeps P2. */
function packedCall(call: Call, isShared: boolean): PackedCall {
  return [
    TYPES.indexOf(call.type),
    call.messageId,
    call.claimedAt ?? null,
    call.sentAt ?? null,
    call.ids.flatMap(({ type, value }) => [type, value]),
    call.event ?? null,
    objectOf(call.properties),
    isShared ? SHARED : objectOf(call.context),
    call.traits === undefined ? null : objectOf(call.traits),
    call.groupId ?? null,
  ]
}

function unpackedIds(flat: readonly string[]): ExternalId[] {
  const ids: ExternalId[] = []
  for (let at = 0; at < flat.length; at += 2) ids.push({ type: flat[at]!, value: flat[at + 1]! })
  return ids
}

function objectOf(object: JsonObject): JsonObject | 0 {
  for (const key in object) if (Object.hasOwn(object, key)) return object
  return EMPTY
}

/**
 * False for what `msgpackr` would change, or stumble over: -0, half a surrogate pair, and a field that is named as one
 * that all objects have.
 */
function isExact(value: JsonValue): boolean {
  switch (typeof value) {
    case 'number':
      return !Object.is(value, -0)
    case 'string':
      return value.isWellFormed()
    case 'object':
      if (value === null) return true
      if (Array.isArray(value)) return value.every(isExact)
      for (const key in value) if (!isExactName(key) || !isExact(value[key]!)) return false
      return true
    default:
      return true
  }
}

function isExactName(name: string): boolean {
  return !(name in Object.prototype) && name !== 'toJSON' && name.isWellFormed()
}
