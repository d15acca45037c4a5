/**
 * Reads tracking calls as Segment's SDKs send them into the one shape that the engine reads. Sources: Segment's HTTP
 * API and spec pages (calls, ids, clock skew); SDKs send more fields than are read here.
 */
import { EngineError, kindOf } from './errors.ts'
import type { JsonObject, JsonValue } from './json.ts'
import { canonicalId, type ExternalId, type IdentityRules } from './external-id.ts'
import { parseInstant } from './time.ts'

export type CallType = 'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias'

/** The form of a request body: one call of a type, or a batch of them. */
export type Endpoint = CallType | 'batch'

export interface Call {
  readonly type: CallType
  /** '' if the call has none: then it cannot be a duplicate. */
  readonly messageId: string
  /** The instant of the call by the client's clock; epoch ms. */
  readonly claimedAt: number | undefined
  /** The instant of sending by the client's clock; epoch ms. */
  readonly sentAt: number | undefined
  /** Ids of the user, in the order of their places in the call; never empty. */
  readonly ids: readonly ExternalId[]
  /** Only for a track, page or screen call. */
  readonly event: string | undefined
  readonly properties: JsonObject
  readonly context: JsonObject
  /** Only for an identify or group call. */
  readonly traits: JsonObject | undefined
  /** Only for a group call. */
  readonly groupId: string | undefined
}

export const MESSAGE_ID_LENGTH_MAX = 100
/** Objects within objects beyond this depth are refused: what walks them uses the stack. */
export const DEPTH_MAX = 64

const NOTHING: JsonObject = Object.freeze({})

/**
 * Reads one call. Throws an EngineError for a call that breaks a rule. The result does not depend on when the call is
 * received.
 * @param root of the batch that the call is an item of: its `context` and `sentAt` hold for each call without its own
 * @param endpointType the type that the endpoint gives to the call; left out: the call says so itself
 */
export function readCall(
  raw: unknown,
  rules: IdentityRules,
  root: JsonObject = NOTHING,
  endpointType?: CallType,
): Call {
  const call = objectField(raw, 'call', 'not_an_object')
  if (call === NOTHING) throw new EngineError('not_an_object', `a call: expected an object, got ${kindOf(raw)}`)
  const type = endpointType ?? readType(call['type'])
  const own = objectField(call['context'] ?? root['context'], 'context', 'context_not_object')
  const context = mergedContext(own, root['context'])
  const traits =
    type === 'identify' || type === 'group' ? objectField(call['traits'], 'traits', 'traits_not_object') : undefined
  const properties =
    type === 'track' || type === 'page' || type === 'screen'
      ? objectField(call['properties'], 'properties', 'properties_not_object')
      : NOTHING
  checkDepth(properties, 'properties')
  checkDepth(context, 'context')
  if (traits) checkDepth(traits, 'traits')
  const ids = readIds(call, type, context, traits, rules)
  const groupId = type === 'group' ? readGroupId(call['groupId'], rules) : undefined
  if (ids.length === 0)
    throw new EngineError('no_user_anon_id', 'userId or anonymousId: expected an id that is not blocked, got none')
  return {
    type,
    messageId: readMessageId(call['messageId']),
    claimedAt: instantField(call['originalTimestamp']) ?? instantField(call['timestamp']),
    sentAt: instantField(call['sentAt'] ?? root['sentAt']),
    ids,
    event: readEventName(call, type),
    properties: type === 'page' || type === 'screen' ? namedProperties(call['name'], type, properties) : properties,
    context,
    traits,
    groupId,
  }
}

/**
 * Returns the instant of a call, epoch ms: corrected for the client's clock, and never after it was received.
 * @param receivedAt the journal's receive time, epoch ms
 */
export function eventTime({ claimedAt, sentAt }: Call, receivedAt: number): number {
  if (claimedAt === undefined) return receivedAt
  return Math.min(sentAt === undefined ? claimedAt : receivedAt - (sentAt - claimedAt), receivedAt)
}

function objectField(
  value: unknown,
  field: string,
  code: 'not_an_object' | 'context_not_object' | 'traits_not_object' | 'properties_not_object',
): JsonObject {
  if (value === undefined || value === null) return NOTHING
  if (typeof value !== 'object' || Array.isArray(value))
    throw new EngineError(code, `${field}: expected an object, got ${kindOf(value)}`, field)
  return value as JsonObject
}

function readType(type: unknown): CallType {
  switch (type) {
    case 'track':
    case 'page':
    case 'screen':
    case 'identify':
    case 'group':
    case 'alias':
      return type
    default:
      throw new EngineError(
        'unknown_type',
        `type: expected track, page, screen, identify, group or alias, got ${typeof type === 'string' ? `'${type.slice(0, 40)}'` : kindOf(type)}`,
        'type',
      )
  }
}

function readMessageId(messageId: unknown): string {
  if (messageId === undefined || messageId === null) return ''
  if (typeof messageId !== 'string')
    throw new EngineError('message_id_invalid', `messageId: expected text, got ${kindOf(messageId)}`, 'messageId')
  if (messageId.length > MESSAGE_ID_LENGTH_MAX)
    throw new EngineError(
      'message_id_invalid',
      `messageId: expected at most ${MESSAGE_ID_LENGTH_MAX} characters, got ${messageId.length}`,
      'messageId',
    )
  if (!messageId.isWellFormed())
    throw new EngineError('message_id_invalid', 'messageId: expected text, got half a surrogate pair', 'messageId')
  return messageId
}

/** Merges the contexts of a call and its batch; the call's own wins, field by field. */
function mergedContext(own: JsonObject, shared: JsonValue | undefined): JsonObject {
  return shared === undefined || shared === own ? own : { ...plainObject(shared), ...own }
}

function instantField(value: unknown): number | undefined {
  return typeof value === 'string' ? parseInstant(value) : undefined
}

function readEventName(call: JsonObject, type: CallType): string | undefined {
  if (type === 'page') return 'Page Viewed'
  if (type === 'screen') return 'Screen Viewed'
  if (type !== 'track') return undefined
  const event = call['event']
  if (event === undefined || event === null || event === '')
    throw new EngineError('event_not_defined', 'event: expected the name of the event, got nothing', 'event')
  if (typeof event !== 'string')
    throw new EngineError('event_not_string', `event: expected text, got ${kindOf(event)}`, 'event')
  return event
}

function namedProperties(name: unknown, type: 'page' | 'screen', properties: JsonObject): JsonObject {
  if (name === undefined || name === null) return properties
  if (typeof name !== 'string')
    throw new EngineError('name_not_string', `name: expected text, got ${kindOf(name)}`, 'name')
  const named = copied(properties)
  named['name'] = name
  named[type === 'page' ? 'page_name' : 'screen_name'] = name
  return named
}

/** Copies what `JSON.parse` has made. A spread of it takes microseconds as long as it comes in few forms. */
function copied(object: JsonObject): JsonObject {
  // Assigned, this one field would become the prototype.
  return Object.hasOwn(object, '__proto__') ? { ...object } : Object.assign({}, object)
}

function readGroupId(value: unknown, rules: IdentityRules): string {
  const groupId = idText(value)
  if (groupId === undefined || rules.isBlocked(groupId))
    throw new EngineError('id_required', `groupId: expected an id that is not blocked, got ${kindOf(value)}`, 'groupId')
  return groupId
}

/** Returns the text of an id; a number is its decimal text; anything else, half a surrogate pair included, is no id. */
function idText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? value : undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  // Beyond this, the text of a number is no longer its digits.
  return Number.isInteger(value) && Math.abs(value) >= 1e21 ? String(BigInt(value)) : String(value)
}

function readIds(
  call: JsonObject,
  type: CallType,
  context: JsonObject,
  traits: JsonObject | undefined,
  rules: IdentityRules,
): readonly ExternalId[] {
  let ids = withId(NO_IDS, 'user_id', call['userId'], rules)
  if (type === 'identify' && traits) ids = withId(ids, 'email', traits['email'], rules)
  if (context === NOTHING) return withId(ids, 'anonymous_id', call['anonymousId'], rules)
  ids = withId(ids, 'email', plainObject(context['traits'])?.['email'], rules)
  ids = withId(ids, 'anonymous_id', call['anonymousId'], rules)
  ids = withDeviceIds(ids, plainObject(context['device']), rules)
  if (rules.takesIntegrationIds) ids = withIntegrationIds(ids, context, rules)
  const externalIds = context['externalIds']
  if (Array.isArray(externalIds)) for (const entry of externalIds) ids = withListedId(ids, plainObject(entry), rules)
  return ids
}

const NO_IDS: readonly ExternalId[] = []

/** Returns the list with one more id. A new list is exactly as long as needed: most calls have one id, or two. */
function withId(ids: readonly ExternalId[], type: string, value: unknown, rules: IdentityRules): readonly ExternalId[] {
  const text = idText(value)
  if (text === undefined) return ids
  const canonical = canonicalId(type, text)
  if (rules.isBlocked(canonical)) return ids
  for (const id of ids) if (id.type === type && id.value === canonical) return ids
  const added = { type, value: canonical }
  if (ids.length === 0) return [added]
  return ids.length === 1 ? [ids[0]!, added] : [...ids, added]
}

function withDeviceIds(
  ids: readonly ExternalId[],
  device: JsonObject | undefined,
  rules: IdentityRules,
): readonly ExternalId[] {
  const platform = device?.['type']
  if (!device || (platform !== 'ios' && platform !== 'android')) return ids
  let added = withId(ids, `${platform}.id`, device['id'], rules)
  if (device['adTrackingEnabled'] === true) added = withId(added, `${platform}.idfa`, device['advertisingId'], rules)
  return withId(added, `${platform}.push_token`, device['token'], rules)
}

/** Adds the ids of device-mode integrations. Segment: «Identity Resolution: External IDs». */
function withIntegrationIds(
  ids: readonly ExternalId[],
  context: JsonObject,
  rules: IdentityRules,
): readonly ExternalId[] {
  const analytics = plainObject(plainObject(context['integrations'])?.['Google Analytics'])
  const added = withId(ids, 'ga_client_id', analytics?.['clientId'], rules)
  return withId(added, 'braze_id', plainObject(context['Braze'])?.['braze_id'], rules)
}

function withListedId(
  ids: readonly ExternalId[],
  entry: JsonObject | undefined,
  rules: IdentityRules,
): readonly ExternalId[] {
  if (entry?.['collection'] !== 'users' || entry['encoding'] !== 'none') return ids
  const type = entry['type']
  return typeof type === 'string' && type !== '' ? withId(ids, type, entry['id'], rules) : ids
}

function plainObject(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}

function checkDepth(value: JsonObject, field: string): void {
  if (!isShallow(value, DEPTH_MAX))
    throw new EngineError(
      'value_too_deep',
      `${field}: expected at most ${DEPTH_MAX} objects within one another, got more`,
      field,
    )
}

/** True if objects and lists nest at most so deep. Makes no list of keys or values: most objects hold nothing deep. */
function isShallow(value: JsonValue[] | JsonObject, depthLeft: number): boolean {
  if (depthLeft === 0) return false
  if (Array.isArray(value)) {
    for (const inner of value) if (!isShallowValue(inner, depthLeft - 1)) return false
  } else {
    for (const key in value) if (!isShallowValue(value[key]!, depthLeft - 1)) return false
  }
  return true
}

function isShallowValue(value: JsonValue, depthLeft: number): boolean {
  return typeof value !== 'object' || value === null || isShallow(value, depthLeft)
}
