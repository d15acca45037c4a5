/** Explanations as a client of the Profile API meets them. */
import { describe, expect, it } from 'vitest'
import { formatInstant } from '../../src/model/time.ts'
import { basic, CONFIG, send, type Answered } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'

const START = Date.UTC(2026, 0, 31)
const HOUR = 3_600_000
const DAY = 24 * HOUR

const given = new TimedServer(START)

function explain(path: string, body?: object, authorization = basic(`${CONFIG.accessToken}:`)): Promise<Answered> {
  return send(`${given.server.url}/v1/spaces//collections/${path}`, {
    headers: { authorization },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  })
}

async function track(userId: string, event: string, properties: object = {}): Promise<string> {
  const messageId = `${userId}-${event}-${given.time.now - START}`
  await given.server.ingest('track', { messageId, userId, event, properties })
  return messageId
}

function placeOf(query: string, part: string): { start: number; end: number } {
  const start = query.indexOf(part)
  return { start, end: start + part.length }
}

describe('an explanation', () => {
  it('says of each condition its place, value, events, what it wants and until when it holds', async () => {
    const [orders, plan] = ["event('Order').within(7 days).count() >= 3", "trait('plan') = 'pro'"]
    const query = `(${orders} OR ${plan}) AND NOT trait('gone').exists()`
    await given.audience('Big', query)
    const first = await track('u1', 'Order')
    given.time.moveTo(START + HOUR)
    const second = await track('u1', 'Order')
    await given.server.ingest('identify', { userId: 'u1', traits: { plan: 'pro' } })
    const events = [
      { messageId: second, ts: formatInstant(START + HOUR) },
      { messageId: first, ts: formatInstant(START) },
    ]
    const { status, body } = await explain('users/profiles/user_id:u1/explain/big')
    expect(status).toBe(200)
    expect(body).toEqual({
      value: true,
      text:
        'Users who (did Order, at least 3 times, within the last 7 days or have plan that is "pro") ' +
        'and not have gone',
      conditions: [
        {
          ...placeOf(query, `${orders} OR ${plan}`),
          holds: true,
          value: true,
          events,
          of: [
            {
              ...placeOf(query, orders),
              holds: false,
              value: 2,
              events,
              wants: 'do Order, once more, within the last 7 days',
            },
            { ...placeOf(query, plan), holds: true, value: 'pro', events: [] },
          ],
        },
        {
          ...placeOf(query, "NOT trait('gone').exists()"),
          holds: true,
          value: true,
          events: [],
          of: [
            { ...placeOf(query, "trait('gone').exists()"), holds: false, value: null, events: [], wants: 'have gone' },
          ],
        },
      ],
    })
  })

  it('of a funnel says which occurrence waits for what, and when the value changes by itself', async () => {
    const child = "event('Order').within(parent: 1 hour).count() >= 1"
    const query = `event('Added').where(property('price') > 100 AND NOT ${child}).within(1 day).count() >= 1`
    await given.audience('Left', query)
    const cheap = await track('u1', 'Added', { price: 5 })
    given.time.moveTo(START + HOUR)
    const bought = await track('u1', 'Added', { price: 200 })
    given.time.moveTo(START + HOUR + 1000)
    const order = await track('u1', 'Order')
    given.time.moveTo(START + 2 * HOUR)
    const left = await track('u1', 'Added', { price: 300 })
    const { body } = await explain('users/profiles/user_id:u1/explain/left', undefined, `Bearer ${CONFIG.accessToken}`)
    const ends = formatInstant(START + 2 * HOUR + DAY)
    expect(body).toMatchObject({ value: true, changesAt: ends })
    const [condition] = body['conditions'] as Record<string, unknown>[]
    expect(condition).toMatchObject({ value: 1, changesAt: ends, events: [{ messageId: left }] })
    expect(condition!['occurrences']).toMatchObject([
      { messageId: left, holds: true, leavesAt: ends },
      { messageId: bought, holds: false, of: [{ value: 200, holds: true }, { holds: false }] },
      { messageId: cheap, holds: false, of: [{ value: 5, holds: false, wants: 'price is more than 100' }, {}] },
    ])
    const occurrences = condition!['occurrences'] as { of: Record<string, unknown>[] }[]
    expect(occurrences[1]!.of[1]).toMatchObject({
      ...placeOf(query, `NOT ${child}`),
      wants: 'then not do Order, within 1 hour of it',
      of: [{ value: 1, events: [{ messageId: order }], ...placeOf(query, child) }],
    })
  })

  it('of an account says which users decide', async () => {
    await given.audience('Active', "ALL event('Seen').within(1 day).count() >= 1", { audienceType: 'ACCOUNTS' })
    for (const userId of ['u1', 'u2', 'u3']) await given.server.ingest('group', { userId, groupId: 'g1' })
    const seen = await track('u1', 'Seen')
    const { body } = await explain('accounts/profiles/group_id:g1/explain/active')
    expect(body).toMatchObject({
      value: false,
      text: 'Accounts that have only users who did Seen, within the last 1 day',
    })
    const [all] = body['conditions'] as Record<string, unknown>[]
    expect(all).toMatchObject({ value: 1, holds: false, users: [{ id: 'user_id:u2' }, { id: 'user_id:u3' }] })
    const any = await explain('accounts/profiles/group_id:g1/explain', {
      definition: { query: "ANY event('Seen').within(1 day).count() >= 1" },
    })
    expect(any.body).toMatchObject({
      value: true,
      changesAt: formatInstant(START + DAY),
      conditions: [
        {
          value: 1,
          changesAt: formatInstant(START + DAY),
          users: [{ id: 'user_id:u1', of: [{ value: 1, events: [{ messageId: seen }] }] }],
        },
      ],
    })
  })

  it('is of drafts too: of audiences and of computed traits', async () => {
    const order = await track('u1', 'Order', { revenue: 5 })
    const user = 'users/profiles/user_id:u1/explain'
    const query = " event('Order').within(2 days).sum(property('revenue'))"
    const sum = await explain(user, { kind: 'computed_trait', definition: { query } })
    const changesAt = formatInstant(START + 2 * DAY)
    expect(sum.body).toEqual({
      value: 5,
      text: 'The sum of revenue of Order, within the last 2 days',
      changesAt,
      conditions: [
        {
          start: 1,
          end: query.length,
          holds: true,
          value: 5,
          events: [{ messageId: order, ts: formatInstant(START) }],
          changesAt,
        },
      ],
    })
    const definition = { query: "event('Order').count() >= 1" }
    const strict = await explain(user, { definition, options: { filterByExternalIds: ['email'] } })
    expect(strict.body).toMatchObject({ value: false, eligible: false, conditions: [{ holds: true }] })
    // At a later time, though nothing has come in meanwhile.
    given.time.moveTo(START + DAY)
    const recent = { definition: { query: "event('Order').within(1 day).count() >= 1" } }
    expect((await explain(user, recent)).body).toMatchObject({ value: false, conditions: [{ value: 0 }] })
  })

  it('is refused with what is wrong', async () => {
    await track('u1', 'Order')
    await given.audience('Active', "ANY event('Order').count() >= 1", { audienceType: 'ACCOUNTS' })
    const user = 'users/profiles/user_id:u1/explain'
    const refused = async (path: string, body?: object, authorization?: string): Promise<unknown> =>
      (await explain(path, body, authorization)).body['error']
    expect(await refused(`${user}/active`)).toMatchObject({ code: 'not_found', field: 'key' })
    expect(await refused(`${user}/none`)).toMatchObject({ code: 'not_found', field: 'key' })
    expect(await refused('users/profiles/user_id:u9/explain/active')).toMatchObject({ code: 'not_found' })
    expect(await refused('things/profiles/user_id:u9/explain/active')).toMatchObject({ field: 'collection' })
    expect(await refused(`${user}/active`, undefined, 'Bearer wrong')).toMatchObject({ code: 'authentication_error' })
    expect(await refused(user, { definition: { query: 'event(' } })).toMatchObject({ code: 'query_syntax' })
    expect(await refused(user, { definition: {} })).toMatchObject({ field: 'definition.query' })
    expect(await refused(user, { kind: 'list', definition: {} })).toMatchObject({ field: 'kind' })
    expect(await refused(user, { definition: { query: "trait('a') = 1" }, audienceType: 'ACCOUNTS' })).toMatchObject({
      code: 'validation_error',
      field: 'audienceType',
    })
  })
})
