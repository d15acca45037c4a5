/** The tools that read, as a client of the Model Context Protocol meets them. */
import { describe, expect, it } from 'vitest'
import { parseInstant } from '../../src/model/time.ts'
import { eventually } from '../support/eventually.ts'
import { CONFIG } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'
import { RUNNING, toolClient, type ToolClient } from './client.ts'

const START = parseInstant('2026-01-31T00:00:00.000Z')!
const NEXT_WEEK = '2026-02-07T00:00:00.000Z'

const given = new TimedServer(START)

function connected(accessToken = CONFIG.accessToken): Promise<ToolClient> {
  return toolClient({ url: given.server.url, clock: given.time.clock, accessToken })
}

/** Users u0 to u11, each with as many orders as its number says; the first four have an email and a plan. */
async function fill(): Promise<void> {
  const order = { type: 'track', event: 'Order', properties: { total: 5 } }
  const batch = Array.from({ length: 12 }, (_, user) => [
    { type: 'identify', userId: `u${user}`, traits: user < 4 ? { email: `u${user}@x.io`, plan: 'pro' } : {} },
    ...Array.from({ length: user }, () => ({ ...order, userId: `u${user}` })),
  ])
  await given.server.ingest('batch', { batch: batch.flat() })
}

describe('the tools', () => {
  it('are named, and all but one say that they only read', async () => {
    const { client } = await connected()
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual([
      'list_audiences',
      'list_computed_traits',
      'get_audience',
      'preview_query',
      'explain_profile',
      'get_profile_traits',
      'observed_events',
      'observed_properties',
      'observed_traits',
      'propose_audience',
      'get_proposal',
      'save_audience',
    ])
    for (const { name, annotations, description, inputSchema } of tools) {
      const isSaving = name === 'save_audience'
      expect([name, annotations]).toMatchObject([name, { readOnlyHint: !isSaving, destructiveHint: isSaving }])
      expect([name, description?.length, inputSchema.type]).toEqual([name, expect.any(Number), 'object'])
    }
    expect(client.getInstructions()).toContain('save_audience')
  })

  it('refuse a field that they do not know, before they ask the server', async () => {
    const { call } = await connected()
    const answer = await call('list_audiences', { limit: 5, page: 2 })
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining('page') as string })
  })

  it("hand on what the API refuses, with the API's code, field and text", async () => {
    const { call } = await connected()
    const fault = await call('preview_query', { query: "event('Order').cuont() >= 1" })
    const { body } = await given.server.control('POST', 'audiences/previews', {
      definition: { query: "event('Order').cuont() >= 1" },
    })
    const [{ type, message }] = body['errors'] as [{ type: string; message: string }]
    const error = { code: type, field: 'definition.query', message }
    expect(fault).toEqual({
      isError: true,
      text: `Refused (query_syntax, field definition.query): ${message}`,
      data: { error },
    })
    const stranger = await connected('no-such-token')
    expect(await stranger.call('list_audiences')).toMatchObject({
      isError: true,
      data: { error: { code: 'authentication_error' } },
    })
    expect(await stranger.call('get_profile_traits', { profile: 'user_id:u1' })).toMatchObject({
      isError: true,
      data: { error: { code: 'authentication_error' } },
    })
  })

  it('say that no server answers', async () => {
    const { call } = await toolClient({ url: 'http://127.0.0.1:1' })
    expect(await call('list_audiences')).toMatchObject({ isError: true, data: { error: { code: 'unavailable' } } })
  })
})

describe('audiences and computed traits', () => {
  it('are listed by pages, with what is searched for', async () => {
    await fill()
    for (const name of ['Many', 'Some', 'Few']) await given.audience(name, "event('Order').count() >= 5")
    const { call } = await connected()
    const first = await call('list_audiences', { limit: 2 })
    expect(first.text).toBe(
      [
        '2 of 3 audiences:',
        'many: Many, of users, Live, 7 users (in 24 hours 7 entered, 0 left)',
        "  event('Order').count() >= 5",
        'some: Some, of users, Live, 7 users (in 24 hours 7 entered, 0 left)',
        "  event('Order').count() >= 5",
        `There are more: ask again with cursor ${String(first.data['nextCursor'])}`,
      ].join('\n'),
    )
    const second = await call('list_audiences', { limit: 2, cursor: first.data['nextCursor'] })
    expect(second.data).toMatchObject({ definitions: [{ key: 'few', size: 7 }], total: 3 })
    expect(second.data).not.toHaveProperty('nextCursor')
    expect((await call('list_audiences', { search: 'MAN' })).data).toMatchObject({ definitions: [{ key: 'many' }] })
    expect((await call('list_audiences', { search: 'an', search_in: 'key' })).data).toMatchObject({ definitions: [] })
    await given.server.control('POST', 'computed-traits', {
      name: 'Orders',
      definition: { query: "event('Order').count()" },
    })
    expect((await call('list_computed_traits')).text).toBe(
      "1 of 1 computed traits:\norders: Orders, of users, Live\n  event('Order').count()",
    )
  })

  it('have no text of any length in a list', async () => {
    await given.audience('Long', Array.from({ length: 40 }, () => "event('Order').count() >= 5").join('\nOR '))
    const { data, text } = await (await connected()).call('list_audiences')
    expect(JSON.stringify(data).length + text.length).toBeLessThan(1_500)
  })

  it('are looked up by key or id, with members, readers and destinations', async () => {
    await fill()
    const id = await given.audience('Many', "event('Order').within(7 days).count() >= 10")
    await given.audience('Reader', "trait('many') = true")
    const made = await given.server.control('POST', 'destinations', { type: 'console', name: 'Terminal' })
    const { destination } = made.body['data'] as { destination: { id: string } }
    await given.server.control('POST', `audiences/${id}/destination-connections`, { destination })
    const { call } = await connected()
    const found = await call('get_audience', { audience: 'many', members: 2, traits: ['plan'] })
    expect(found.text).toContain("query: event('Order').within(7 days).count() >= 10")
    expect(found.text).toContain('read by, or told to:\n  audience reader\n  destination Terminal')
    expect(found.text).toContain(`some members:\n  user_id:u10, until ${NEXT_WEEK}\n  user_id:u11, until ${NEXT_WEEK}`)
    expect(found.data).toMatchObject({ audience: { id, key: 'many', size: 2, status: 'Live' } })
    expect((await call('get_audience', { audience: id })).data).toMatchObject({
      audience: { key: 'many' },
      members: [],
    })
    for (const audience of ['man', 'aud_000000000000000000000000000'])
      expect(await call('get_audience', { audience })).toMatchObject({
        isError: true,
        data: { error: { code: 'not_found' } },
      })
  })

  it('that share a key are told apart by id', async () => {
    await given.audience('Both', "event('Order').count() >= 1")
    const accounts = await given.audience('Both', "ANY event('Order').count() >= 1", { audienceType: 'ACCOUNTS' })
    const { call } = await connected()
    const answer = await call('get_audience', { audience: 'both' })
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining(`${accounts} of ACCOUNTS`) as string })
    expect((await call('get_audience', { audience: accounts })).data).toMatchObject({ audience: { type: 'ACCOUNTS' } })
  })
})

describe('a preview', () => {
  it('has the size, ten people, who would enter and leave, and overlaps; and is cancelled', async () => {
    await fill()
    await given.audience('Many', "event('Order').count() >= 5")
    await given.audience('Pros', "trait('plan') = 'pro'")
    const { call } = await connected()
    const { text, data } = await call('preview_query', {
      query: "event('Order').within(7 days).count() >= 1 AND NOT event('Order').count() >= 11",
      compare_with: 'many',
      overlap_with: ['pros'],
      traits: ['plan'],
    })
    const preview = data['preview'] as { id: string; sample: unknown[] }
    expect(preview).toMatchObject({ status: 'COMPLETED', size: { count: 10 } })
    expect(preview.sample).toHaveLength(10)
    expect(text).toContain('10 users, exact as of 2026-01-31T00:00:00.000Z')
    expect(text).toContain(`  user_id:u1 (email:u1@x.io), plan: "pro", until ${NEXT_WEEK}`)
    expect(text).toContain('compared with many: 4 users would enter, 1 user would leave')
    expect(text).toContain('some who would leave:\n  user_id:u11\n')
    expect(text).toContain('overlap with pros: 3 in both, 7 only here, 1 only there')
    expect(text).toContain("  NOT event('Order').count() >= 11: 11 users meet it, 11 would be in without it")
    expect((await given.server.control('GET', `audiences/previews/${preview.id}`)).status).toBe(404)
    expect(await call('preview_query', { query: "trait('a').exists()", compare_with: 'none' })).toMatchObject({
      isError: true,
      data: { error: { code: 'not_found', field: 'compare_with' } },
    })
  })

  it('that takes too long is answered as it is', async () => {
    await fill()
    let asked = 0
    const { call } = await toolClient({
      url: given.server.url,
      around: (api) => ({
        ...api,
        control: (method, path, body) => {
          if (method !== 'GET') return api.control(method, path, body)
          asked++
          return Promise.resolve({ audiencePreview: RUNNING })
        },
      }),
    })
    const { text, isError } = await call('preview_query', { query: "event('Order').count() >= 3" })
    expect([isError, asked]).toEqual([false, 200])
    expect(text).toContain('about 9 users, 7 to 12 in 95 of 100 cases: 25 % looked at')
  })

  it('that nobody waits for any more is cancelled', async () => {
    let ending = new AbortController()
    const asked: string[] = []
    const { client } = await toolClient({
      url: given.server.url,
      around: (api) => ({
        ...api,
        control: (method, path, body) => {
          asked.push(method)
          if (asked.length === 3) ending.abort()
          return method === 'GET' ? Promise.resolve({ audiencePreview: RUNNING }) : api.control(method, path, body)
        },
      }),
    })
    const query = "event('Order').count() >= 3"
    for (const call of [
      { name: 'preview_query', arguments: { query } },
      { name: 'propose_audience', arguments: { name: 'A', query } },
    ]) {
      asked.length = 0
      ending = new AbortController()
      await expect(client.callTool(call, { signal: ending.signal })).rejects.toThrow()
      await eventually(() => expect([call.name, asked.at(-1)]).toEqual([call.name, 'DELETE']))
      expect(asked.length).toBeLessThan(100)
    }
  })

  it('of accounts counts these', async () => {
    await given.server.ingest('group', { userId: 'u1', groupId: 'acme' })
    await given.server.ingest('track', { userId: 'u1', event: 'Order' })
    const { call } = await connected()
    const { text } = await call('preview_query', { query: "ANY event('Order').count() >= 1", type: 'ACCOUNTS' })
    expect(text).toContain('1 account, exact as of')
    expect(text).toContain('  group_id:acme')
  })
})

describe('a profile', () => {
  it('is explained by the key of an audience: why, what is missing, when it changes', async () => {
    await fill()
    await given.audience('Many', "event('Order').within(7 days).count() >= 5 AND\n trait('plan') = 'pro'")
    const { call } = await connected()
    const { text, data } = await call('explain_profile', { profile: 'email:u3@x.io', key: 'many' })
    expect(text.split('\n')[0]).toBe('email:u3@x.io is not in many')
    expect(text).toMatch(
      /\[does not hold\] event\('Order'\)\.within\(7 days\)\.count\(\) >= 5; value 3; .*2 more times/,
    )
    expect(text).toContain(`[holds] trait('plan') = 'pro'`)
    expect(data).toMatchObject({ value: false, conditions: [{ holds: false }, { holds: true }] })
  })

  it('is explained by a draft, and when it would leave', async () => {
    await fill()
    const { call } = await connected()
    const query = "event('Order').within(7 days).count() >= 3"
    const { text } = await call('explain_profile', { profile: 'user_id:u3', query })
    expect(text.split('\n')[0]).toBe(
      `user_id:u3 would be in an audience with this query until ${NEXT_WEEK}, if nothing else happens`,
    )
    for (const input of [{}, { key: 'many', query }])
      expect(await call('explain_profile', { profile: 'user_id:u3', ...input })).toMatchObject({
        isError: true,
        data: { error: { code: 'validation_error', field: 'key' } },
      })
    expect(await call('explain_profile', { profile: 'user_id:nobody', query })).toMatchObject({
      data: { error: { code: 'not_found' } },
    })
  })

  it('is explained by a computed trait, and an account by its users', async () => {
    await fill()
    await given.server.ingest('group', { userId: 'u2', groupId: 'acme' })
    const definition = { query: "event('Order').sum(property('total'))" }
    await given.server.control('POST', 'computed-traits', { name: 'Spent', definition })
    const { call } = await connected()
    expect((await call('explain_profile', { profile: 'user_id:u2', key: 'spent' })).text).toContain('has 10 as spent')
    const account = await call('explain_profile', {
      profile: 'group_id:acme',
      query: "ANY event('Order').count() >= 2",
    })
    expect(account.text).toContain('group_id:acme would be in')
    expect(account.text).toContain('[holds] user user_id:u2')
  })

  it('has its explanation cut if it is long', async () => {
    await fill()
    const query = Array.from({ length: 50 }, (_, number) => `trait('t${number}') = ${number}`).join(' OR ')
    const twice = `(${query.split(' OR ').slice(0, 25).join(' OR ')}) AND (${query.split(' OR ').slice(25).join(' OR ')})`
    const { call } = await connected()
    const { text } = await call('explain_profile', { profile: 'user_id:u1', query: twice })
    expect(text.split('\n').length).toBeLessThanOrEqual(64)
  })

  it('has its traits looked up by pages, long ones cut', async () => {
    await given.server.ingest('identify', {
      userId: 'u1',
      traits: { a: 'x'.repeat(5_000), b: { c: 1 }, d: 'two\nlines' },
    })
    const { call } = await connected()
    const first = await call('get_profile_traits', { profile: 'user_id:u1', limit: 2 })
    expect(first.text.length).toBeLessThan(400)
    expect(first.data).toMatchObject({ traits: { b: { c: 1 } }, nextCursor: 'd' })
    const second = await call('get_profile_traits', { profile: 'user_id:u1', cursor: 'd' })
    expect(second.text).toBe('d: "two\\nlines"')
    expect(second.data).toEqual({ profile: 'user_id:u1', traits: { d: 'two\nlines' } })
    const one = await call('get_profile_traits', { profile: 'user_id:u1', include: ['b', 'none'] })
    expect(one.data['traits']).toEqual({ b: { c: 1 } })
  })
})

it('observed names are listed, one on each line whatever they hold', async () => {
  await fill()
  await given.server.ingest('track', { userId: 'u1', event: 'Order\nShipped', properties: { carrier: 'a' } })
  const { call } = await connected()
  expect((await call('observed_events')).text).toBe('2 events:\nOrder: 66 in 24 hours\nOrder Shipped: 1 in 24 hours')
  expect((await call('observed_events', { search: 'ship' })).data).toMatchObject({
    events: [{ name: 'Order\nShipped' }],
  })
  const properties = await call('observed_properties', { event: 'Order' })
  expect(properties.text).toBe('1 of 1 properties:\ntotal: number; in 100 % of the calls; 5 (100 %)')
  expect((await call('observed_traits')).text).toContain('plan: string; in 33.3 % of the calls; "pro" (100 %)')
  expect((await call('observed_traits', { collection: 'accounts' })).text).toBe('0 of 0 traits:')
  expect(await call('observed_properties', { event: 'None' })).toMatchObject({
    isError: true,
    data: { error: { code: 'not_found', field: 'name' } },
  })
})
