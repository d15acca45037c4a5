import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, CONFIG, send, startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
const auth = { headers: { authorization: basic(`${CONFIG.accessToken}:`) } }

beforeAll(async () => {
  server = await startTestServer()
  const audiences = [
    { name: 'High value user', definition: { query: "trait('total') > 200" } },
    { name: 'Never', definition: { query: "event('Never').count() >= 1" } },
    { name: 'Gone', definition: { query: "trait('gone_if') = 1" } },
    { name: 'Big account', audienceType: 'ACCOUNTS', definition: { query: "trait('seats') >= 10" } },
    { name: 'Both', key: 'both', definition: { query: "trait('total') > 200" } },
    { name: 'Both', key: 'both', audienceType: 'ACCOUNTS', definition: { query: "trait('seats') >= 1000" } },
  ]
  for (const audience of audiences) expect((await server.control('POST', 'audiences', audience)).status).toBe(200)
  const total = { name: 'Total', definition: { query: "event('Order').sum(property('price'))" } }
  const accountTotal = { name: 'Account total', definition: { ...total.definition, type: 'ACCOUNTS' } }
  for (const trait of [total, accountTotal]) await server.control('POST', 'computed-traits', trait)
  const calls = [
    { type: 'identify', userId: 'u1', traits: { email: 'Alex@segment.com', gone_if: 1, high_value_user: 'custom' } },
    { type: 'identify', userId: 'u1', traits: { gone_if: 2, Name: 'Alex', account_total: 'custom', nothing: null } },
    { type: 'track', userId: 'u1', event: 'Order', properties: { price: 250 } },
    { type: 'group', userId: 'u1', groupId: 'g1', traits: { seats: 20 } },
    { type: 'track', userId: 'u2', event: 'Other' },
  ]
  expect((await server.ingest('batch', { batch: calls })).text).toBe('{"success":true}')
})
afterAll(() => server.stop())

describe('the traits of a profile', () => {
  it("answer the mission's example to the letter", async () => {
    const path =
      '/v1/spaces//collections/users/profiles/email:alex@segment.com/traits?limit=100&include=high_value_user'
    const { text, headers } = await send(server.url + path, auth)
    expect(text).toBe('{"traits":{"high_value_user":true},"cursor":{"url":"","has_more":false,"next":"","limit":100}}')
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
  })

  it('are in byte order; defined keys shadow custom ones; audiences are true or false', async () => {
    const { text } = await server.traits('user_id:u1')
    expect(text).toContain(
      '{"traits":{"Name":"Alex","big_account":true,"both":true,"email":"Alex@segment.com","gone":false,"gone_if":2,' +
        '"high_value_user":true,"never":false,"total":250}',
    )
  })

  it('of a user without accounts or values are false for each audience, and else absent', async () => {
    expect((await server.traits('user_id:u2')).body['traits']).toEqual({
      big_account: false,
      both: false,
      gone: false,
      high_value_user: false,
      never: false,
    })
  })

  it('of an account are its own', async () => {
    expect((await server.traits('group_id:g1', 'limit=200', 'accounts')).body['traits']).toEqual({
      account_total: 250,
      big_account: true,
      both: false,
      seats: 20,
    })
  })

  it.each([
    ['class=audience', { big_account: true, both: true, gone: false, high_value_user: true, never: false }],
    ['class=computed_trait', { total: 250 }],
    ['include=total,Name,unknown', { Name: 'Alex', total: 250 }],
    ['include=total&class=audience', {}],
  ])('can be chosen by %s', async (query, expected) => {
    expect((await server.traits('user_id:u1', query)).body['traits']).toEqual(expected)
  })

  it('come in pages', async () => {
    const keys: string[] = []
    const base = `${server.url}/v1/namespaces/${CONFIG.spaceId}/collections/users/profiles/user_id:u1/traits`
    let url = `${base}?limit=4`
    for (;;) {
      const { body } = await send(url, auth)
      const cursor = body['cursor'] as { url: string; has_more: boolean; next: string; limit: number }
      keys.push(Object.keys(body['traits'] as object).join(' '))
      expect(cursor.limit).toBe(4)
      if (!cursor.has_more) break
      url = server.url + cursor.url
      expect(new URL(url).searchParams.get('next')).toBe(cursor.next)
    }
    expect(keys).toEqual(['Name big_account both email', 'gone gone_if high_value_user never', 'total'])
  })

  it('are ten at a time unless asked otherwise', async () => {
    expect((await server.traits('user_id:u1', '')).body['cursor']).toMatchObject({ limit: 10 })
  })

  it('say when a custom trait was set, if asked', async () => {
    const { body } = await server.traits('user_id:u1', 'include=Name,total,never,big_account&verbose=true')
    const instant = expect.stringMatching(/^\d{4}-.*Z$/) as string
    const [audience, computedTrait] = [/^aud_/, /^tra_/].map((id) => expect.stringMatching(id) as string)
    expect(body['traits']).toEqual({
      Name: { value: 'Alex', source_id: 'default', updated_at: instant },
      big_account: { value: true, source_id: audience, updated_at: instant },
      never: { value: false, source_id: audience },
      total: { value: 250, source_id: computedTrait, updated_at: instant },
    })
  })
})

it('shows a trait whose call claims an instant that no date can name', async () => {
  const [timestamp, sentAt] = ['-271821-04-20T00:00:00.000Z', '+275760-09-13T00:00:00.000Z']
  await server.ingest('identify', { userId: 'far', timestamp, sentAt, traits: { plan: 'pro' } })
  const { body } = await server.traits('user_id:far', 'include=plan&verbose=true')
  expect(body['traits']).toEqual({ plan: { value: 'pro', source_id: 'default', updated_at: timestamp } })
})

describe('a refusal', () => {
  const profile = 'collections/users/profiles/user_id:u1/traits'

  it.each([
    ['an unknown profile', `/v1/spaces//collections/users/profiles/user_id:nobody/traits`, 404, 'not_found'],
    ['an account among users', `/v1/spaces//collections/users/profiles/group_id:g1/traits`, 404, 'not_found'],
    ['a user among accounts', `/v1/spaces//collections/accounts/profiles/user_id:u1/traits`, 404, 'not_found'],
    ['another space', `/v1/spaces/other/${profile}`, 404, 'not_found'],
    ['another collection', `/v1/spaces//collections/us!ers/profiles/user_id:u1/traits`, 400, 'validation_error'],
    ['an id without a type', `/v1/spaces//collections/users/profiles/u1/traits`, 400, 'validation_error'],
    ['a broken escape', `/v1/spaces/%ZZ/${profile}`, 400, 'invalid_request_error'],
    ['another resource', `/v1/spaces//collections/users/profiles/user_id:u1/secrets`, 404, 'not_found'],
    ['a limit of 0', `/v1/spaces//${profile}?limit=0`, 400, 'validation_error'],
    ['a limit of 201', `/v1/spaces//${profile}?limit=201`, 400, 'validation_error'],
    ['a limit that is text', `/v1/spaces//${profile}?limit=ten`, 400, 'validation_error'],
    ['a parameter given twice', `/v1/spaces//${profile}?limit=1&limit=2`, 400, 'validation_error'],
    ['an unknown class', `/v1/spaces//${profile}?class=custom`, 400, 'validation_error'],
  ])('of %s is coded', async (_, path, status, code) => {
    const answer = await send(server.url + path, auth)
    expect([answer.status, (answer.body['error'] as { code: string }).code]).toEqual([status, code])
    expect(answer.headers.get('request-id')).not.toBeNull()
  })

  it.each([
    ['no token', undefined],
    ['a wrong one', basic('wrong:')],
    ['the beginning of one', basic(`${CONFIG.accessToken.slice(0, -1)}:`)],
    ['a write key', basic(`${CONFIG.writeKey}:`)],
    ['an empty one', basic(':')],
  ])('of %s is 401', async (_, authorization) => {
    const { status, body } = await send(`${server.url}/v1/spaces//${profile}`, {
      headers: authorization === undefined ? {} : { authorization },
    })
    expect([status, (body['error'] as { code: string }).code]).toEqual([401, 'authentication_error'])
  })
})
