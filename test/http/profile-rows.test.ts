/**
 * The rows of Segment's documented behaviour that are about the Profile API, one test each, on the very shapes of its
 * documentation. Where Rollcall deliberately differs, docs/http-api.md says so, and the row is about that.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Answered, basic, CONFIG, startTestServer, type TestServer } from '../support/server.ts'

const USER = 'users/profiles/user_id:u1'
const ACCOUNT = 'accounts/profiles/group_id:12345'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
  const highValue = { name: 'High value user', definition: { query: "trait('total') > 200" } }
  await server.control('POST', 'audiences', highValue)
  const total = { name: 'Total', definition: { query: "event('Order').sum(property('price'))" } }
  await server.control('POST', 'computed-traits', total)
  const traits = Object.fromEntries(
    Array.from({ length: 23 }, (_, index) => [`t${String(index).padStart(2, '0')}`, index]),
  )
  const phone = { id: '+15550123', type: 'phone_number', collection: 'users', encoding: 'none' }
  const batch = [
    { type: 'page', anonymousId: 'a1', name: 'Docs', properties: { path: '/docs' } },
    { type: 'identify', anonymousId: 'a1', userId: 'u1', traits: { ...traits, email: 'alex@segment.com' } },
    { type: 'track', userId: 'u1', event: 'Order', properties: { price: 250 }, context: { externalIds: [phone] } },
    ...Array.from({ length: 25 }, (_, index) => ({ type: 'group', userId: `m${index}`, groupId: '12345' })),
    { type: 'group', userId: 'u1', groupId: '12345', traits: { seats: 3 } },
  ].map((call, index) => ({ messageId: `m-${index}`, ...call }))
  expect((await server.ingest('batch', { batch })).text).toBe('{"success":true}')
})
afterAll(() => server.stop())

const ask = (path: string): Promise<Answered> => server.profiles(path)
const listed = ({ body }: Answered) => body['data'] as Record<string, unknown>[]
const traitsIn = ({ body }: Answered) => Object.keys(body['traits'] as object)
const cursorIn = ({ body }: Answered) => body['cursor'] as Record<string, unknown>

const ROWS: readonly (readonly [row: number, about: string, check: () => Promise<void>])[] = [
  [
    144,
    'the shape of traits',
    async () => {
      const { text } = await ask('users/profiles/email:alex@segment.com/traits?limit=100&include=high_value_user')
      expect(text).toBe(
        '{"traits":{"high_value_user":true},"cursor":{"url":"","has_more":false,"next":"","limit":100}}',
      )
    },
  ],
  [
    145,
    'only the listed keys',
    async () => expect(traitsIn(await ask(`${USER}/traits?include=t01,t02,t99`))).toEqual(['t01', 't02']),
  ],
  [
    146,
    'a class of traits',
    async () => {
      expect(traitsIn(await ask(`${USER}/traits?class=audience`))).toEqual(['high_value_user'])
      expect(traitsIn(await ask(`${USER}/traits?class=computed_trait`))).toEqual(['total'])
    },
  ],
  [
    147,
    'ten by default, 200 at most',
    async () => {
      expect(traitsIn(await ask(`${USER}/traits`))).toHaveLength(10)
      expect(traitsIn(await ask(`${USER}/traits?limit=200`))).toHaveLength(26)
      expect((await ask(`${USER}/traits?limit=201`)).status).toBe(400)
    },
  ],
  [
    148,
    'all traits once, page by page',
    async () => {
      const seen: string[] = []
      let next = ''
      do {
        const page = await ask(`${USER}/traits?next=${next}`)
        seen.push(...traitsIn(page))
        next = cursorIn(page)['next'] as string
        expect(cursorIn(page)['has_more']).toBe(next !== '')
      } while (next !== '')
      expect([seen.length, new Set(seen).size]).toEqual([26, 26])
    },
  ],
  [
    149,
    'value, source and instant of a trait',
    async () => {
      const { body } = await ask(`${USER}/traits?include=t01&verbose=true`)
      const trait = (body['traits'] as Record<string, object>)['t01']!
      expect(Object.keys(trait)).toEqual(['value', 'source_id', 'updated_at'])
    },
  ],
  [
    150,
    'the fields of external ids',
    async () => {
      const [id] = listed(await ask(`${USER}/external_ids`))
      const fields = ['collection', 'created_at', 'encoding', 'first_message_id', 'id', 'source_id', 'type']
      expect(Object.keys(id!).sort()).toEqual(fields)
    },
  ],
  [
    151,
    'the fields of events',
    async () => {
      const [event] = listed(await ask(`${USER}/events?include=Page%20Viewed&sort=asc&start=2000-01-01&end=3000-01-01`))
      expect(Object.keys(event!).sort()).toEqual([
        'context',
        'event',
        'external_ids',
        'message_id',
        'properties',
        'related',
        'source_id',
        'timestamp',
        'type',
      ])
      expect([event!['type'], event!['properties']]).toEqual([
        'track',
        { name: 'Docs', page_name: 'Docs', path: '/docs' },
      ])
      expect(listed(await ask(`${USER}/events?exclude=Page%20Viewed`)).map((one) => one['event'])).toEqual(['Order'])
    },
  ],
  [
    152,
    'the seven fields of metadata',
    async () =>
      expect(Object.keys((await ask(`${USER}/metadata`)).body['metadata'] as object)).toEqual([
        'created_at',
        'updated_at',
        'expires_at',
        'first_message_id',
        'first_source_id',
        'last_message_id',
        'last_source_id',
      ]),
  ],
  [
    153,
    'links both ways, 20 at most',
    async () => {
      expect(listed(await ask(`${USER}/links`))).toHaveLength(1)
      const links = await ask(`${ACCOUNT}/links`)
      expect([listed(links).length, cursorIn(links)['has_more']]).toEqual([20, true])
    },
  ],
  [
    154,
    'the collection of accounts',
    async () => expect((await ask(`${ACCOUNT}/traits`)).body['traits']).toEqual({ seats: 3 }),
  ],
  [
    155,
    'namespaces',
    async () =>
      expect((await ask(`/v1/namespaces/${CONFIG.spaceId}/collections/${USER}/traits`)).text).toBe(
        (await ask(`${USER}/traits`)).text.replace('/v1/spaces/', '/v1/namespaces/'),
      ),
  ],
  [
    156,
    'segment ids',
    async () => {
      const [event] = listed(await ask(`${USER}/events`))
      const { users } = event!['related'] as { users: string }
      expect(users).toMatch(/^use_[0-9A-Za-z]{27}$/)
      expect((await ask(`users/profiles/${users}/traits`)).text).toBe((await ask(`${USER}/traits`)).text)
    },
  ],
  [
    157,
    'percent-encoding',
    async () => expect((await ask('users/profiles/phone_number:%2B15550123/traits')).status).toBe(200),
  ],
  [
    158,
    'Basic authorization',
    async () => {
      const wrong = await server.profiles(`${USER}/traits`, { headers: { authorization: basic('wrong:') } })
      expect([wrong.status, (wrong.body['error'] as { code: string }).code]).toEqual([401, 'authentication_error'])
      const right = { headers: { authorization: basic(`${CONFIG.accessToken}:`) } }
      expect((await server.profiles(`${USER}/traits`, right)).status).toBe(200)
    },
  ],
  [
    159,
    'an unknown profile',
    async () => {
      const { status, text } = await ask('users/profiles/user_id:nobody/traits')
      expect([status, text]).toEqual([404, '{"error":{"code":"not_found","message":"Profile was not found."}}'])
    },
  ],
  [
    160,
    'any number of requests, as no rate is set',
    async () => {
      const answers = await Promise.all(Array.from({ length: 150 }, () => ask(`${USER}/metadata`)))
      expect(answers.every(({ status }) => status === 200)).toBe(true)
    },
  ],
  [
    161,
    'a request id, and no CORS',
    async () => {
      const { headers } = await ask(`${USER}/traits`)
      expect([headers.has('request-id'), headers.has('access-control-allow-origin')]).toEqual([true, false])
    },
  ],
  [
    162,
    'properties, as in 2019',
    async () =>
      expect(listed(await ask(`${USER}/properties?limit=2`))).toEqual([
        { key: 'email', value: 'alex@segment.com' },
        { key: 'high_value_user', value: true },
      ]),
  ],
]

it.each(ROWS)('row %i: %s', async (_row, _about, check) => {
  await check()
})
