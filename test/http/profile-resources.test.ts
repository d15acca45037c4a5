/** The Profile API beyond traits, by the rows of Segment's documentation: resources, cursors, names, refusals. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Answered, basic, CONFIG, send, startTestServer, type TestServer, VirtualTime } from '../support/server.ts'

const START = Date.UTC(2026, 0, 31)
const DAY = 86_400_000
const time = new VirtualTime(START)

let server: TestServer

/** Sends a call that happened, and comes in, at an instant of the story. */
async function call(at: number, body: Record<string, unknown>): Promise<void> {
  time.moveTo(START + at)
  const timed = { timestamp: new Date(START + at).toISOString(), ...body }
  expect((await server.ingest(String(body['type']), timed)).text).toBe('{"success":true}')
}

beforeAll(async () => {
  server = await startTestServer({ clock: time.clock, timer: time.timer })
  await call(0, { type: 'page', anonymousId: 'a1', messageId: 'ajs-1', name: 'Docs', properties: { path: '/docs' } })
  await call(1, { type: 'identify', anonymousId: 'a1', userId: 'u1', messageId: 'ajs-2', traits: { email: 'A@B.c' } })
  await call(2, { type: 'track', userId: 'u1', event: 'Order Completed', messageId: 'ajs-3', properties: { total: 5 } })
  await call(3, { type: 'screen', userId: 'u1', messageId: 'ajs-4', name: 'Home', context: { app: { name: 'x' } } })
  await call(4, { type: 'group', userId: 'u1', groupId: 'g1', messageId: 'ajs-5', traits: { seats: 3 } })
  await call(5, { type: 'track', userId: 'u1', event: 'Old', messageId: 'ajs-6', timestamp: isoAt(-15 * DAY) })
  await call(6, { type: 'group', userId: 'u2', groupId: 'g1', messageId: 'ajs-7' })
  await call(7, { type: 'track', userId: 'u2', event: 'Order Completed', messageId: 'ajs-8' })
  const phone = [{ id: '+15550123', type: 'phone', collection: 'users', encoding: 'none' }]
  await call(8, { type: 'track', userId: 'u3', event: 'Called', messageId: 'ajs-9', context: { externalIds: phone } })
})
afterAll(() => server.stop())

function isoAt(at: number): string {
  return new Date(START + at).toISOString()
}

function dataOf({ body }: Answered): Record<string, unknown>[] {
  return body['data'] as Record<string, unknown>[]
}

function cursorOf({ body }: Answered): { url: string; has_more: boolean; next: string; limit: number } {
  return body['cursor'] as { url: string; has_more: boolean; next: string; limit: number }
}

/** Follows the addresses of cursors to the last page. */
async function pagesFrom(path: string): Promise<Answered[]> {
  const pages = [await server.profiles(path)]
  while (cursorOf(pages.at(-1)!).has_more) {
    const { url, next } = cursorOf(pages.at(-1)!)
    expect(new URL(url, server.url).searchParams.get('next')).toBe(next)
    pages.push(await server.profiles(url))
  }
  return pages
}

/** The segment id by which a cursor names a profile. */
async function segmentIdOf(id: string, collection = 'users'): Promise<string> {
  const { body } = await server.profiles(`${collection}/profiles/search`, {
    method: 'POST',
    body: JSON.stringify({ id }),
  })
  return (body['data'] as { id: string }[])[0]!.id
}

describe('external_ids', () => {
  it('show each id with the call that brought it', async () => {
    const answer = await server.profiles('users/profiles/user_id:u1/external_ids')
    const rest = { source_id: 'default', collection: 'users', encoding: 'none' }
    expect(answer.body).toEqual({
      data: [
        { ...rest, id: 'a1', type: 'anonymous_id', created_at: isoAt(0), first_message_id: 'ajs-1' },
        { ...rest, id: 'u1', type: 'user_id', created_at: isoAt(1), first_message_id: 'ajs-2' },
        { ...rest, id: 'a@b.c', type: 'email', created_at: isoAt(1), first_message_id: 'ajs-2' },
      ],
      cursor: { url: '', has_more: false, next: '', limit: 25 },
    })
  })

  it('can be chosen by type, and come in pages', async () => {
    const pages = await pagesFrom('users/profiles/user_id:u1/external_ids?limit=1&include=email,anonymous_id')
    expect(pages.map((page) => dataOf(page).map(({ type }) => type))).toEqual([['anonymous_id'], ['email']])
    expect(cursorOf(pages[0]!).next).toMatch(/^map_[0-9a-f]{27}$/)
    expect(cursorOf(pages[0]!).url).not.toContain('u1')
  })

  it('of an account are its group id', async () => {
    expect(dataOf(await server.profiles('accounts/profiles/group_id:g1/external_ids'))).toEqual([
      {
        source_id: 'default',
        collection: 'accounts',
        id: 'g1',
        type: 'group_id',
        created_at: isoAt(4),
        encoding: 'none',
        first_message_id: 'ajs-5',
      },
    ])
  })
})

describe('events', () => {
  const names = async (query: string, profile = 'users/profiles/user_id:u1'): Promise<unknown[]> =>
    dataOf(await server.profiles(`${profile}/events?${query}`)).map(({ event }) => event)

  it('are those of the last 14 days, the newest first, page calls as Segment shows them', async () => {
    const users = await segmentIdOf('user_id:u1')
    const rest = { type: 'track', source_id: 'default', related: { users } }
    const idOf = (type: string, id: string) => ({ collection: 'users', type, id, encoding: 'none' })
    expect(dataOf(await server.profiles('users/profiles/user_id:u1/events'))).toEqual([
      {
        ...rest,
        external_ids: [idOf('user_id', 'u1')],
        context: { app: { name: 'x' } },
        message_id: 'ajs-4',
        timestamp: isoAt(3),
        properties: { name: 'Home', screen_name: 'Home' },
        event: 'Screen Viewed',
      },
      {
        ...rest,
        external_ids: [idOf('user_id', 'u1')],
        context: {},
        message_id: 'ajs-3',
        timestamp: isoAt(2),
        properties: { total: 5 },
        event: 'Order Completed',
      },
      {
        ...rest,
        external_ids: [idOf('anonymous_id', 'a1')],
        context: {},
        message_id: 'ajs-1',
        timestamp: isoAt(0),
        properties: { name: 'Docs', page_name: 'Docs', path: '/docs' },
        event: 'Page Viewed',
      },
    ])
  })

  it.each([
    ['sort=asc', ['Page Viewed', 'Order Completed', 'Screen Viewed']],
    ['include=Page%20Viewed,Screen%20Viewed', ['Screen Viewed', 'Page Viewed']],
    ['exclude=Page%20Viewed', ['Screen Viewed', 'Order Completed']],
    ['include=Page%20Viewed,Old&exclude=Old', ['Page Viewed']],
    ['start=2026-01-01', ['Screen Viewed', 'Order Completed', 'Page Viewed', 'Old']],
    [`start=${isoAt(2)}`, ['Screen Viewed', 'Order Completed']],
    [`end=${isoAt(2)}`, ['Order Completed', 'Page Viewed']],
    [`start=${isoAt(2)}&end=${isoAt(2)}`, ['Order Completed']],
  ])('can be chosen by %s', async (query, expected) => {
    expect(await names(query)).toEqual(expected)
  })

  it.each(['asc', 'desc'])('come in pages, whose cursors are instants and messages (%s)', async (sort) => {
    const pages = await pagesFrom(`users/profiles/user_id:u1/events?limit=1&sort=${sort}&include=Page Viewed,Old,Home`)
    expect(pages.map((page) => dataOf(page).length)).toEqual([1])
    const all = await pagesFrom(`users/profiles/user_id:u1/events?limit=2&sort=${sort}&start=2026-01-01`)
    const order = ['ajs-6', 'ajs-1', 'ajs-3', 'ajs-4']
    const expected = sort === 'asc' ? order : order.reverse()
    expect(all.map((page) => dataOf(page).map((event) => event['message_id']))).toEqual([
      expected.slice(0, 2),
      expected.slice(2),
    ])
    const next = Buffer.from(cursorOf(all[0]!).next, 'base64').toString()
    expect(next).toBe(sort === 'asc' ? `${START + 2}000000::ajs-3` : `${START}000000::ajs-1`)
  })

  it('of an account are those of its users', async () => {
    const profile = 'accounts/profiles/group_id:g1'
    expect(await names('include=Order%20Completed', profile)).toEqual(['Order Completed', 'Order Completed'])
    const pages = await pagesFrom(`${profile}/events?limit=2&sort=asc`)
    const ids = await Promise.all(['user_id:u1', 'user_id:u2'].map((id) => segmentIdOf(id)))
    expect(pages.flatMap((page) => dataOf(page).map(({ related }) => related))).toEqual(
      [0, 0, 0, 1].map((user) => ({ users: ids[user] })),
    )
  })
})

describe('metadata', () => {
  it('tell of the first and the last call', async () => {
    expect((await server.profiles('users/profiles/user_id:u1/metadata')).body).toEqual({
      metadata: {
        created_at: isoAt(0),
        updated_at: isoAt(5),
        expires_at: null,
        first_message_id: 'ajs-1',
        first_source_id: 'default',
        last_message_id: 'ajs-6',
        last_source_id: 'default',
      },
    })
  })

  it('of an account are about its group calls', async () => {
    expect((await server.profiles('accounts/profiles/group_id:g1/metadata?verbose=true')).body).toEqual({
      metadata: {
        created_at: isoAt(4),
        updated_at: isoAt(6),
        expires_at: null,
        first_message_id: 'ajs-5',
        first_source_id: 'default',
        last_message_id: 'ajs-7',
        last_source_id: 'default',
      },
    })
  })
})

describe('links', () => {
  it('lead from a user to its accounts', async () => {
    const answer = await server.profiles('users/profiles/user_id:u1/links')
    expect(dataOf(answer)).toEqual([
      {
        to_collection: 'accounts',
        id: await segmentIdOf('g1', 'accounts'),
        external_ids: [
          {
            id: 'g1',
            type: 'group_id',
            source_id: 'default',
            collection: 'accounts',
            created_at: isoAt(4),
            encoding: 'none',
            first_message_id: 'ajs-5',
          },
        ],
      },
    ])
    expect(cursorOf(answer)).toEqual({ url: '', has_more: false, next: '', limit: 20 })
  })

  it('lead from an account to its users, in pages', async () => {
    const pages = await pagesFrom('accounts/profiles/group_id:g1/links?limit=1')
    const ids = pages.map((page) => dataOf(page).map((link) => [link['to_collection'], idsIn(link)]))
    expect(ids).toEqual([[['users', ['a1', 'u1', 'a@b.c']]], [['users', ['u2']]]])
  })

  function idsIn(link: Record<string, unknown>): unknown[] {
    return (link['external_ids'] as { id: string }[]).map(({ id }) => id)
  }
})

describe('the form of 2019', () => {
  it('lists traits as properties', async () => {
    const answer = await server.profiles('accounts/profiles/group_id:g1/properties')
    expect(answer.body).toEqual({
      data: [{ key: 'seats', value: 3 }],
      cursor: { url: '', has_more: false, next: '', limit: 10 },
    })
    const { body } = await server.profiles('accounts/profiles/group_id:g1/properties?verbose=true&include=seats')
    expect(body['data']).toEqual([{ key: 'seats', value: 3, source_id: 'default', updated_at: isoAt(4) }])
  })
})

describe('a profile', () => {
  it.each(['traits', 'external_ids', 'events', 'metadata', 'links', 'properties'])(
    'is found by its segment id (%s), as a namespace too, with a token that is borne',
    async (resource) => {
      const [user, account] = [await segmentIdOf('user_id:u1'), await segmentIdOf('g1', 'accounts')]
      const byId = await server.profiles(`users/profiles/user_id:u1/${resource}`)
      const path = `${CONFIG.spaceId}/collections/users/profiles/${user}/${resource}`
      const borne = { headers: { authorization: `Bearer ${CONFIG.accessToken}` } }
      const others = [
        await server.profiles(`/v1/namespaces/${path}`),
        await server.profiles(`/v1/spaces/${path}`, borne),
        await server.profiles(`/v1/spaces//collections/users/profiles/${user}/${resource}`),
      ]
      for (const other of others) expect([other.status, other.text]).toEqual([200, byId.text])
      expect((await server.profiles(`accounts/profiles/${account}/${resource}`)).status).toBe(200)
    },
  )

  it('has special characters in its id percent-encoded', async () => {
    expect((await server.profiles('users/profiles/phone:%2B15550123/metadata')).status).toBe(200)
  })

  it('keeps its segment id through a merge; that of the other one leads to it, and the earlier call is the first', async () => {
    await call(9, { type: 'page', anonymousId: 'm1', messageId: 'm-1' })
    await call(10, { type: 'identify', userId: 'm2', messageId: 'm-2' })
    const [lost, kept] = [await segmentIdOf('anonymous_id:m1'), await segmentIdOf('user_id:m2')]
    await call(11, { type: 'identify', userId: 'm2', anonymousId: 'm1', messageId: 'm-3' })
    expect([await segmentIdOf('anonymous_id:m1'), await segmentIdOf('user_id:m2')]).toEqual([kept, kept])
    const { body } = await server.profiles(`users/profiles/${lost}/metadata`)
    expect(body['metadata']).toMatchObject({
      created_at: isoAt(9),
      updated_at: isoAt(11),
      first_message_id: 'm-1',
      last_message_id: 'm-3',
    })
    const ids = dataOf(await server.profiles(`users/profiles/${kept}/external_ids`))
    expect(ids.map((id) => [id['id'], id['first_message_id']])).toEqual([
      ['m2', 'm-2'],
      ['m1', 'm-1'],
    ])
    const [event] = dataOf(await server.profiles(`users/profiles/${lost}/events`))
    expect([event!['related'], event!['external_ids']]).toEqual([
      { users: kept },
      [{ collection: 'users', type: 'anonymous_id', id: 'm1', encoding: 'none' }],
    ])
  })

  it('that is anonymous says when it is forgotten; a call without a messageId is null', async () => {
    const retention = { historyMs: Infinity, eventsMax: Infinity, anonymousMs: DAY, profilesMax: 10 }
    const short = await startTestServer({ clock: time.clock, timer: time.timer, retention })
    const timestamp = isoAt(8)
    await short.ingest('page', { anonymousId: 'b1', timestamp })
    expect((await short.profiles('users/profiles/anonymous_id:b1/metadata')).body['metadata']).toMatchObject({
      expires_at: new Date(time.now + DAY).toISOString(),
      first_message_id: null,
    })
    await short.stop()
  })
})

describe('lists of profiles', () => {
  it('have all of a collection, in pages', async () => {
    const pages = await pagesFrom('users/profiles?limit=2')
    const values = pages.map((page) => dataOf(page).map(({ external_ids: ids }) => (ids as { id: string }[])[0]!.id))
    expect(values.flat().slice(0, 3)).toEqual(['a1', 'u2', 'u3'])
    expect(values.slice(0, -1).every((page) => page.length === 2)).toBe(true)
    expect(cursorOf(pages[0]!).next).toMatch(/^use_/)
    const [account] = dataOf(await server.profiles('accounts/profiles'))
    expect(account).toEqual({
      id: await segmentIdOf('g1', 'accounts'),
      external_ids: [{ collection: 'accounts', type: 'group_id', id: 'g1', encoding: 'none' }],
      created_at: isoAt(4),
      updated_at: isoAt(6),
    })
  })

  const search = async (body: unknown, collection = 'users'): Promise<Answered> =>
    server.profiles(`${collection}/profiles/search`, { method: 'POST', body: JSON.stringify(body) })

  it.each([
    [{ type: 'email', value: 'A@b.C' }, ['a1']],
    [{ id: 'email:a@b.c' }, ['a1']],
    [{ id: 'A@B.c' }, ['a1']],
    [{ id: 'u2' }, ['u2']],
    [{ id: 'nobody' }, []],
    [{ type: 'user_id', value: 'nobody' }, []],
    [{ prefix: 'U' }, ['a1', 'u2', 'u3']],
    [{ prefix: '+1555' }, ['u3']],
    [{ prefix: 'a', type: 'email' }, ['a1']],
    [{ prefix: 'a', type: 'user_id' }, []],
  ])('are searched by %j', async (body, expected) => {
    const found = dataOf(await search(body)).map(({ external_ids: ids }) => (ids as { id: string }[])[0]!.id)
    expect(found).toEqual(expected)
  })

  it.each([
    [{ prefix: 'g' }, 1],
    [{ id: 'g1' }, 1],
    [{ type: 'group_id', value: 'g2' }, 0],
  ])('are searched among accounts by %j', async (body, count) => {
    expect(dataOf(await search(body, 'accounts'))).toHaveLength(count)
  })

  it('go on with a search by its cursor, and have no address', async () => {
    const first = await search({ prefix: 'u', limit: 2 })
    const { next, url } = cursorOf(first)
    const second = await search({ prefix: 'u', limit: 2, next })
    expect([url, dataOf(first).length, dataOf(second).length, cursorOf(second).has_more]).toEqual(['', 2, 1, false])
  })

  it.each([
    [undefined, 'body'],
    [[], 'body'],
    [{}, 'body'],
    [{ id: 'a', prefix: 'b' }, 'body'],
    [{ id: 1 }, 'id'],
    [{ prefix: '' }, 'prefix'],
    [{ value: 'u1' }, 'type'],
    [{ id: 'u1', type: 'user_id' }, 'type'],
    [{ id: 'u1', other: 1 }, 'other'],
    [{ id: 'u1', limit: 101 }, 'limit'],
    [{ id: 'u1', limit: '1' }, 'limit'],
    [{ prefix: 'u', next: 'use_1' }, 'next'],
  ])('are refused for the body %j', async (body, field) => {
    const { status, body: answer } = await search(body)
    expect([status, answer['error']]).toEqual([400, expect.objectContaining({ code: 'validation_error', field })])
  })

  it('are refused for a body that is no JSON, or too large', async () => {
    const texts = ['{', JSON.stringify({ id: 'x'.repeat(20_000) })]
    const answers = await Promise.all(
      texts.map((body) => server.profiles('users/profiles/search', { method: 'POST', body })),
    )
    expect(answers.map(({ body }) => (body['error'] as { code: string }).code)).toEqual([
      'invalid_json',
      'payload_too_large',
    ])
  })

  it('ask for a token', async () => {
    const url = `${server.url}/v1/spaces//collections/users/profiles`
    const answers = [await send(url), await send(`${url}/search`, { method: 'POST', body: '{"id":"u1"}' })]
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
  })
})

describe('a refusal', () => {
  const profile = 'users/profiles/user_id:u1'

  it.each([
    ['an unknown profile', 'users/profiles/user_id:nobody/events', 404, undefined],
    ['an unknown segment id', `users/profiles/use_${'0'.repeat(27)}/metadata`, 404, undefined],
    ['a limit of 101 ids', `${profile}/external_ids?limit=101`, 400, 'limit'],
    ['a limit of 101 events', `${profile}/events?limit=101`, 400, 'limit'],
    ['a limit of 21 links', `${profile}/links?limit=21`, 400, 'limit'],
    ['a limit of 101 profiles', 'users/profiles?limit=101', 400, 'limit'],
    ['another order', `${profile}/events?sort=up`, 400, 'sort'],
    ['a start that is no date', `${profile}/events?start=yesterday`, 400, 'start'],
    ['an end that is no date', `${profile}/events?end=2026-02-30`, 400, 'end'],
    ['a cursor of events that is none', `${profile}/events?next=abc`, 400, 'next'],
    ['a cursor of ids that is none', `${profile}/external_ids?next=map_1`, 400, 'next'],
    ['a cursor of links that is none', `${profile}/links?next=acc_1`, 400, 'next'],
    ['a cursor of profiles that is none', 'users/profiles?next=use_1', 400, 'next'],
    ['a parameter given twice', `${profile}/events?include=a&include=b`, 400, 'include'],
    ['another collection', 'people/profiles', 400, 'collection'],
  ])('of %s is coded', async (_, path, status, field) => {
    const answer = await server.profiles(path)
    const error = answer.body['error'] as { code: string; field?: string }
    expect([answer.status, error.field]).toEqual([status, field])
    expect(error.code).toBe(status === 404 ? 'not_found' : 'validation_error')
    expect(answer.headers.get('request-id')).not.toBeNull()
  })

  it('of an unknown profile is to the letter', async () => {
    const { text } = await server.profiles('users/profiles/user_id:nobody/traits')
    expect(text).toBe('{"error":{"code":"not_found","message":"Profile was not found."}}')
  })

  it('is what browsers get: no answer lets them in', async () => {
    const headers = {
      authorization: basic(`${CONFIG.accessToken}:`),
      origin: 'https://shop.example',
      'access-control-request-method': 'GET',
    }
    const read = await server.profiles(`${profile}/traits`, { headers })
    const preflight = await server.profiles(`${profile}/traits`, { headers, method: 'OPTIONS' })
    const bare = await server.profiles('/v1/namespaces', { headers, method: 'OPTIONS' })
    expect([read.status, preflight.status, bare.status]).toEqual([200, 404, 404])
    for (const answer of [read, preflight, bare])
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('settings', () => {
  it('bound the requests of a token in a second', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: START })
    const limited = await startTestServer({ config: { profileApiRate: 2 } })
    const other = (await limited.control('POST', 'tokens', { description: 'Another' })).body['data'] as {
      token: { secret: string }
    }
    try {
      await limited.ingest('identify', { userId: 'u1' })
      const ask = (authorization: string, path = 'users/profiles/user_id:u1/metadata') =>
        limited.profiles(path, { headers: { authorization } })
      const [own, borne] = [basic(`${CONFIG.accessToken}:`), `Bearer ${CONFIG.accessToken}`]
      const answers = [await ask(own), await ask(borne, 'users/profiles'), await ask(own)]
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
      const { headers, body } = answers[2]!
      expect(body['error']).toMatchObject({ code: 'rate_limit_error' })
      expect([headers.get('retry-after'), headers.get('x-ratelimit-reset')]).toEqual(['1', String(START / 1000 + 1)])
      expect((await ask(basic(`${other.token.secret}:`))).status).toBe(200)
      expect((await ask(basic('wrong:'))).status).toBe(401)
      vi.setSystemTime(START + 1000)
      expect((await ask(own)).status).toBe(200)
    } finally {
      vi.useRealTimers()
      await limited.stop()
    }
  })

  it('say how many traits a page has by itself', async () => {
    const wide = await startTestServer({ config: { traitsLimit: 20 } })
    await wide.ingest('identify', { userId: 'u1' })
    expect((await wide.traits('user_id:u1', '')).body['cursor']).toMatchObject({ limit: 20 })
    await wide.stop()
  })
})
