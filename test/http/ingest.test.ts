import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, CONFIG, send, startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
  await server.control('POST', 'computed-traits', { name: 'Orders', definition: { query: "event('Order').count()" } })
})
afterAll(() => server.stop())

function order(userId: string, more: object = {}) {
  return { type: 'track', userId, event: 'Order', ...more }
}

async function ordersOf(userId: string): Promise<unknown> {
  const { status, body } = await server.traits(`user_id:${userId}`, 'include=orders')
  return status === 404 ? 'no profile' : (body['traits'] as Record<string, unknown>)['orders']
}

describe('an ingestion request', () => {
  it.each(['track', 't', 'batch', 'import', 'b'])('to /v1/%s is seen by the next read', async (path) => {
    const call = order(`to-${path}`)
    const isBatch = ['batch', 'import', 'b'].includes(path)
    const { status, text } = await server.ingest(path, isBatch ? { batch: [call] } : call)
    expect([status, text]).toEqual([200, '{"success":true}'])
    expect(await ordersOf(`to-${path}`)).toBe(1)
  })

  it.each(['identify', 'i', 'page', 'p', 'screen', 's', 'group', 'g', 'alias', 'a'])(
    'to /v1/%s is taken',
    async (path) => {
      const answer = await server.ingest(path, { userId: 'u1', groupId: 'g1', previousId: 'u0', traits: {} })
      expect([answer.status, answer.text]).toEqual([200, '{"success":true}'])
    },
  )

  it('that is sent again counts once', async () => {
    const call = order('again', { messageId: 'm-again' })
    for (let tries = 0; tries < 3; tries++) await server.ingest('track', call)
    await server.ingest('batch', { batch: [call, call] })
    expect(await ordersOf('again')).toBe(1)
  })

  it('that measures the browser SDK itself is taken and dropped', async () => {
    const { status, text } = await server.ingest('m', { series: [] }, {})
    expect([status, text]).toEqual([200, '{"success":true}'])
  })

  it.each(['text/plain', 'text/plain;charset=UTF-8', 'application/json', 'application/json; charset=utf-8'])(
    'may be labelled %s',
    async (type) => {
      const { status } = await server.ingest('track', order('labelled'), {
        'content-type': type,
        authorization: basic(CONFIG.writeKey),
      })
      expect(status).toBe(200)
    },
  )
})

describe('the write key', () => {
  it.each([
    ['Basic, with the colon', { authorization: basic(`${CONFIG.writeKey}:`) }, {}],
    ['Basic, without the colon', { authorization: basic(CONFIG.writeKey) }, {}],
    ['in the body', {}, { writeKey: CONFIG.writeKey }],
    ['in both', { authorization: basic(`${CONFIG.writeKey}:`) }, { writeKey: CONFIG.writeKey }],
    ['in the body beside another scheme', { authorization: 'Bearer x' }, { writeKey: CONFIG.writeKey }],
  ])('may come %s', async (_, headers, body) => {
    expect((await server.ingest('track', { ...order('keyed'), ...body }, headers)).status).toBe(200)
    expect((await server.ingest('batch', { batch: [order('keyed')], ...body }, headers)).status).toBe(200)
  })

  it.each([
    ['none', {}, {}],
    ['an unknown one', { authorization: basic('unknown:') }, {}],
    ['an unknown one in the body', {}, { writeKey: 'unknown' }],
    ['one that is no text', {}, { writeKey: [CONFIG.writeKey] }],
    ['an access token', { authorization: basic(`${CONFIG.accessToken}:`) }, {}],
    ['a large one', {}, { writeKey: 'x'.repeat(20_000) }],
    ['one in a call of the batch only', {}, { batch: [{ ...order('nobody'), writeKey: CONFIG.writeKey }] }],
  ])('is refused where there is %s', async (_, headers, body) => {
    const { status, body: answer } = await server.ingest('batch', { batch: [order('nobody')], ...body }, headers)
    expect([status, answer['success'], answer['code']]).toEqual([401, false, 'authentication_error'])
    expect(await ordersOf('nobody')).toBe('no profile')
  })
})

describe('what is refused', () => {
  it.each([
    ['no JSON', 'track', '{"userId":', 'invalid_json'],
    ['nothing', 'track', '', 'invalid_json'],
    ['a list', 'track', '[]', 'not_an_object'],
    ['no id', 'track', '{"event":"E"}', 'no_user_anon_id'],
    ['no name', 'track', '{"userId":"u1"}', 'event_not_defined'],
    ['properties that are text', 'track', '{"userId":"u1","event":"E","properties":"x"}', 'properties_not_object'],
    ['traits that are a list', 'identify', '{"userId":"u1","traits":[]}', 'traits_not_object'],
    ['a group without its id', 'group', '{"userId":"u1"}', 'id_required'],
    ['a batch without a list', 'batch', '{}', 'invalid_request_error'],
    [
      'more than 32 KB',
      'track',
      JSON.stringify(order('u1', { properties: { x: 'x'.repeat(33_000) } })),
      'payload_too_large',
    ],
    ['more than 500 KB', 'batch', JSON.stringify({ batch: [], x: 'x'.repeat(513_000) }), 'payload_too_large'],
    ['10,000 levels', 'track', `{"userId":"u1","event":"E","properties":{"x":${'['.repeat(10_000)}`, 'value_too_deep'],
    ['400,000 levels', 'batch', `{"batch":${'['.repeat(400_000)}`, 'value_too_deep'],
  ])('says 400 and why: %s', async (_, path, text, code) => {
    const { status, body, headers } = await server.ingest(path, text)
    expect([status, body['success'], body['code'], typeof body['message']]).toEqual([400, false, code, 'string'])
    expect(headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('is only the bad calls of a batch', async () => {
    const deep = { x: JSON.parse('['.repeat(64) + ']'.repeat(64)) as unknown }
    const batch = [order('some'), order(''), 7, order('some', { properties: deep }), order('some')]
    const { status, body } = await server.ingest('batch', { batch })
    expect([status, body['success']]).toEqual([200, true])
    const rejected = body['rejected'] as { index: number; code: string; message: string }[]
    expect(rejected.map(({ index, code }) => `${index} ${code}`)).toEqual([
      '1 no_user_anon_id',
      '2 not_an_object',
      '3 value_too_deep',
    ])
    expect(await ordersOf('some')).toBe(2)
  })

  it('is journalled in no part', async () => {
    const before = await journalLength()
    await server.ingest('track', { event: 'E' })
    await server.ingest('batch', { batch: [7, {}] })
    await server.ingest('batch', { batch: [] })
    expect(await journalLength()).toBe(before)
  })
})

async function journalLength(): Promise<number> {
  let length = 0
  for await (const { position } of server.journal.read(0)) length = position + 1
  return length
}

describe('a compressed body', () => {
  const headers = (encoding: string) => ({
    'content-encoding': encoding,
    authorization: basic(`${CONFIG.writeKey}:`),
  })

  it('is inflated', async () => {
    expect((await server.ingest('track', gzipSync(JSON.stringify(order('zipped'))), headers('gzip'))).status).toBe(200)
    expect(await ordersOf('zipped')).toBe(1)
  })

  it.each([
    ['track', 40_000],
    ['batch', 600_000],
    ['batch', 100_000_000],
  ])('is inflated no further than the limit of /v1/%s: %i bytes', async (path, bytes) => {
    const bomb = gzipSync(Buffer.alloc(bytes, 0x20))
    const before = process.memoryUsage().rss
    const { status, body } = await server.ingest(path, bomb, headers('gzip'))
    expect([status, body['code']]).toEqual([400, 'payload_too_large'])
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
  })
})

describe('hostile keys', () => {
  it('are plain data, and come back as they were sent', async () => {
    const traits = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x","10":1,"9":2}'
    const { status } = await server.ingest(
      'identify',
      `{"userId":"keys","traits":${traits},"__proto__":{"polluted":1}}`,
    )
    expect(status).toBe(200)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    const { text } = await server.traits('user_id:keys', 'limit=200&include=__proto__,constructor,toString,10,9')
    expect(text).toContain(
      '{"traits":{"10":1,"9":2,"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x"},',
    )
    expect((await server.traits('user_id:keys', '__proto__[x]=1&constructor=2&limit=200')).status).toBe(200)
    expect((await server.traits('__proto__:x')).status).toBe(404)
    expect((await server.ingest('track', order('keys', { event: '__proto__' }))).status).toBe(200)
  })
})

describe('every answer', () => {
  it('has a Request-Id of its own, and says nothing of what makes it', async () => {
    const answers = await Promise.all([
      send(`${server.url}/healthz`),
      send(`${server.url}/nowhere`),
      send(`${server.url}/v1/nowhere`, { method: 'POST' }),
      server.ingest('track', order('headers')),
      server.ingest('track', '{'),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 404, 200, 400])
    const ids = answers.map(({ headers }) => headers.get('request-id'))
    expect(new Set(ids).size).toBe(answers.length)
    for (const { headers } of answers) {
      expect(headers.get('x-powered-by')).toBeNull()
      expect(headers.get('etag')).toBeNull()
      expect(headers.get('content-type')).toMatch(/^application\/json/)
    }
  })

  it('to bytes that are no HTTP is a refusal, and the server goes on', async () => {
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    socket.end('nonsense\r\n\r\n')
    const [data] = (await once(socket, 'data')) as [Buffer]
    expect(data.toString()).toMatch(/^HTTP\/1\.1 400/)
    expect((await send(`${server.url}/readyz`)).status).toBe(200)
  })
})
