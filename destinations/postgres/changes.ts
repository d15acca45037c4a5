/** The change that a call makes to the tables: a value of a definition, for each id that the call addresses. */
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { ExternalId } from '../../src/model/external-id.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { TerminalError } from '../contract/destination.ts'

export interface TableChange {
  readonly kind: 'audience' | 'trait'
  readonly key: string
  /** `aud_…` or `tra_…`. */
  readonly definitionId: string
  readonly space: string
  /** Each at most once. */
  readonly ids: readonly ExternalId[]
  /** True or false, of an audience; null: no value. */
  readonly value: JsonValue
  /** The instant of the change: ISO 8601, and epoch ms. */
  readonly changedAt: string
  readonly at: number
  readonly messageId: string
  /** The traits that came along; undefined: none. */
  readonly enrichment: JsonObject | undefined
}

/** Bytes that an index of Postgres has room for; an entry of it has 2,704. */
const ID_BYTES_MAX = 2_000
const NAME_BYTES_MAX = 255
const NAMES_OF_KEY = ['audience_key', 'trait_key']

/** Returns the change of a call, or the error if the tables cannot hold it. */
export function changeOf(call: DeliveryCall): TableChange | TerminalError {
  const { computation_class: kind, computation_key: key, computation_id, space_id: space } = call.context.personas
  const values = call.type === 'track' ? call.properties : call.traits
  const value = Object.hasOwn(values, key) ? values[key] : undefined
  if (value === undefined || (kind === 'audience' && typeof value !== 'boolean'))
    return new TerminalError('no_value', 'The call has no value of the audience or trait that it names.')
  if (![key, computation_id, space, call.messageId].every((text) => isStorable(text, NAME_BYTES_MAX)))
    return new TerminalError('unstorable_key', 'A text of Postgres has no zero, and an index no so long key.')
  const at = Date.parse(call.timestamp)
  if (Number.isNaN(at)) return new TerminalError('invalid_timestamp', 'The call names no instant.')
  const named = idsOf(call, value === false || value === null)
  const ids = named.filter((id) => isStorable(id.type, NAME_BYTES_MAX) && isStorable(id.value, ID_BYTES_MAX))
  if (named.length === 0) return new TerminalError('no_identity', 'The call addresses nobody.')
  if (ids.length === 0)
    return new TerminalError(
      'unstorable_id',
      `A text of Postgres has no zero, and an id ${ID_BYTES_MAX} bytes at most.`,
    )
  const enrichment = enrichmentOf(call, values, key)
  const { timestamp: changedAt, messageId } = call
  return { kind, key, definitionId: computation_id, space, ids, value, changedAt, at, messageId, enrichment }
}

/**
 * Lists the ids that a call addresses. An anonymous id beside an email is none of these: it is there because a call
 * must have one. But whoever has left, has left by it too.
 */
function idsOf(call: DeliveryCall, isEnd: boolean): ExternalId[] {
  const email = emailOf(call)
  const isKnown = Boolean(call.userId) || email !== undefined
  const others = (call.context.externalIds ?? []).map(({ type, id }) => ({ type, value: id }))
  const named = [
    { type: 'group_id', value: call.type === 'group' ? call.groupId : '' },
    { type: 'user_id', value: call.userId ?? '' },
    { type: 'email', value: email ?? '' },
    { type: 'anonymous_id', value: !isKnown || isEnd ? (call.anonymousId ?? '') : '' },
    ...others,
  ]
  const isFirst = (id: ExternalId, index: number): boolean =>
    named.findIndex(({ type, value }) => type === id.type && value === id.value) === index
  return named.filter((id, index) => id.value !== '' && isFirst(id, index))
}

function emailOf(call: DeliveryCall): string | undefined {
  if (call.type === 'group') return undefined
  const email = call.type === 'track' ? call.context.traits?.['email'] : call.traits['email']
  return typeof email === 'string' && email !== '' ? email : undefined
}

/** Returns the traits that a connection adds. An email among them is the id that is addressed. */
function enrichmentOf({ type }: DeliveryCall, values: JsonObject, key: string): JsonObject | undefined {
  const own = type === 'group' ? [key] : type === 'track' ? [key, 'email', ...NAMES_OF_KEY] : [key, 'email']
  const added = Object.entries(values).filter(([name]) => !own.includes(name))
  return added.length === 0 ? undefined : Object.fromEntries(added)
}

/** True if Postgres can hold the text, as an index has it: it knows no zero, and no half of a surrogate pair. */
function isStorable(text: string, bytesMax: number): boolean {
  return text.isWellFormed() && !text.includes('\0') && Buffer.byteLength(text) <= bytesMax
}
