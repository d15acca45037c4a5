/** Tracking calls as docs/semantics.md sections 1, 2 and 7 read them. A call that breaks a rule reads as undefined: it is refused. */
import type { JsonValue } from '../../src/model/json.ts'
import { alphabetically, instantOfText } from './values.ts'

type Fields = Readonly<Record<string, JsonValue>>

export interface Id {
  readonly type: string
  readonly value: string
}

export interface ReadCall {
  readonly type: 'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias'
  readonly messageId: string | undefined
  readonly ts: number
  /** By priority, then in the order of their places; at least one. */
  readonly ids: readonly Id[]
  readonly event: { readonly name: string; readonly properties: Fields; readonly context: Fields } | undefined
  readonly traits: Fields
  readonly groupId: string | undefined
  readonly sourceId: string
}

export function readCall(raw: Readonly<Record<string, unknown>>, receivedAt: number): ReadCall | undefined {
  const call = raw as Fields
  const { type, messageId, name } = call
  const objects = [call['properties'], call['traits'], call['context']]
  if (!isCallType(type) || !objects.every((value) => value === undefined || value === null || isObject(value)))
    return undefined
  if (isPresent(messageId) && (typeof messageId !== 'string' || messageId.length > 100)) return undefined
  if (type === 'track' && (typeof call['event'] !== 'string' || call['event'] === '')) return undefined
  if ((type === 'page' || type === 'screen') && isPresent(name) && typeof name !== 'string') return undefined
  const ids = idsOf(call).sort((a, b) => byPriority(a.type, b.type))
  const groupId = type === 'group' ? idText('group_id', call['groupId']) : undefined
  if (ids.length === 0 || (type === 'group' && groupId === undefined)) return undefined
  return {
    type,
    messageId: typeof messageId === 'string' && messageId !== '' ? messageId : undefined,
    ts: eventTime(call, receivedAt),
    ids,
    event: eventOf(call),
    traits: type === 'identify' || type === 'group' ? fields(call['traits']) : {},
    groupId,
    sourceId: typeof call['sourceId'] === 'string' ? call['sourceId'] : '',
  }
}

function isPresent(value: JsonValue | undefined): value is JsonValue {
  return value !== undefined && value !== null
}

function isCallType(type: JsonValue | undefined): type is ReadCall['type'] {
  return typeof type === 'string' && ['track', 'page', 'screen', 'identify', 'group', 'alias'].includes(type)
}

function isObject(value: JsonValue | undefined): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fields(value: JsonValue | undefined): Fields {
  return isObject(value) ? value : {}
}

function eventTime(call: Fields, receivedAt: number): number {
  const claimed = instantIn(call['originalTimestamp']) ?? instantIn(call['timestamp'])
  const sentAt = instantIn(call['sentAt'])
  if (claimed === undefined) return receivedAt
  return Math.min(receivedAt, sentAt === undefined ? claimed : receivedAt - (sentAt - claimed))
}

function instantIn(value: JsonValue | undefined): number | undefined {
  return typeof value === 'string' ? instantOfText(value) : undefined
}

function eventOf(call: Fields): ReadCall['event'] {
  const properties = fields(call['properties'])
  const context = fields(call['context'])
  const { type, name } = call
  if (typeof call['event'] === 'string' && type === 'track') return { name: call['event'], properties, context }
  if (type !== 'page' && type !== 'screen') return undefined
  const named = isPresent(name) ? { name, [`${type}_name`]: name } : {}
  return { name: type === 'page' ? 'Page Viewed' : 'Screen Viewed', properties: { ...properties, ...named }, context }
}

/** In the order in which section 7 lists their places, none twice. */
function idsOf(call: Fields): Id[] {
  const context = fields(call['context'])
  const device = fields(context['device'])
  const listed = Array.isArray(context['externalIds']) ? context['externalIds'].map(fields) : []
  const places: [type: string, value: JsonValue | undefined][] = [
    ['user_id', call['userId']],
    ['email', call['type'] === 'identify' ? fields(call['traits'])['email'] : undefined],
    ['email', fields(context['traits'])['email']],
    ['anonymous_id', call['anonymousId']],
  ]
  if (device['type'] === 'ios' || device['type'] === 'android') {
    const advertisingId = device['adTrackingEnabled'] === true ? device['advertisingId'] : undefined
    places.push([`${device['type']}.id`, device['id']])
    places.push([`${device['type']}.idfa`, advertisingId])
    places.push([`${device['type']}.push_token`, device['token']])
  }
  places.push(['ga_client_id', fields(fields(context['integrations'])['Google Analytics'])['clientId']])
  places.push(['braze_id', fields(context['Braze'])['braze_id']])
  for (const { id, type, collection, encoding } of listed)
    if (typeof type === 'string' && type !== '' && collection === 'users' && encoding === 'none')
      places.push([type, id])
  const ids = new Map<string, Id>()
  for (const [type, given] of places) {
    const value = idText(type, given)
    if (value !== undefined && !ids.has(idKey({ type, value }))) ids.set(idKey({ type, value }), { type, value })
  }
  return [...ids.values()]
}

export function idKey({ type, value }: Id): string {
  return JSON.stringify([type, value])
}

/** The id in the form in which it is kept; undefined for what is no id, or is blocked. */
function idText(type: string, given: JsonValue | undefined): string | undefined {
  if (typeof given !== 'string' && typeof given !== 'number') return undefined
  const text = type === 'email' ? String(given).trim().toLowerCase() : String(given)
  return /^[0-]*$/.test(text) || ['-1', 'null', 'anonymous'].includes(text) ? undefined : text
}

/** `user_id`, `email`, then the other types alphabetically. */
export function byPriority(a: string, b: string): number {
  const rank = (type: string) => (type === 'user_id' ? 0 : type === 'email' ? 1 : 2)
  return rank(a) - rank(b) || alphabetically(a, b)
}
