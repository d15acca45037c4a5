/** Tracking calls as they are read: every rule, and the refusal of what breaks it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Call, DEPTH_MAX, eventTime, MESSAGE_ID_LENGTH_MAX, readCall } from '../../src/model/call.ts'
import { EngineError } from '../../src/model/errors.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { DEFAULT_IDENTITY_RULES, type IdentityRules } from '../../src/model/external-id.ts'
import { propertyRuns } from '../support/runs.ts'

const RECEIVED = Date.UTC(2026, 0, 10, 12)
const HOUR = 3_600_000

function read(raw: unknown, rules: IdentityRules = DEFAULT_IDENTITY_RULES): Call {
  return readCall(raw, rules)
}

/** `[code, message, field]` */
function refusalOf(raw: unknown): [string, string, string | undefined] {
  try {
    read(raw)
  } catch (error) {
    if (error instanceof EngineError) return [error.code, error.message, error.field]
    throw error
  }
  throw new Error('the call was taken')
}

function iso(instant: number): string {
  return new Date(instant).toISOString()
}

function idsOf(raw: JsonObject): string[] {
  return read({ type: 'track', event: 'E', ...raw }).ids.map(({ type, value }) => `${type}:${value}`)
}

/** `depth` objects within one another, the outermost included. */
function nested(depth: number, list = false): JsonObject {
  let value: JsonObject = {}
  for (let level = 1; level < depth; level++) value = list && level % 2 === 1 ? { a: [value] } : { a: value }
  return value
}

describe('a call', () => {
  it('is read into one shape', () => {
    expect(
      read({
        type: 'track',
        event: 'Ordered',
        userId: 'u1',
        messageId: 'm1',
        timestamp: iso(RECEIVED - HOUR),
        properties: { price: 1 },
        context: { page: { url: 'x' } },
        traits: { ignored: true },
        groupId: 'ignored',
        integrations: { All: false },
      }),
    ).toEqual({
      type: 'track',
      event: 'Ordered',
      ids: [{ type: 'user_id', value: 'u1' }],
      messageId: 'm1',
      claimedAt: RECEIVED - HOUR,
      sentAt: undefined,
      properties: { price: 1 },
      context: { page: { url: 'x' } },
      traits: undefined,
      groupId: undefined,
    })
  })

  it.each<[type: string, more: JsonObject, read: Partial<Call>]>([
    ['track', { event: 'Page Viewed' }, { event: 'Page Viewed', properties: {}, traits: undefined }],
    ['page', {}, { event: 'Page Viewed', properties: {}, traits: undefined }],
    ['screen', {}, { event: 'Screen Viewed', properties: {} }],
    ['page', { name: 'Cart' }, { properties: { name: 'Cart', page_name: 'Cart' } }],
    ['screen', { name: 'Cart' }, { properties: { name: 'Cart', screen_name: 'Cart' } }],
    ['page', { name: '' }, { properties: { name: '', page_name: '' } }],
    ['page', { name: null, properties: { name: 'own' } }, { properties: { name: 'own' } }],
    // The call's name wins over properties.name.
    [
      'page',
      { name: 'Cart', properties: { name: 'own', a: 1 } },
      { properties: { name: 'Cart', page_name: 'Cart', a: 1 } },
    ],
    ['identify', { traits: { a: null } }, { event: undefined, traits: { a: null }, properties: {} }],
    ['identify', {}, { traits: {} }],
    ['identify', { traits: null, context: null, properties: 'unread' }, { traits: {}, context: {}, properties: {} }],
    ['group', { groupId: 'g1', traits: { a: 1 } }, { event: undefined, groupId: 'g1', traits: { a: 1 } }],
    ['group', { groupId: 7 }, { groupId: '7', traits: {} }],
    ['alias', { previousId: 'u0' }, { event: undefined, traits: undefined }],
    ['track', { event: 'E', traits: 'unread', name: 7 }, { event: 'E', properties: {} }],
  ])('of type %s with %j', (type, more, expected) => {
    expect(read({ type, userId: 'u1', ...more })).toMatchObject(expected)
  })

  it.each(['page', 'screen'])('of type %s has the fields that a spread would give it, in that order', (type) => {
    const name = fc.constantFrom('name', 'page_name', 'screen_name', '__proto__', 'constructor', '7', 'a', 'b')
    const fields = fc.dictionary(name, fc.oneof(fc.integer(), fc.constant(null), fc.constant({ c: 1 })))
    fc.assert(
      fc.property(fields, (given) => {
        const properties = JSON.parse(JSON.stringify(given)) as JsonObject
        const before = JSON.stringify(properties)
        const call = read({ type, userId: 'u1', name: 'Cart', properties })
        expect(JSON.stringify(call.properties)).toBe(
          JSON.stringify({ ...properties, name: 'Cart', [`${type}_name`]: 'Cart' }),
        )
        expect(Object.getPrototypeOf(call.properties)).toBe(Object.prototype)
        expect(JSON.stringify(properties)).toBe(before)
      }),
      propertyRuns(500),
    )
  })

  it('leaves what it was given as it was', () => {
    const raw = {
      type: 'page',
      name: 'Cart',
      userId: ' u1 ',
      properties: { a: 1 },
      context: { traits: { email: 'A@x' } },
    }
    const before = JSON.stringify(raw)
    read(raw)
    expect(JSON.stringify(raw)).toBe(before)
  })
})

describe('refusals', () => {
  const track = { type: 'track', event: 'E', userId: 'u1' }
  const long = 'x'.repeat(MESSAGE_ID_LENGTH_MAX + 1)

  it.each<[raw: unknown, code: string, message: string, field?: string]>([
    [null, 'not_an_object', 'a call: expected an object, got null'],
    [undefined, 'not_an_object', 'a call: expected an object, got nothing'],
    ['text', 'not_an_object', 'call: expected an object, got a string', 'call'],
    [[track], 'not_an_object', 'call: expected an object, got an array', 'call'],
    [
      { userId: 'u1' },
      'unknown_type',
      'type: expected track, page, screen, identify, group or alias, got nothing',
      'type',
    ],
    [
      { ...track, type: 'Track' },
      'unknown_type',
      "type: expected track, page, screen, identify, group or alias, got 'Track'",
      'type',
    ],
    [
      { ...track, type: 't'.repeat(50) },
      'unknown_type',
      `type: expected track, page, screen, identify, group or alias, got '${'t'.repeat(40)}'`,
      'type',
    ],
    [
      { ...track, type: 5 },
      'unknown_type',
      'type: expected track, page, screen, identify, group or alias, got a number',
      'type',
    ],
    [{ ...track, context: 'x' }, 'context_not_object', 'context: expected an object, got a string', 'context'],
    [{ ...track, context: [] }, 'context_not_object', 'context: expected an object, got an array', 'context'],
    [
      { ...track, properties: [1] },
      'properties_not_object',
      'properties: expected an object, got an array',
      'properties',
    ],
    [
      { type: 'page', userId: 'u1', properties: 1 },
      'properties_not_object',
      'properties: expected an object, got a number',
      'properties',
    ],
    [
      { type: 'identify', userId: 'u1', traits: 'x' },
      'traits_not_object',
      'traits: expected an object, got a string',
      'traits',
    ],
    [
      { type: 'group', userId: 'u1', groupId: 'g', traits: true },
      'traits_not_object',
      'traits: expected an object, got a boolean',
      'traits',
    ],
    [
      { type: 'track', userId: 'u1' },
      'event_not_defined',
      'event: expected the name of the event, got nothing',
      'event',
    ],
    [{ ...track, event: null }, 'event_not_defined', 'event: expected the name of the event, got nothing', 'event'],
    [{ ...track, event: '' }, 'event_not_defined', 'event: expected the name of the event, got nothing', 'event'],
    [{ ...track, event: 5 }, 'event_not_string', 'event: expected text, got a number', 'event'],
    [{ ...track, event: ['E'] }, 'event_not_string', 'event: expected text, got an array', 'event'],
    [{ type: 'page', userId: 'u1', name: 5 }, 'name_not_string', 'name: expected text, got a number', 'name'],
    [{ type: 'screen', userId: 'u1', name: {} }, 'name_not_string', 'name: expected text, got an object', 'name'],
    [{ ...track, messageId: 5 }, 'message_id_invalid', 'messageId: expected text, got a number', 'messageId'],
    [
      { ...track, messageId: long },
      'message_id_invalid',
      'messageId: expected at most 100 characters, got 101',
      'messageId',
    ],
    [
      { ...track, messageId: 'm\ud800' },
      'message_id_invalid',
      'messageId: expected text, got half a surrogate pair',
      'messageId',
    ],
    [
      { type: 'group', userId: 'u1' },
      'id_required',
      'groupId: expected an id that is not blocked, got nothing',
      'groupId',
    ],
    [
      { type: 'group', userId: 'u1', groupId: 'null' },
      'id_required',
      'groupId: expected an id that is not blocked, got a string',
      'groupId',
    ],
    [
      { type: 'group', userId: 'u1', groupId: true },
      'id_required',
      'groupId: expected an id that is not blocked, got a boolean',
      'groupId',
    ],
    [
      { type: 'track', event: 'E' },
      'no_user_anon_id',
      'userId or anonymousId: expected an id that is not blocked, got none',
    ],
    [
      { ...track, userId: 'null' },
      'no_user_anon_id',
      'userId or anonymousId: expected an id that is not blocked, got none',
    ],
    [
      { type: 'group', groupId: 'g1' },
      'no_user_anon_id',
      'userId or anonymousId: expected an id that is not blocked, got none',
    ],
    [
      { type: 'alias', previousId: 'u1' },
      'no_user_anon_id',
      'userId or anonymousId: expected an id that is not blocked, got none',
    ],
    // The email in the traits of a call that is no identify names nobody.
    [
      { type: 'group', groupId: 'g1', traits: { email: 'a@x.io' } },
      'no_user_anon_id',
      'userId or anonymousId: expected an id that is not blocked, got none',
    ],
  ])('of %j: %s', (raw, code, message, field) => {
    expect(refusalOf(raw)).toEqual([code, message, field])
  })

  it('never repeat an id, an email or a value', () => {
    const personal = 'jane@x.io'
    const calls = [
      { ...track, userId: [personal] },
      { ...track, userId: { id: personal }, anonymousId: true },
      { ...track, messageId: personal.repeat(20) },
      { type: 'group', userId: 'u1', groupId: [personal] },
      { ...track, event: [personal] },
      { type: 'page', userId: 'u1', name: [personal] },
    ]
    for (const raw of calls) expect(refusalOf(raw)[1]).not.toContain('jane')
  })
})

describe('a messageId', () => {
  it.each<[given: unknown, read: string]>([
    [undefined, ''],
    [null, ''],
    ['', ''],
    ['m', 'm'],
    ['x'.repeat(MESSAGE_ID_LENGTH_MAX), 'x'.repeat(MESSAGE_ID_LENGTH_MAX)],
  ])('%j', (messageId, expected) => {
    expect(read({ type: 'track', event: 'E', userId: 'u1', messageId }).messageId).toBe(expected)
  })
})

describe('depth', () => {
  it.each<[field: string, raw: (value: JsonObject) => JsonObject]>([
    ['properties', (properties) => ({ type: 'track', event: 'E', userId: 'u1', properties })],
    ['context', (context) => ({ type: 'alias', userId: 'u1', context })],
    ['traits', (traits) => ({ type: 'identify', userId: 'u1', traits })],
    ['traits', (traits) => ({ type: 'group', groupId: 'g1', userId: 'u1', traits })],
  ])('of %s is bounded', (field, raw) => {
    expect(() => read(raw(nested(DEPTH_MAX)))).not.toThrow()
    const refusal = ['value_too_deep', `${field}: expected at most 64 objects within one another, got more`, field]
    expect(refusalOf(raw(nested(DEPTH_MAX + 1)))).toEqual(refusal)
    expect(refusalOf(raw(nested(DEPTH_MAX + 1, true)))).toEqual(refusal)
    expect(refusalOf(raw(JSON.parse(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`) as JsonObject))).toEqual(refusal)
  })

  it('is that of the deepest of all objects and lists', () => {
    const branch = fc.array(fc.boolean(), { minLength: DEPTH_MAX - 4, maxLength: DEPTH_MAX + 2 })
    fc.assert(
      fc.property(branch, branch, fc.boolean(), (one, other, isList) => {
        const [a, b] = [chain(one), chain(other)]
        const properties: JsonObject = isList ? { text: 'x', list: [null, a, 7, b] } : { a, none: null, b }
        const event = { type: 'track', event: 'E', userId: 'u1', properties }
        if (depthOf(properties) <= DEPTH_MAX) expect(read(event).properties).toBe(properties)
        else expect(refusalOf(event)[0]).toBe('value_too_deep')
      }),
      propertyRuns(500),
    )
  })
})

/** Objects and lists within one another, each beside values that are none. */
function chain(lists: readonly boolean[]): JsonValue {
  return lists.reduce<JsonValue>((inner, isList) => (isList ? ['x', inner, null] : { x: 1, inner, y: 'z' }), true)
}

function depthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

describe('the time of an event', () => {
  const at = (ms: number) => iso(RECEIVED + ms)

  it.each<[says: string, fields: JsonObject, ts: number]>([
    ['is its receive time without a timestamp', {}, 0],
    ['is its timestamp', { timestamp: at(-HOUR) }, -HOUR],
    ['is its originalTimestamp first', { originalTimestamp: at(-2 * HOUR), timestamp: at(-HOUR) }, -2 * HOUR],
    ['is its timestamp where originalTimestamp is none', { originalTimestamp: 'soon', timestamp: at(-HOUR) }, -HOUR],
    ['is never in the future', { timestamp: at(1) }, 0],
    ['may be the receive time itself', { timestamp: at(0) }, 0],
    ['is its receive time where it cannot be read', { timestamp: 'soon' }, 0],
    ['is its receive time where it is a number', { timestamp: RECEIVED - HOUR }, 0],
    ['is its receive time where it is an impossible date', { timestamp: '2025-02-29' }, 0],
    // The client's clock: what counts is how long before sending it happened.
    ['is corrected for a clock that is behind', { timestamp: at(-25 * HOUR), sentAt: at(-24 * HOUR) }, -HOUR],
    ['is corrected for a clock that is ahead', { timestamp: at(23 * HOUR), sentAt: at(24 * HOUR) }, -HOUR],
    [
      'is corrected from its originalTimestamp',
      { originalTimestamp: at(-3 * HOUR), timestamp: at(-9), sentAt: at(-HOUR) },
      -2 * HOUR,
    ],
    ['is not in the future after it is corrected', { timestamp: at(-HOUR), sentAt: at(-2 * HOUR) }, 0],
    ['is as it says where sentAt cannot be read', { timestamp: at(-HOUR), sentAt: 'soon' }, -HOUR],
    ['is as it says where sentAt is a number', { timestamp: at(-HOUR), sentAt: RECEIVED }, -HOUR],
    ['is its receive time with a sentAt alone', { sentAt: at(-HOUR) }, 0],
    ['is in the zone that it names', { timestamp: '2026-01-10T13:00:00.000+02:00' }, -HOUR],
  ])('%s', (_, fields, ts) => {
    const call = read({ type: 'track', event: 'E', userId: 'u1', ...fields })
    expect(eventTime(call, RECEIVED) - RECEIVED).toBe(ts)
  })
})

describe('the ids of a call', () => {
  const device = { type: 'ios', id: 'd1', advertisingId: 'ad1', token: 't1' }
  const listed = { id: 'x1', type: 'crm', collection: 'users', encoding: 'none' }

  it.each<[raw: JsonObject, ids: string[]]>([
    [{ userId: 'u1' }, ['user_id:u1']],
    [{ anonymousId: 'a1' }, ['anonymous_id:a1']],
    [{ userId: 'u1', anonymousId: 'a1' }, ['user_id:u1', 'anonymous_id:a1']],
    // A number is its decimal text; other kinds are ignored.
    [{ userId: 7, anonymousId: -2.5 }, ['user_id:7', 'anonymous_id:-2.5']],
    [{ userId: true, anonymousId: 'a1' }, ['anonymous_id:a1']],
    [{ userId: ['u1'], anonymousId: 'a1' }, ['anonymous_id:a1']],
    [{ userId: {}, anonymousId: 'a1' }, ['anonymous_id:a1']],
    // Text is taken as it stands, but for emails.
    [{ userId: ' U1 ' }, ['user_id: U1 ']],
    [{ userId: '\ud83d', anonymousId: 'a1' }, ['anonymous_id:a1']],
    // Blocked values.
    ...['', '0', '-', '000', '0-0', '00000000-0000-0000-0000-000000000000', '-1', 'null', 'anonymous'].map(
      (blocked): [JsonObject, string[]] => [{ userId: blocked, anonymousId: 'a1' }, ['anonymous_id:a1']],
    ),
    [{ userId: 0, anonymousId: 'a1' }, ['anonymous_id:a1']],
    [{ userId: -1, anonymousId: 'a1' }, ['anonymous_id:a1']],
    [{ userId: 'Null' }, ['user_id:Null']],
    [{ userId: '-2' }, ['user_id:-2']],
    [{ userId: 'undefined' }, ['user_id:undefined']],
    // Emails.
    [{ type: 'identify', traits: { email: ' Jane@X.io\t' } }, ['email:jane@x.io']],
    [{ type: 'identify', traits: { email: 'NULL ' }, userId: 'u1' }, ['user_id:u1']],
    [{ context: { traits: { email: 'Jane@x.io' } } }, ['email:jane@x.io']],
    [{ type: 'identify', traits: { email: 'A@x' }, context: { traits: { email: 'a@X' } } }, ['email:a@x']],
    [{ type: 'identify', traits: { email: 'a@x' }, context: { traits: { email: 'b@x' } } }, ['email:a@x', 'email:b@x']],
    [{ userId: 'u1', traits: { email: 'a@x' } }, ['user_id:u1']],
    [{ userId: 'u1', context: { traits: 'text' } }, ['user_id:u1']],
    [{ userId: 'u1', context: { traits: { email: { a: 1 } } } }, ['user_id:u1']],
    // Devices.
    [{ context: { device } }, ['ios.id:d1', 'ios.push_token:t1']],
    [
      { context: { device: { ...device, adTrackingEnabled: true } } },
      ['ios.id:d1', 'ios.idfa:ad1', 'ios.push_token:t1'],
    ],
    [{ context: { device: { ...device, adTrackingEnabled: 'true' } } }, ['ios.id:d1', 'ios.push_token:t1']],
    [
      { context: { device: { ...device, type: 'android', adTrackingEnabled: true } } },
      ['android.id:d1', 'android.idfa:ad1', 'android.push_token:t1'],
    ],
    [{ userId: 'u1', context: { device: { ...device, type: 'iOS' } } }, ['user_id:u1']],
    [{ userId: 'u1', context: { device: { id: 'd1' } } }, ['user_id:u1']],
    [{ userId: 'u1', context: { device: 'ios' } }, ['user_id:u1']],
    [{ userId: 'u1', context: { device: { type: 'ios', id: 'null', token: 5 } } }, ['user_id:u1', 'ios.push_token:5']],
    // Listed ids: all four fields.
    [
      { anonymousId: 'a', context: { integrations: { 'Google Analytics': { clientId: 123.456 } } } },
      ['anonymous_id:a', 'ga_client_id:123.456'],
    ],
    [{ context: { Braze: { braze_id: 'b1' }, externalIds: [listed] } }, ['braze_id:b1', 'crm:x1']],
    [{ userId: 'u1', context: { integrations: { 'Google Analytics': true }, Braze: 'b1' } }, ['user_id:u1']],
    [{ context: { externalIds: [listed, { ...listed, id: 2 }] } }, ['crm:x1', 'crm:2']],
    [{ userId: 'u1', context: { externalIds: [{ ...listed, collection: 'accounts' }] } }, ['user_id:u1']],
    [{ userId: 'u1', context: { externalIds: [{ ...listed, encoding: 'base64' }] } }, ['user_id:u1']],
    [{ userId: 'u1', context: { externalIds: [{ id: 'x1', type: 'crm', collection: 'users' }] } }, ['user_id:u1']],
    [{ userId: 'u1', context: { externalIds: [{ id: 'x1', type: 'crm', encoding: 'none' }] } }, ['user_id:u1']],
    [
      { userId: 'u1', context: { externalIds: [{ ...listed, type: '' }, { ...listed, type: 5 }, null, 'x'] } },
      ['user_id:u1'],
    ],
    [{ userId: 'u1', context: { externalIds: listed } }, ['user_id:u1']],
    [{ context: { externalIds: [{ ...listed, type: 'email', id: ' A@x' }] } }, ['email:a@x']],
    [
      { userId: 'u1', context: { externalIds: [{ ...listed, type: 'user_id', id: 'u2' }] } },
      ['user_id:u1', 'user_id:u2'],
    ],
    // The order of their places; none twice.
    [
      {
        type: 'identify',
        userId: 'u1',
        anonymousId: 'a1',
        traits: { email: 'a@x' },
        context: {
          traits: { email: 'b@x' },
          device,
          externalIds: [listed, listed, { ...listed, type: 'user_id', id: 'u1' }],
        },
      },
      ['user_id:u1', 'email:a@x', 'email:b@x', 'anonymous_id:a1', 'ios.id:d1', 'ios.push_token:t1', 'crm:x1'],
    ],
  ])('%j', (raw, ids) => {
    expect(idsOf(raw)).toEqual(ids)
  })

  it('leave out what is blocked by default, and nothing like it', () => {
    const piece = fc.constantFrom('0', '-', '1', '-1', 'null', 'anonymous', 'n', 'a', ' ', '\n', '\u0660')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
        const userId = pieces.join('')
        const isBlocked = /^(?:[0-]*|-1|null|anonymous)$/.test(userId)
        expect(idsOf({ userId, anonymousId: 'a1' })).toEqual([
          ...(isBlocked ? [] : [`user_id:${userId}`]),
          'anonymous_id:a1',
        ])
      }),
      propertyRuns(1000),
    )
  })

  it('leave out what the rules of the space block, group ids too', () => {
    const rules = { ...DEFAULT_IDENTITY_RULES, isBlocked: (value: string) => value === 'guest' }
    const ids = read({ type: 'track', event: 'E', userId: 'guest', anonymousId: 'null' }, rules).ids
    expect(ids).toEqual([{ type: 'anonymous_id', value: 'null' }])
    expect(() => read({ type: 'group', userId: 'u1', groupId: 'guest' }, rules)).toThrow('groupId: expected an id')
  })
})
