/** The calls of a delivery, as a destination gets them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callCountOf, type CallSetting, callsOf, callsOfJob } from '../../src/calls/calls.ts'
import { enrichmentOf } from '../../src/outbox/enrichment.ts'
import type { Delivery } from '../../src/outbox/delivery.ts'
import type { ConnectionRecord } from '../../src/model/destination.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { propertyRuns } from '../support/runs.ts'
import { connection, delivery, ids } from '../outbox/given.ts'

const AT = Date.UTC(2026, 2, 1, 12, 0, 0, 66)
const SINCE = '2026-03-01T12:00:00.066Z'
const ALL = { identify: true, track: true, group: true }

function setting(changes: Partial<ConnectionRecord> = {}): CallSetting {
  const record = connection({ definitionId: 'aud_7', key: 'first_time_shopper', ...changes })
  return { connection: record, destinationName: 'HubSpot', spaceId: 'spa_1' }
}

function toUser(text: string, changes: Partial<Delivery> = {}): Delivery {
  const subject = { kind: 'user', ids: ids(text), only: undefined } as const
  return delivery(1, { at: AT, subject, profile: 'user_id:u123', ...changes })
}

function toAccount(changes: Partial<Delivery> = {}): Delivery {
  return delivery(1, { at: AT, subject: { kind: 'account', groupId: 'acme' }, profile: 'group_id:acme', ...changes })
}

const PERSONAS = {
  computation_class: 'audience',
  computation_id: 'aud_7',
  computation_key: 'first_time_shopper',
  namespace: 'spa_1',
  space_id: 'spa_1',
}

const ENVELOPE = {
  messageId: expect.stringMatching(/^personas_[0-9A-Za-z]{27}$/) as string,
  integrations: { All: false, HubSpot: true },
  timestamp: SINCE,
  originalTimestamp: SINCE,
}

const identify = { sends: { identify: true, track: false, group: false } }
const track = { sends: { identify: false, track: true, group: false } }

describe('an audience', () => {
  it('is a boolean trait of an identify call', () => {
    expect(callsOf(toUser('user_id:u123'), setting(identify))).toStrictEqual([
      {
        type: 'identify',
        userId: 'u123',
        traits: { first_time_shopper: true },
        context: { personas: PERSONAS },
        ...ENVELOPE,
      },
    ])
  })

  it('is false on exit', () => {
    const [call] = callsOf(toUser('user_id:u123', { value: false, sequence: 2 }), setting(identify))
    expect(call).toMatchObject({ type: 'identify', traits: { first_time_shopper: false } })
  })

  it('is an event of a track call, of entering and of leaving', () => {
    expect(callsOf(toUser('user_id:u123'), setting(track))).toStrictEqual([
      {
        type: 'track',
        userId: 'u123',
        event: 'Audience Entered',
        properties: { audience_key: 'first_time_shopper', first_time_shopper: true },
        context: { personas: PERSONAS },
        ...ENVELOPE,
      },
    ])
    const [call] = callsOf(toUser('user_id:u123', { value: false, sequence: 2 }), setting(track))
    expect(call).toMatchObject({
      event: 'Audience Exited',
      properties: { audience_key: 'first_time_shopper', first_time_shopper: false },
    })
  })

  it('has events by the names that the connection gives them', () => {
    const events = { entered: 'Joined', exited: 'Left', computed: 'Reckoned' }
    const names = [true, false].map((value) => callsOf(toUser('user_id:u1', { value }), setting({ ...track, events })))
    expect(names.map(([call]) => call)).toMatchObject([{ event: 'Joined' }, { event: 'Left' }])
  })

  it('is an identify and a track call for each identity, in that order', () => {
    const calls = callsOf(toUser('user_id:u1 email:a@x email:b@x'), setting({ sends: ALL }))
    expect(calls.map(({ type }) => type)).toEqual(['identify', 'track', 'identify', 'track'])
  })

  it('is told to nobody where nothing is to be sent, or nobody is addressed', () => {
    expect(callsOf(toUser('user_id:u1'), setting({ sends: { identify: false, track: false, group: true } }))).toEqual(
      [],
    )
    expect(callsOf(toUser('anonymous_id:n1'), setting({ sends: ALL }))).toEqual([])
  })
})

describe('a computed trait', () => {
  const changes = { kind: 'computed_trait', key: 'total_revenue_180_days', definitionId: 'tra_3' } as const
  const personas = {
    ...PERSONAS,
    computation_class: 'trait',
    computation_id: 'tra_3',
    computation_key: 'total_revenue_180_days',
  }

  it('is a trait of an identify call', () => {
    const calls = callsOf(toUser('user_id:u123', { value: 450 }), setting({ ...identify, ...changes }))
    expect(calls).toStrictEqual([
      { type: 'identify', userId: 'u123', traits: { total_revenue_180_days: 450 }, context: { personas }, ...ENVELOPE },
    ])
  })

  it('is a property of a track call', () => {
    const calls = callsOf(toUser('user_id:u123', { value: 450 }), setting({ ...track, ...changes }))
    expect(calls).toStrictEqual([
      {
        type: 'track',
        userId: 'u123',
        event: 'Trait Computed',
        properties: { trait_key: 'total_revenue_180_days', total_revenue_180_days: 450 },
        context: { personas },
        ...ENVELOPE,
      },
    ])
  })

  it('has its event by the name that the connection gives it, and any value, null and booleans too', () => {
    const events = { entered: 'Joined', exited: 'Left', computed: 'Reckoned' }
    const values: readonly JsonValue[] = [true, false, null, 'x', ['a', 1]]
    for (const value of values) {
      const [call] = callsOf(toUser('user_id:u1', { value }), setting({ ...track, ...changes, events }))
      expect(call).toMatchObject({ event: 'Reckoned', properties: { total_revenue_180_days: value } })
    }
  })

  it('that is false is no exit: the strategy holds', () => {
    const idSync = [{ externalId: 'email', strategy: 'first' }] as const
    const exit = toUser('email:a@x email:b@x', { value: false })
    expect(callsOf(exit, setting({ ...identify, ...changes, idSync }))).toHaveLength(1)
    expect(callsOf(exit, setting({ ...identify, idSync }))).toHaveLength(2)
  })
})

describe('an account', () => {
  it('is told of by a group call', () => {
    expect(callsOf(toAccount(), setting({ type: 'ACCOUNTS', sends: ALL }))).toStrictEqual([
      {
        type: 'group',
        groupId: 'acme',
        traits: { first_time_shopper: true },
        context: { personas: PERSONAS },
        ...ENVELOPE,
      },
    ])
  })

  it('is not told of where the connection sends no group calls', () => {
    expect(callsOf(toAccount(), setting({ type: 'ACCOUNTS', ...identify }))).toEqual([])
  })

  it('has its value in the calls about its users', () => {
    const calls = callsOf(toUser('user_id:u1', { profile: 'group_id:acme' }), setting({ type: 'ACCOUNTS', sends: ALL }))
    expect(calls).toMatchObject([
      { type: 'identify', userId: 'u1', traits: { first_time_shopper: true } },
      { type: 'track', userId: 'u1', properties: { audience_key: 'first_time_shopper', first_time_shopper: true } },
    ])
  })
})

describe('who a call is about', () => {
  it('has the email in the traits of identify, and in those of the context of track', () => {
    const [one, other] = callsOf(toUser('user_id:u1 email:a@x'), setting({ sends: ALL }))
    expect(one).toMatchObject({ traits: { email: 'a@x', first_time_shopper: true } })
    expect(one!.context).toStrictEqual({ personas: PERSONAS })
    expect(other!.context).toStrictEqual({ personas: PERSONAS, traits: { email: 'a@x' } })
    expect(other).toMatchObject({ properties: { audience_key: 'first_time_shopper', first_time_shopper: true } })
  })

  it('is named by an email where there is nothing else', () => {
    const [call] = callsOf(toUser('email:a@x'), setting(identify))
    expect(call).not.toHaveProperty('userId')
    expect(call).not.toHaveProperty('anonymousId')
    expect(call).toMatchObject({
      traits: { email: 'a@x' },
      context: { externalIds: [{ id: 'a@x', type: 'email', collection: 'users', encoding: 'none' }] },
    })
  })

  it('is an anonymous id at the top where there is no user id', () => {
    const [call] = callsOf(toUser('anonymous_id:n1'), setting({ ...identify, includesAnonymous: true }))
    expect(call).toMatchObject({ anonymousId: 'n1' })
    expect(call).not.toHaveProperty('userId')
    expect(call!.context).toStrictEqual({ personas: PERSONAS })
  })

  it.each([
    ['ios.idfa', 'ios'],
    ['android.idfa', 'android'],
  ])('is a device by %s', (type, device) => {
    const [call] = callsOf(toUser(`user_id:u1 ${type}:i1`), setting(identify))
    expect(call!.context).toStrictEqual({
      personas: PERSONAS,
      device: { type: device, advertisingId: 'i1' },
      externalIds: [{ id: 'i1', type, collection: 'users', encoding: 'none' }],
    })
  })
})

describe('a job', () => {
  it('has the calls of each item, by the connection that it names', () => {
    const items = [
      toUser('user_id:u1', { connectionId: 'con_2' }),
      toUser('user_id:u2 email:a@x', { connectionId: 'con_1' }),
    ]
    const connections = [
      connection({ id: 'con_1', key: 'vips', sends: ALL }),
      connection({ id: 'con_2', key: 'gold', ...identify }),
    ]
    const calls = callsOfJob({ items, connections }, { destinationName: 'HubSpot', spaceId: 'spa_1' })
    expect(calls).toMatchObject([
      [{ type: 'identify', userId: 'u1', traits: { gold: true } }],
      [
        { type: 'identify', userId: 'u2', traits: { vips: true, email: 'a@x' } },
        { type: 'track', userId: 'u2', properties: { vips: true } },
      ],
    ])
  })

  it('makes as many calls as are counted before they are made', () => {
    const id = fc.record({
      type: fc.constantFrom('user_id', 'email', 'anonymous_id', 'ios.idfa', 'phone'),
      value: fc.constantFrom('a', 'b', 'c'),
    })
    const ids = fc.uniqueArray(id, { selector: ({ type, value }) => `${type}:${value}`, minLength: 1, maxLength: 6 })
    const sends = fc.record({ identify: fc.boolean(), track: fc.boolean(), group: fc.boolean() })
    const idSync = fc.array(
      fc.record({
        externalId: fc.constantFrom('user_id', 'email', 'phone'),
        strategy: fc.constantFrom('first' as const, 'last' as const, 'all' as const),
      }),
      { maxLength: 2 },
    )
    const record = fc.record({ sends, idSync, includesAnonymous: fc.boolean() }).map((changes) => connection(changes))
    const user = fc.record({
      kind: fc.constant('user' as const),
      ids,
      only: fc.option(fc.array(id, { maxLength: 2 }), { nil: undefined }),
    })
    const subject = fc.oneof({ weight: 5, arbitrary: user }, fc.constant({ kind: 'account', groupId: 'acme' } as const))
    fc.assert(
      fc.property(record, subject, fc.boolean(), (held, of, value) => {
        const one = delivery(1, { subject: of, value })
        const made = callsOf(one, { connection: held, destinationName: 'HubSpot', spaceId: 'spa_1' })
        expect(callCountOf(one, held)).toBe(made.length)
      }),
      propertyRuns(1_000),
    )
  })
})

describe('what a connection adds', () => {
  it('is in the traits of identify and group, and the properties of track; what is computed wins', () => {
    const traits = { plan: 'gold', first_time_shopper: 'no', audience_key: 'no' }
    const calls = [toUser('user_id:u1', { traits }), toAccount({ traits })].flatMap((one) =>
      callsOf(one, setting({ sends: ALL })),
    )
    expect(calls).toMatchObject([
      { type: 'identify', traits: { plan: 'gold', first_time_shopper: true } },
      { type: 'track', properties: { plan: 'gold', first_time_shopper: true, audience_key: 'first_time_shopper' } },
      { type: 'group', traits: { plan: 'gold', first_time_shopper: true } },
    ])
  })

  it('does not take the place of the email that is addressed', () => {
    const calls = callsOf(toUser('user_id:u1 email:a@x email:b@x', { traits: { email: 'b@x' } }), setting(identify))
    expect(calls).toMatchObject([{ traits: { email: 'a@x' } }, { traits: { email: 'b@x' } }])
  })

  it('has the names that it has there; what there is not is left out', () => {
    const held: Readonly<Record<string, JsonValue>> = { plan: 'gold', spent: 0, gone: null }
    const read = (key: string) => held[key]
    expect(enrichmentOf({ plan: 'Plan', spent: 'total', gone: 'gone', none: 'none' }, read)).toEqual({
      Plan: 'gold',
      total: 0,
    })
    expect(enrichmentOf({ none: 'none' }, read)).toBeUndefined()
    expect(enrichmentOf({}, read)).toBeUndefined()
  })
})

describe('the id of a call', () => {
  const idOf = (one: Delivery, changes: Partial<ConnectionRecord> = {}) =>
    callsOf(one, setting({ sends: ALL, ...changes })).map(({ messageId }) => messageId)

  it('is the same whenever the delivery becomes calls', () => {
    const one = toUser('user_id:u1 email:a@x email:b@x')
    expect(idOf(structuredClone(one))).toEqual(idOf(one))
    expect(idOf({ ...one, number: 99, queuedAt: 5, actor: 7, owner: 7, connectionId: 'con_9' })).toEqual(idOf(one))
  })

  it('is another for each type of call and each address', () => {
    const found = idOf(toUser('user_id:u1 email:a@x email:b@x'))
    expect(new Set(found).size).toBe(4)
  })

  it('is another for another profile, sequence, resync, definition, connection or destination', () => {
    const one = toUser('user_id:u1')
    const all = [
      ...idOf(one),
      ...idOf({ ...one, sequence: 2 }),
      ...idOf({ ...one, resync: 1 }),
      ...idOf({ ...one, ownId: 7 }),
      ...idOf(one, { definitionId: 'aud_8' }),
      ...idOf(one, { id: 'con_2' }),
      ...idOf(one, { destinationId: 'dst_2' }),
    ]
    expect(all).toHaveLength(14)
    expect(new Set(all).size).toBe(14)
  })

  it('goes by own ids, not by names', () => {
    const one = toUser('user_id:u1')
    expect(idOf({ ...one, profile: 'email:a@x' }, { key: 'other' })).toEqual(idOf(one))
  })

  it('goes by names if it was made when there were no own ids', () => {
    const old = { ...toUser('user_id:u1'), ownId: undefined }
    expect(idOf(old)).toEqual(['personas_3ALKRHCvHZ7gnXg7iw0GRtT0f4g', 'personas_3ALKRHxmoiTFDisclrMQ5XRPhCg'])
    expect(idOf(old, { definitionId: 'aud_8', id: 'con_2' })).toEqual(idOf(old))
  })

  it('is another for another value, though nothing else differs: two profiles may have counted alike', () => {
    const one = toUser('user_id:u1')
    const all = [...idOf(one), ...idOf({ ...one, value: false })]
    expect(new Set(all).size).toBe(4)
  })
})
