/** Bodies of all APIs, before anything in them is looked at: how deep they may be, and how they are compressed. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BODY_DEPTH_MAX } from '../../src/model/json-body.ts'
import { type Answered, basic, CONFIG, send, startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

/** Every route of the Control API that takes JSON; a body is read before what the path names is looked for. */
const CONTROL = ['audiences', 'computed-traits']
  .flatMap((kind): [string, string][] => [
    ['POST', kind],
    ['PATCH', `${kind}/none`],
    ['POST', `${kind}/none/destination-connections`],
    ['PATCH', `${kind}/none/destination-connections/none`],
  ])
  .concat([
    ['POST', 'destinations'],
    ['PATCH', 'destinations/none'],
    ['POST', 'destinations/import'],
    ['POST', 'import'],
    ['POST', 'destinations/none/failures/resend'],
    ['POST', 'audiences/none/destination-connections/none/activations'],
    ['PATCH', 'audiences/none/activations/none'],
    ['POST', 'tokens'],
  ])

/** Lists within one another. */
function lists(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

function errorOf({ body }: Answered): Record<string, unknown> {
  return (body['errors'] as Record<string, unknown>[])[0]!
}

const TOO_DEEP = {
  type: 'value_too_deep',
  message: `body: expected at most ${BODY_DEPTH_MAX} levels of nesting, got more`,
}

describe('a body that is nested too deeply', () => {
  it.each(CONTROL)('is refused by %s %s, in the form of the Control API', async (method, path) => {
    for (const text of [lists(5_000), `{"type":"webhook","settings":{"url":${'{"a":'.repeat(1_500)}`]) {
      const answer = await server.control(method, path, text)
      expect([answer.status, errorOf(answer)]).toEqual([400, TOO_DEEP])
    }
  })

  it.each(['track', 'batch'])('is refused by /v1/%s, in the form of the tracking API', async (path) => {
    const { status, body } = await server.ingest(path, lists(10_000))
    expect([status, body]).toMatchObject([400, { success: false, code: 'value_too_deep' }])
  })

  it.each([
    ['identify', 10_000, (deep: string) => `{"userId":"u1","traits":{"a":${deep}}}`, 'value_too_deep'],
    ['track', 10_000, (deep: string) => `{"userId":"u1","event":"Seen","properties":{"a":${deep}}}`, 'value_too_deep'],
    ['track', 1_000_000, (deep: string) => deep, 'payload_too_large'],
    ['batch', 100_000, (deep: string) => `{"batch":[{"userId":"u1","type":"page"},${deep}]}`, 'value_too_deep'],
    ['batch', 1_000_000, (deep: string) => `{"batch":[{"userId":"u1","type":"page"},${deep}]}`, 'payload_too_large'],
  ])('within a call to /v1/%s is refused, %i levels deep', async (path, depth, bodyOf, code) => {
    const { status, body } = await server.ingest(path, bodyOf(lists(depth)))
    expect([status, body]).toMatchObject([400, { success: false, code }])
    expect((await server.traits('user_id:u1')).status).toBe(404)
  })

  it('is refused by a search for profiles, in the form of the Profile API', async () => {
    const init = { method: 'POST', body: lists(5_000) }
    const { status, body } = await server.profiles('users/profiles/search', init)
    expect([status, body]).toMatchObject([400, { error: { code: 'value_too_deep' } }])
  })

  it('is refused as the data of a pixel', async () => {
    const data = Buffer.from(lists(5_000)).toString('base64url')
    const headers = { authorization: basic(CONFIG.writeKey) }
    const { status, body } = await send(`${server.url}/v1/pixel/track?data=${data}`, { headers })
    expect([status, body]).toMatchObject([400, { success: false, code: 'value_too_deep' }])
  })

  it('begins one level below the deepest that is taken', async () => {
    const within = await server.control('POST', 'audiences', lists(BODY_DEPTH_MAX))
    expect(errorOf(within)['type']).toBe('validation_error')
    const beyond = await server.control('POST', 'audiences', lists(BODY_DEPTH_MAX + 1))
    expect(errorOf(beyond)['type']).toBe('value_too_deep')
  })
})

describe('an import', () => {
  const half = ['['.repeat(40), ']'.repeat(40)]
  const indented = Array.from({ length: 100 }, (_, n) => `${' '.repeat(n)}a:`)

  it.each([
    ['items on one line', '- '.repeat(10_000)],
    ['keys on one line', '? '.repeat(10_000)],
    ['lines', indented.join('\n')],
    ['pairs in lists', `${'[a: '.repeat(60)}1${']'.repeat(60)}`],
    ['aliases', `a: &a ${half.join('')}\nb: ${half.join('*a')}`],
  ])('of YAML that is nested too deeply is refused: %s', async (_, text) => {
    const answer = await server.control('POST', 'destinations/import', text)
    expect([answer.status, errorOf(answer)]).toEqual([400, TOO_DEEP])
  })

  it('may be as deep as JSON may', async () => {
    const depthOf = async (depth: number) =>
      errorOf(await server.control('POST', 'destinations/import', lists(depth)))['type']
    expect([await depthOf(BODY_DEPTH_MAX), await depthOf(BODY_DEPTH_MAX + 1)]).toEqual([
      'validation_error',
      'value_too_deep',
    ])
  })

  it('may have brackets in its text', async () => {
    const text = `- type: console # ${'['.repeat(100)}\n  name: ${'a[{'.repeat(30)}\n`
    expect((await server.control('POST', 'destinations/import', text)).status).toBe(200)
  })
})

/** Sends a body in an encoding to a route of any API. */
async function encoded(method: string, path: string, encoding: string, bytes: Buffer): Promise<Answered> {
  const isIngest = path.startsWith('/v1/') && path !== SEARCH
  const authorization = isIngest ? basic(CONFIG.writeKey) : `Bearer ${CONFIG.accessToken}`
  return send(`${server.url}${path.startsWith('/v1/') ? path : `/spaces/${CONFIG.spaceId}/${path}`}`, {
    method,
    headers: { authorization, 'content-encoding': encoding },
    body: new Uint8Array(bytes),
  })
}

function codeOf(answer: Answered): unknown {
  const { code, error } = answer.body as { code?: string; error?: { code: string } }
  return code ?? error?.code ?? errorOf(answer)['type']
}

const SEARCH = '/v1/spaces//collections/users/profiles/search'
const COMPRESS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }
const ENCODINGS = ['gzip', 'deflate', 'br'] as const

describe('a compressed body', () => {
  const all = [...CONTROL, ...['/v1/track', '/v1/batch', SEARCH].map((path): [string, string] => ['POST', path])]

  it.each(ENCODINGS)('may be in %s', async (encoding) => {
    const call = COMPRESS[encoding](JSON.stringify({ userId: 'u1', event: 'Seen' }))
    expect((await encoded('POST', '/v1/track', encoding, call)).status).toBe(200)
    const token = COMPRESS[encoding](JSON.stringify({ description: encoding }))
    expect((await encoded('POST', 'tokens', encoding, token)).status).toBe(200)
    const search = COMPRESS[encoding](JSON.stringify({ id: 'u1' }))
    expect((await encoded('POST', SEARCH, encoding, search)).status).toBe(200)
    const destination = COMPRESS[encoding](`type: console\nname: In ${encoding}`)
    expect((await encoded('POST', 'destinations/import', encoding, destination)).status).toBe(200)
  })

  it.each(all)('that is not what it says is refused by %s %s', async (method, path) => {
    for (const encoding of ENCODINGS)
      for (const bytes of [
        Buffer.from('no such thing'),
        Buffer.alloc(0),
        COMPRESS[encoding]('{"a":1}').subarray(0, 4),
      ]) {
        const answer = await encoded(method, path, encoding, bytes)
        expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_request_error'])
        expect(answer.text).toContain('body: expected what Content-Encoding says, got other bytes')
      }
  })

  it.each(all)('in an encoding that is not supported is refused by %s %s', async (method, path) => {
    for (const encoding of ['compress', 'gzip, br', 'secret']) {
      const answer = await encoded(method, path, encoding, gzipSync('{}'))
      expect([answer.status, codeOf(answer)]).toEqual([415, 'unsupported_encoding'])
      expect(answer.text).toContain('Content-Encoding: expected gzip, deflate or br, got another')
    }
  })

  it('is inflated no further than its limit', async () => {
    for (const encoding of ENCODINGS) {
      const answer = await encoded('POST', 'audiences', encoding, COMPRESS[encoding](Buffer.alloc(1_000_000, ' ')))
      expect([answer.status, codeOf(answer)]).toEqual([400, 'payload_too_large'])
    }
  })

  it('is inflated before its depth is measured', async () => {
    const answer = await encoded('POST', 'destinations', 'gzip', gzipSync(lists(10_000)))
    expect([answer.status, errorOf(answer)]).toEqual([400, TOO_DEEP])
  })
})

describe('a body that is empty', () => {
  it.each(['', 'null', '7'])('or no object is no definition: %j', async (text) => {
    const { status, body } = await server.control('POST', 'audiences', text)
    expect([status, body]).toMatchObject([400, { errors: [{ type: 'validation_error', field: 'body' }] }])
  })

  it('makes a token without a description', async () => {
    const { status } = await send(`${server.url}/spaces/${CONFIG.spaceId}/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${CONFIG.accessToken}` },
    })
    expect(status).toBe(200)
    expect((await server.control('POST', 'tokens', 'null')).status).toBe(400)
  })
})

describe('the board of the queues', () => {
  it('takes no body', async () => {
    const headers = { authorization: basic(`${CONFIG.accessToken}:`) }
    const init = { method: 'PUT', headers, body: lists(10_000) }
    const answer = await send(`${server.url}/queues/api/queues/pause`, init)
    expect([answer.status, errorOf(answer)['type']]).toEqual([400, 'invalid_request_error'])
  })
})

it('bodies are parsed nowhere else', () => {
  const source = join(import.meta.dirname, '../../src')
  const found = ['http', 'ingest', 'control-api', 'profile-api', 'server'].flatMap((folder) =>
    readdirSync(join(source, folder))
      .map((name) => join(folder, name))
      .filter((path) => /express\.(json|raw|text|urlencoded)\(/.test(readFileSync(join(source, path), 'utf8'))),
  )
  expect(found).toEqual(['ingest/body.ts', 'control-api/body.ts', 'profile-api/router.ts'])
})
