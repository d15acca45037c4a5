import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { HeldJournal } from '../journal/held-journal.ts'
import { eventually } from '../support/eventually.ts'
import { type Answered, CONFIG, send, startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeEach(async () => {
  server = await startTestServer({ clock: () => Date.UTC(2026, 0, 31) })
})
afterEach(() => server.stop())

const query = "event('Order').count() >= 1"

function errorOf({ body }: Answered): Record<string, unknown> {
  return (body['errors'] as Record<string, unknown>[])[0]!
}

function create(body: object, path = 'audiences'): Promise<Answered> {
  return server.control('POST', path, body)
}

async function created(body: object, path = 'audiences'): Promise<Record<string, unknown>> {
  const answer = await create(body, path)
  expect(answer.status).toBe(200)
  return Object.values(answer.body['data'] as Record<string, Record<string, unknown>>)[0]!
}

describe('creating', () => {
  it("gives back an audience in the shape of Segment's Public API", async () => {
    const { body } = await create({ name: 'Most Viewed: Überall', description: 'd', definition: { query } })
    expect(body).toEqual({
      data: {
        audience: {
          id: expect.stringMatching(/^aud_[0-9A-Za-z]{27}$/) as string,
          spaceId: CONFIG.spaceId,
          name: 'Most Viewed: Überall',
          description: 'd',
          key: 'most_viewed_uberall',
          enabled: true,
          status: 'Live',
          createdAt: '2026-01-31T00:00:00.000Z',
          updatedAt: '2026-01-31T00:00:00.000Z',
          definition: { query },
          audienceType: 'USERS',
          options: {
            includeHistoricalData: true,
            filterByExternalIds: ['user_id', 'email', 'android.idfa', 'ios.idfa'],
          },
        },
      },
    })
  })

  it('gives back a computed trait', async () => {
    const definition = { type: 'ACCOUNTS', query: "event('Order').count()" }
    const trait = await created(
      { name: 'orderCount', definition, options: { includeHistoricalData: false } },
      'computed-traits',
    )
    expect(trait).toMatchObject({ key: 'order_count', definition, options: { includeHistoricalData: false } })
    expect(trait['id']).toMatch(/^tra_[0-9A-Za-z]{27}$/)
  })

  it('computes over what was received before', async () => {
    await server.ingest('track', { userId: 'u1', event: 'Order' })
    await created({ name: 'Buyers', definition: { query } })
    expect((await server.traits('user_id:u1')).body['traits']).toEqual({ buyers: true })
  })

  it('computes over as many days as it is told, and an edit keeps them', async () => {
    const day = (days: number) => new Date(Date.UTC(2026, 0, 31) - days * 86_400_000).toISOString()
    for (const [userId, days] of [
      ['u1', 1],
      ['u2', 3],
    ] as const)
      await server.ingest('track', { userId, event: 'Order', timestamp: day(days) })
    const options = { backfillEventDataDays: 2 }
    const audience = await created({ name: 'Buyers', definition: { query }, options })
    expect(audience['options']).toMatchObject(options)
    const count = { type: 'USERS', query: "event('Order').count()" }
    await created({ name: 'Orders', definition: count, options: { backfillDurationDays: 2 } }, 'computed-traits')
    const traitsOf = async (id: string) => (await server.traits(`user_id:${id}`)).body['traits']
    expect([await traitsOf('u1'), await traitsOf('u2')]).toEqual([{ buyers: true, orders: 1 }, { buyers: false }])
    await server.ingest('track', { userId: 'u2', event: 'Order', timestamp: day(3) })
    expect(await traitsOf('u2')).toEqual({ buyers: true, orders: 1 })
    const edit = { definition: { query: "event('Order').count() >= 2" } }
    await server.control('PATCH', `audiences/${String(audience['id'])}`, edit)
    expect([await traitsOf('u1'), await traitsOf('u2')]).toEqual([
      { buyers: false, orders: 1 },
      { buyers: false, orders: 1 },
    ])
  })

  it('keeps what is not enabled, and does not compute it', async () => {
    const audience = await created({ name: 'Off', enabled: false, definition: { query } })
    expect(audience['status']).toBe('Disabled')
    await server.ingest('track', { userId: 'u1', event: 'Order' })
    expect((await server.traits('user_id:u1')).body['traits']).toEqual({})
    expect((await server.control('DELETE', `audiences/${String(audience['id'])}`)).status).toBe(200)
  })

  it('names line and column of a fault in a query', async () => {
    const answer = await create({ name: 'Bad', definition: { query: "event('Order')\n  .cuont() >= 1" } })
    expect(answer.status).toBe(400)
    expect(errorOf(answer)).toMatchObject({
      type: 'query_syntax',
      message: expect.stringMatching(/^Line 2, column 4: /) as string,
      field: 'definition.query',
      data: { line: 2, column: 4 },
    })
  })

  it.each([
    ['no name', { definition: { query } }, 'validation_error', 'name'],
    ['no definition', { name: 'A' }, 'validation_error', 'definition'],
    ['a query that is no text', { name: 'A', definition: { query: 7 } }, 'validation_error', 'definition.query'],
    ['a name without letters', { name: '!!!', definition: { query } }, 'validation_error', 'key'],
    ['a key with blanks', { name: 'A', key: 'a b', definition: { query } }, 'validation_error', 'key'],
    ['an unknown type', { name: 'A', audienceType: 'X', definition: { query } }, 'validation_error', 'audienceType'],
    ['an unknown field', { name: 'A', definition: { query }, colour: 1 }, 'validation_error', 'colour'],
    ['a list', [], 'validation_error', 'body'],
    ['a cycle', { name: 'A', definition: { query: "trait('a') = true" } }, 'definition_cycle', 'definition.query'],
    [
      '50,000 brackets',
      { name: 'A', definition: { query: '('.repeat(50_000) } },
      'query_too_large',
      'definition.query',
    ],
    ['a reducer', { name: 'A', definition: { query: "event('x').count()" } }, 'query_type', 'definition.query'],
  ])('refuses %s, and leaves nothing behind', async (_, body, type, field) => {
    const answer = await create(body)
    expect([answer.status, errorOf(answer)['type'], errorOf(answer)['field']]).toEqual([400, type, field])
    const { body: listed } = await server.control('GET', 'audiences')
    expect(listed['data']).toMatchObject({ audiences: [], pagination: { totalEntries: 0 } })
    for await (const record of server.journal.read(1)) expect(record).toBeUndefined()
  })

  it('refuses a cycle through another audience', async () => {
    await created({ name: 'A', definition: { query: "trait('b') = true" } })
    const answer = await create({ name: 'B', definition: { query: "trait('a') = true" } })
    expect(errorOf(answer)['type']).toBe('definition_cycle')
  })

  it('refuses a key that is, or was, taken, by an audience or a computed trait', async () => {
    const { id } = await created({ name: 'A', definition: { query } })
    expect((await create({ name: 'a', definition: { query } })).status).toBe(409)
    await server.control('DELETE', `audiences/${String(id)}`)
    const trait = { name: 'A', definition: { query: "event('x').count()" } }
    expect(errorOf(await create(trait, 'computed-traits'))['type']).toBe('key_taken')
    await created({ name: 'A', audienceType: 'ACCOUNTS', definition: { query } })
  })

  it('lets one of many in that ask for the same key at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => create({ name: 'A', definition: { query } })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 409)])
  })

  it.each([
    ['no JSON', '{', 'invalid_json'],
    ['more than 100 KB', JSON.stringify({ name: 'x'.repeat(110_000) }), 'payload_too_large'],
  ])('refuses a body of %s', async (_, text, type) => {
    const answer = await server.control('POST', 'audiences', text)
    expect([answer.status, errorOf(answer)['type']]).toEqual([400, type])
  })

  it('takes hostile keys as names', async () => {
    const answer = await server.control('POST', 'audiences', '{"__proto__":{"polluted":1},"name":"A"}')
    expect(answer.status).toBe(400)
    await created({ name: 'A', key: '__proto__', definition: { query } })
    await server.ingest('track', { userId: 'u1', event: 'Order' })
    expect((await server.traits('user_id:u1')).text).toContain('{"traits":{"__proto__":true}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('what is created', () => {
  it('can be read, and deleted once', async () => {
    const audience = await created({ name: 'A', definition: { query } })
    const path = `audiences/${String(audience['id'])}`
    expect((await server.control('GET', path)).body).toEqual({ data: { audience } })
    expect((await server.control('DELETE', path)).body).toEqual({ data: { status: 'SUCCESS' } })
    for (const method of ['GET', 'DELETE']) {
      const answer = await server.control(method, path)
      expect([answer.status, errorOf(answer)['type']]).toEqual([404, 'not_found'])
    }
  })

  it('is found only under its own kind', async () => {
    const { id } = await created({ name: 'A', definition: { query } })
    expect((await server.control('GET', `computed-traits/${String(id)}`)).status).toBe(404)
  })

  it('is listed in pages, in the order of creation', async () => {
    for (let number = 1; number <= 5; number++) await created({ name: `A ${number}`, definition: { query } })
    const pages: string[][] = []
    let cursor: string | undefined
    do {
      const next = cursor === undefined ? '' : `&pagination[cursor]=${cursor}`
      const { body } = await server.control('GET', `audiences?pagination[count]=2${next}`)
      const data = body['data'] as { audiences: { key: string }[]; pagination: { next?: string; totalEntries: number } }
      expect(data.pagination.totalEntries).toBe(5)
      pages.push(data.audiences.map(({ key }) => key))
      cursor = data.pagination.next
    } while (cursor !== undefined)
    expect(pages).toEqual([['a_1', 'a_2'], ['a_3', 'a_4'], ['a_5']])
  })

  it.each([
    ['KEY', 'VIP', ['vip_buyers']],
    ['KEY', 'buyers', []],
    ['NAME', 'BUY', ['vip_buyers']],
    ['DEFINITION', 'signed', ['new_ones']],
    ['DEFINITION', "event('", ['vip_buyers', 'new_ones']],
  ])('is found by its %s: %s', async (type, text, keys) => {
    await created({ name: 'VIP buyers', definition: { query: "event('Order Completed').count() >= 9" } })
    await created({ name: 'New ones', definition: { query: "event('Signed Up').count() >= 1" } })
    const search = `search[type]=${type}&search[query]=${encodeURIComponent(text)}`
    const { body } = await server.control('GET', `audiences?${search}`)
    const data = body['data'] as { audiences: { key: string }[]; pagination: { totalEntries: number } }
    expect(data.audiences.map(({ key }) => key)).toEqual(keys)
    expect(data.pagination.totalEntries).toBe(keys.length)
  })

  it.each([
    'search[type]=KEY',
    'search[query]=x',
    'search[type]=ID&search[query]=x',
    `search[type]=KEY&search[query]=${'x'.repeat(256)}`,
    'pagination[count]=0',
    'pagination[count]=201',
    'pagination[count]=x',
    'pagination[cursor]=!',
  ])('is not listed by %s', async (parameters) => {
    expect((await server.control('GET', `audiences?${parameters}`)).status).toBe(400)
  })
})

describe('access', () => {
  it.each([
    ['no token', {}, 401],
    ['a wrong token', { authorization: 'Bearer wrong' }, 401],
    ['a write key', { authorization: `Bearer ${CONFIG.writeKey}` }, 401],
    ['Basic', { authorization: `Basic ${Buffer.from(`${CONFIG.accessToken}:`).toString('base64')}` }, 401],
  ])('needs the token: %s', async (_, headers, status) => {
    const answer = await send(`${server.url}/spaces/${CONFIG.spaceId}/audiences`, { headers })
    expect([answer.status, errorOf(answer)['type']]).toEqual([status, 'authentication_error'])
  })

  it('is to the own space only', async () => {
    const headers = { authorization: `Bearer ${CONFIG.accessToken}` }
    const answer = await send(`${server.url}/spaces/other/audiences`, { headers })
    expect([answer.status, errorOf(answer)['type']]).toEqual([404, 'not_found'])
  })
})

describe('changing', () => {
  const change = (id: unknown, body: object, path = 'audiences') =>
    server.control('PATCH', `${path}/${String(id)}`, body)

  it('changes what is given and keeps the rest, membership with it', async () => {
    const { id } = await created({ name: 'Buyers', description: 'd', definition: { query } })
    await server.ingest('track', { userId: 'u1', event: 'Order' })
    const wider = "event('Order').count() >= 1 OR event('Refund').count() >= 1"
    const { status, body } = await change(id, { name: 'All buyers', definition: { query: wider } })
    expect(status).toBe(200)
    const audience = { id, key: 'buyers', name: 'All buyers', description: 'd', definition: { query: wider } }
    expect(body).toMatchObject({ data: { audience } })
    expect((await server.control('GET', `audiences/${String(id)}`)).body).toEqual(body)
    expect((await server.traits('user_id:u1')).body['traits']).toEqual({ buyers: true })
    await change(id, { definition: { query: "event('Order').count() >= 2" } })
    expect((await server.traits('user_id:u1')).body['traits']).toEqual({ buyers: false })
  })

  it('is refused if another came since the instant that it names', async () => {
    const { id, updatedAt } = await created({ name: 'Buyers', definition: { query } })
    const path = (instant: unknown) => `audiences/${String(id)}?ifUpdatedAt=${String(instant)}`
    const first = await server.control('PATCH', path(updatedAt), { name: 'First' })
    const { audience } = first.body['data'] as { audience: { updatedAt: string } }
    // The clock stands still: the instant is another nevertheless.
    expect([first.status, audience.updatedAt]).toEqual([200, '2026-01-31T00:00:00.001Z'])
    for (const rest of ['', '&dryRun=true']) {
      const late = await server.control('PATCH', path(updatedAt) + rest, { name: 'Late' })
      expect([late.status, errorOf(late)]).toEqual([
        409,
        { type: 'outdated', field: 'ifUpdatedAt', message: expect.any(String) as string },
      ])
    }
    expect((await server.control('PATCH', path(audience.updatedAt), { name: 'Second' })).status).toBe(200)
    expect((await server.control('GET', `audiences/${String(id)}`)).body).toMatchObject({
      data: { audience: { name: 'Second' } },
    })
    const wrong = await server.control('PATCH', path('soon'), { name: 'Third' })
    expect([wrong.status, errorOf(wrong)]).toMatchObject([400, { type: 'validation_error', field: 'ifUpdatedAt' }])
    expect((await server.control('PATCH', path('2026&ifUpdatedAt=2027'), {})).status).toBe(400)
  })

  it('lets one of many in that name the same instant at once, and loses none that names no instant', async () => {
    const journal = new HeldJournal<SpaceCommand>()
    journal.release()
    let looks = 0
    const clock = (): number => {
      looks++
      return Date.UTC(2026, 0, 31)
    }
    const held = await startTestServer({ journal, clock })
    /** Sends changes that have all been read before the first of them is stored. */
    const atOnce = async (path: string, bodies: readonly object[]): Promise<number[]> => {
      journal.hold()
      looks = 0
      const sent = bodies.map((body) => held.control('PATCH', path, body))
      // Each change that is read looks at the clock.
      await eventually(() => expect(looks).toBeGreaterThan(bodies.length))
      journal.release()
      return (await Promise.all(sent)).map(({ status }) => status)
    }
    const made = await held.control('POST', 'audiences', { name: 'Buyers', definition: { query } })
    const { id, updatedAt } = (made.body['data'] as { audience: { id: string; updatedAt: string } }).audience
    const racers = Array.from({ length: 8 }, (_, number) => ({ name: `Racer ${number}` }))
    const answers = await atOnce(`audiences/${id}?ifUpdatedAt=${updatedAt}`, racers)
    expect(answers.sort()).toEqual([200, ...racers.slice(1).map(() => 409)])
    const wider = "event('Order').count() >= 2"
    const apart = [{ name: 'All' }, { description: 'new' }, { definition: { query: wider } }]
    expect(await atOnce(`audiences/${id}`, apart)).toEqual([200, 200, 200])
    const { body } = await held.control('GET', `audiences/${id}`)
    // Four changes, while the clock stood still.
    const audience = {
      name: 'All',
      description: 'new',
      definition: { query: wider },
      updatedAt: '2026-01-31T00:00:00.004Z',
    }
    expect(body).toMatchObject({ data: { audience } })
    await held.stop()
  })

  it('takes a definition out when it is disabled, and computes it anew when it is enabled', async () => {
    const definition = { query: "event('Order').count()" }
    const { id } = await created({ name: 'orders', definition }, 'computed-traits')
    await server.ingest('track', { userId: 'u1', event: 'Order' })
    await change(id, { enabled: false }, 'computed-traits')
    expect((await server.traits('user_id:u1')).body['traits']).toEqual({})
    const { body } = await change(id, { enabled: true }, 'computed-traits')
    expect(body).toMatchObject({ data: { computedTrait: { enabled: true, status: 'Live' } } })
    expect((await server.traits('user_id:u1')).body['traits']).toEqual({ orders: 1 })
  })

  it('keeps its place in the list', async () => {
    const first = await created({ name: 'First', definition: { query } })
    await created({ name: 'Second', definition: { query } })
    await change(first['id'], { name: 'Renamed' })
    const { body } = await server.control('GET', 'audiences')
    const { audiences } = body['data'] as { audiences: { name: string }[] }
    expect(audiences.map(({ name }) => name)).toEqual(['Renamed', 'Second'])
  })

  it.each([
    [{ key: 'other' }, 'key'],
    [{ audienceType: 'ACCOUNTS' }, 'audienceType'],
    [{ options: { foo: 1 } }, 'options.foo'],
    [{ definition: {} }, 'definition.query'],
    [{ definition: { query: "event('Order').cuont() >= 1" } }, 'definition.query'],
    [{ definition: { query: "trait('buyers') = true" } }, 'definition.query'],
    [{ enabled: 'yes' }, 'enabled'],
  ])('refuses %j, and nothing is changed', async (body, field) => {
    const audience = await created({ name: 'Buyers', definition: { query } })
    const answer = await change(audience['id'], body)
    expect(answer.status).toBe(400)
    expect(errorOf(answer)['field']).toBe(field)
    const { data } = (await server.control('GET', `audiences/${String(audience['id'])}`)).body
    expect(data).toEqual({ audience })
  })

  it('refuses another type for a computed trait', async () => {
    const { id } = await created({ name: 'orders', definition: { query: "event('Order').count()" } }, 'computed-traits')
    const definition = { type: 'ACCOUNTS', query: "event('Order').count()" }
    expect(errorOf(await change(id, { definition }, 'computed-traits'))['field']).toBe('definition.type')
  })

  it('finds nothing under an id that there is not', async () => {
    expect((await change('aud_none', { name: 'x' })).status).toBe(404)
  })
})

describe('a refusal', () => {
  const messageOf = async (method: string, path: string, body: unknown) => {
    const answer = await server.control(method, path, body)
    expect(answer.status).toBe(400)
    const { type, message, field } = errorOf(answer)
    expect([type, String(message).startsWith(`${String(field)}: `)]).toEqual(['validation_error', true])
    return message
  }
  const definition = { query }

  it.each([
    ['POST', 'audiences', [], 'body: expected object, got an array'],
    ['POST', 'audiences', { definition }, 'name: expected string, got nothing'],
    ['POST', 'audiences', { name: 7, definition }, 'name: expected string, got a number'],
    ['POST', 'audiences', { name: 'A', key: 'a b', definition }, 'key: expected letters, digits and _, got a string'],
    [
      'POST',
      'audiences',
      { name: 'A', definition: { query, foo: null } },
      'definition.foo: expected only query, got null',
    ],
    [
      'POST',
      'computed-traits',
      { name: 'A', definition, options: { foo: {} } },
      'options.foo: expected only includeHistoricalData, includeAnonymousUsers, backfillDurationDays, got an object',
    ],
    [
      'POST',
      'destinations',
      { kind: 'a', type: 'csv' },
      'kind: expected only type, name, enabled, settings, consentCategories, unknownConsent, got a string',
    ],
    [
      'POST',
      'destinations/import',
      { type: 'csv', settings: 5 },
      'destinations.0.settings: expected object, got a number',
    ],
    ['POST', 'destinations/import', '7', 'destinations: expected array, got a number'],
    ['POST', 'destinations/none/failures/resend', { numbers: ['a'] }, 'numbers.0: expected number, got a string'],
    ['POST', 'destinations/none/failures/resend', { numbers: [1.5] }, 'numbers.0: expected whole number, got a number'],
    ['POST', 'tokens', { key: 'x' }, 'key: expected only description, name, role, got a string'],
  ])('names field, expectation and what came: %s %s %j', async (method, path, body, message) => {
    expect(await messageOf(method, path, body)).toBe(message)
  })

  it('says of what can be given once that it is for good', async () => {
    const { id } = await created({ name: 'A', definition })
    const trait = await created({ name: 'B', definition: { query: "event('Order').count()" } }, 'computed-traits')
    const destination = await created({ type: 'console' }, 'destinations')
    const connections = `audiences/${String(id)}/destination-connections`
    await created({ destination: { id: destination['id'] } }, connections)
    const forGood = 'expected none, as it is for good, got a string'
    for (const [path, field] of [
      [`audiences/${String(id)}`, 'key'],
      [`audiences/${String(id)}`, 'audienceType'],
      [`computed-traits/${String(trait['id'])}`, 'key'],
      [`destinations/${String(destination['id'])}`, 'type'],
      [`${connections}/${String(destination['id'])}`, 'destinationId'],
    ] as const)
      expect(await messageOf('PATCH', path, { [field]: 'a' })).toBe(`${field}: ${forGood}`)
    const other = { definition: { type: 'ACCOUNTS', query: "event('Order').count()" } }
    expect(await messageOf('PATCH', `computed-traits/${String(trait['id'])}`, other)).toBe(
      'definition.type: expected USERS, as it is for good, got ACCOUNTS',
    )
  })

  it('names a field of a connection by its whole path', async () => {
    const { id } = await created({ name: 'A', definition })
    const destination = await created({ type: 'console' }, 'destinations')
    const connect = (body: object) =>
      messageOf('POST', `audiences/${String(id)}/destination-connections`, {
        destination: { id: destination['id'] },
        ...body,
      })
    expect(await connect({ connectionSettings: { foo: true } })).toMatch(/^connectionSettings\.foo: expected only send/)
    expect(await connect({ connectionSettings: { traits: 7 } })).toBe(
      'connectionSettings.traits: expected 50 names of traits at most, or an object of them, got a number',
    )
    expect(await connect({ idSyncConfiguration: [{ externalId: 'email', foo: [] }] })).toBe(
      'idSyncConfiguration.0.foo: expected only externalId, strategy, mapTo, got an array',
    )
  })

  it('names a field that is called like what all objects have', async () => {
    expect(await messageOf('POST', 'tokens', '{"__proto__":{"a":1}}')).toBe(
      '__proto__: expected only description, name, role, got an object',
    )
    expect(await messageOf('POST', 'tokens', '{"constructor":1}')).toBe(
      'constructor: expected only description, name, role, got a number',
    )
  })
})

describe('the references of an audience', () => {
  it('are the definitions that read it, and the destinations that are told', async () => {
    const one = { name: 'One', definition: { query: "event('A').count() >= 1" } }
    const id = String((await created(one))['id'])
    const two = String((await created({ name: 'Two', definition: { query: "trait('one') = true" } }))['id'])
    const trait = { name: 'Three', definition: { query: "event('B').where(property('x') = trait('one')).count()" } }
    const three = String((await created(trait, 'computed-traits'))['id'])
    const made = await server.control('POST', 'destinations', { type: 'console', name: 'Terminal' })
    const { id: destination } = (made.body['data'] as { destination: { id: string } }).destination
    const body = { destination: { id: destination }, connectionSettings: {} }
    expect((await server.control('POST', `audiences/${id}/destination-connections`, body)).status).toBe(200)
    const references = async (of: string) =>
      (await server.control('GET', `audiences/${of}/audience-references`)).body['data']
    expect(await references(id)).toMatchObject({
      references: [
        { id: two, type: 'AUDIENCE', key: 'two' },
        { id: three, type: 'COMPUTED_TRAIT', key: 'three' },
        { id: destination, type: 'DESTINATION', name: 'Terminal' },
      ],
      pagination: { totalEntries: 3 },
    })
    expect(await references(two)).toMatchObject({ references: [] })
    expect((await server.control('GET', 'audiences/aud_none/audience-references')).status).toBe(404)
  })
})

describe('a definition that others read', () => {
  const idOf = async (body: object, path = 'audiences') => String((await created(body, path))['id'])
  const audience = (name: string, text: string, more: object = {}) =>
    idOf({ name, definition: { query: text }, ...more })
  const remove = (id: string, path = 'audiences') => server.control('DELETE', `${path}/${id}`)
  const disable = (id: string, path = 'audiences') => server.control('PATCH', `${path}/${id}`, { enabled: false })
  const ACCOUNTS = { audienceType: 'ACCOUNTS' }

  it('is not removed before them; the refusal names their keys', async () => {
    const spent = await idOf({ name: 'Spent', definition: { query: "event('Order').count()" } }, 'computed-traits')
    const big = await audience('Big', "trait('spent') >= 200")
    const wide = await audience('Wide', "event('Order').where(property('n') >= trait('spent')).count() >= 1")
    const refused = await remove(spent, 'computed-traits')
    expect([refused.status, errorOf(refused)]).toEqual([
      409,
      {
        type: 'in_use',
        message: "id: 'spent' is read by 'big', 'wide'; change, disable or remove what reads it first",
        field: 'id',
      },
    ])
    expect((await server.control('GET', `computed-traits/${spent}`)).status).toBe(200)
    expect((await remove(big)).status).toBe(200)
    await server.control('PATCH', `audiences/${wide}`, { definition: { query } })
    expect((await remove(spent, 'computed-traits')).status).toBe(200)
  })

  it('is not disabled before them', async () => {
    const big = await audience('Big', query)
    const upsell = await audience('Upsell', "trait('big') = true")
    const refused = await disable(big)
    expect([refused.status, errorOf(refused)]).toMatchObject([
      409,
      { type: 'in_use', message: expect.stringContaining("enabled: 'big' is read by 'upsell'") as string },
    ])
    expect((await server.control('PATCH', `audiences/${big}`, { enabled: true, name: 'Bigger' })).status).toBe(200)
    expect((await disable(upsell)).status).toBe(200)
    expect((await disable(big)).status).toBe(200)
  })

  it('is read by nobody who is disabled, and is read no more once it is disabled itself', async () => {
    const big = await audience('Big', query)
    await audience('Off', "trait('big') = true", { enabled: false })
    expect((await remove(big)).status).toBe(200)
    const still = await audience('Still', query, { enabled: false })
    await audience('On', "trait('still') = true")
    expect((await remove(still)).status).toBe(200)
  })

  it('may be read by users as an audience of accounts, and by accounts of each of their users', async () => {
    const active = await audience('Active', query, ACCOUNTS)
    const member = await audience('Member', "trait('active') = true")
    await audience('Joined', "ANY trait('member') = true", ACCOUNTS)
    expect(errorOf(await remove(active))['message']).toContain("'active' is read by 'member'")
    expect(errorOf(await remove(member))['message']).toContain("'member' is read by 'joined'")
  })

  it('is not read by a name that means another, or nothing', async () => {
    const users = await audience('Same', query)
    const accounts = await audience('Same', query, ACCOUNTS)
    const only = await audience('Only', query)
    await audience('Reads users', "trait('same') = true")
    await audience('In vain', "trait('only') = true", ACCOUNTS)
    expect(errorOf(await remove(users))['message']).toContain("'same' is read by 'reads_users'")
    expect((await remove(accounts)).status).toBe(200)
    expect((await remove(only)).status).toBe(200)
  })

  it('has ten of its readers named, and the others counted', async () => {
    const big = await audience('Big', query)
    for (let number = 1; number <= 12; number++) await audience(`Reader ${number}`, "trait('big') = true")
    expect(errorOf(await remove(big))['message']).toContain("'reader_10' and 2 more;")
  })
})
