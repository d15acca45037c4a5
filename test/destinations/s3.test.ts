/** Objects in a bucket, as a server of S3 has them that checks signatures; and the meaning of its answers. */
import { createHash, createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import S3rver from '@20minutes/s3rver'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Destination, type DestinationContext, DeliveryError } from '../../destinations/contract/destination.ts'
import { createHttpClient } from '../../destinations/contract/node-http-client.ts'
import { parseCsv } from '../../destinations/csv-list/csv.ts'
import { parseSettings } from '../../destinations/registry.ts'
import { deltaObjectOf } from '../../destinations/s3/delta-object.ts'
import { s3Destination } from '../../destinations/s3/s3.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { EngineError } from '../../src/model/errors.ts'
import type { JsonObject } from '../../src/model/json.ts'
import { group, identify, PERSONAS, track } from './calls.ts'
import { serve, serveRaw } from './contract/loopback.ts'
import { contextWith } from './context.ts'

const BUCKET = 'members'
/** The only key that the server knows. */
const KEY = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
const SECRET = 'hush-hush-hush'
const PERSON = 'u1-person'
const { signal } = new AbortController()
/** The server refuses what is signed at another time. */
const NOW = Date.now()
const sentAt = new Date(NOW).toISOString()
/** The line of a call. */
const line = (call: DeliveryCall) => `${JSON.stringify({ ...call, sentAt })}\n`

let server: S3rver
let endpoint: string
let directory: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-s3-'))
  server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    vhostBuckets: true,
    configureBuckets: [],
  })
  endpoint = `http://127.0.0.1:${(await server.run()).port}`
})

afterAll(() => server.close())

beforeEach(() => {
  rmSync(join(directory, BUCKET), { recursive: true, force: true })
  mkdirSync(join(directory, BUCKET))
})

function connect(settings: JsonObject = {}, context: Partial<DestinationContext> = {}): Destination {
  const parsed = parseSettings(s3Destination, { endpoint, bucket: BUCKET, ...KEY, ...settings })
  return s3Destination.connect(parsed, contextWith({ clock: () => NOW, ...context }))
}

/** The outcome of each call; none names a person or a secret. */
async function apply(destination: Destination, ...calls: DeliveryCall[]): Promise<string[]> {
  try {
    const failures = await destination.deliverBatch!(calls, signal)
    return failures.map((failure) => (failure ? outcomeOf(failure) : 'arrived'))
  } catch (error) {
    return calls.map(() => outcomeOf(error))
  }
}

function outcomeOf(error: unknown): string {
  if (!(error instanceof DeliveryError)) throw error
  const { cause, message } = error
  expect(`${message} ${cause instanceof Error ? cause.message : ''}`).not.toMatch(/hush|u1-person|S3RVER/)
  return `${error.kind} ${error.reason}`
}

async function tested(destination: Destination): Promise<string> {
  return destination.testConnection!(signal).then(() => 'works', outcomeOf)
}

/** Names of all objects. */
function names(): string[] {
  return readdirSync(join(directory, BUCKET), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('._S3rver_object'))
    .map((name) => name.replace('._S3rver_object', ''))
    .sort()
}

function bytesOf(name: string): Buffer {
  return readFileSync(join(directory, BUCKET, `${name}._S3rver_object`))
}

function onlyText(): string {
  const [name, ...others] = names()
  expect(others).toEqual([])
  return bytesOf(name!).toString()
}

function headersOf(name: string): Record<string, string> {
  return JSON.parse(readFileSync(join(directory, BUCKET, `${name}._S3rver_metadata.json`), 'utf8')) as Record<
    string,
    string
  >
}

const entered = identify('u1', { vips: true, plan: 'pro' })
const left = track('u2', { vips: false, audience_key: 'vips', plan: 'free' }, 'u2@example.com')
const calls = [entered, left]

describe('a batch', () => {
  it('is an object with a line for each call', async () => {
    expect(await apply(connect(), ...calls)).toEqual(['arrived', 'arrived'])
    expect(names()).toEqual([expect.stringMatching(/^date=2026-03-01\/2026-03-01T120000\.000Z-[0-9a-f]{32}\.ndjson$/)])
    expect(onlyText()).toBe(line(entered) + line(left))
    expect(headersOf(names()[0]!)).toMatchObject({ 'content-type': 'application/x-ndjson' })
  })

  it('is named by its first change, under the prefix', async () => {
    const earlier = identify('u3', { vips: true }, { timestamp: '2025-12-31T23:59:59.999Z' })
    await apply(connect({ prefix: 'rollcall/a-' }), entered, earlier, left)
    expect(names()[0]).toMatch(/^rollcall\/a-date=2025-12-31\/2025-12-31T235959\.999Z-\w+\.ndjson$/)
  })

  it('of one call is an object too', async () => {
    await connect().deliver(entered, signal)
    expect(onlyText()).toBe(line(entered))
  })

  it('has the lines of all its calls, in order', async () => {
    const many = Array.from({ length: 2_500 }, (_, nth) => identify(`ü${nth}`))
    await apply(connect(), ...many)
    expect(onlyText()).toBe(many.map(line).join(''))
  })

  it('of many calls lets other work go on while it is made', async () => {
    let turns = 0
    const count = () => {
      turns++
      counting = setImmediate(count)
    }
    let counting = setImmediate(count)
    const settings = parseSettings(s3Destination, { bucket: BUCKET, ...KEY })
    await deltaObjectOf(Array<DeliveryCall>(3_000).fill(entered), settings, NOW)
    clearImmediate(counting)
    expect(turns).toBeGreaterThanOrEqual(2)
  })

  it('is compressed if that is asked for', async () => {
    await apply(connect({ gzip: true }), ...calls)
    const [name] = names()
    expect(name).toMatch(/\.ndjson\.gz$/)
    expect(gunzipSync(bytesOf(name!)).toString()).toBe(line(entered) + line(left))
    expect(headersOf(name!)).toMatchObject({ 'content-type': 'application/gzip' })
    expect(headersOf(name!)).not.toHaveProperty('content-encoding')
  })
})

describe('a repeat', () => {
  it.each([{}, { gzip: true }, { format: 'csv' }])('of a batch is the same object (%j)', async (settings) => {
    await apply(connect(settings), ...calls)
    const [name] = names()
    const before = bytesOf(name!)
    rmSync(join(directory, BUCKET, name!.split('/')[0]!), { recursive: true })
    expect(await apply(connect(settings), ...calls)).toEqual(['arrived', 'arrived'])
    await apply(connect(settings), ...calls)
    expect([names(), bytesOf(name!)]).toEqual([[name], before])
  })

  it('later has the same name, and says when it was sent', async () => {
    await apply(connect(), ...calls)
    await apply(connect({}, { clock: () => NOW + 1 }), ...calls)
    expect(onlyText()).toBe((line(entered) + line(left)).replaceAll(sentAt, new Date(NOW + 1).toISOString()))
  })

  it('in another order has the same name', async () => {
    await apply(connect(), ...calls)
    await apply(connect(), ...[...calls].reverse())
    expect(names()).toHaveLength(1)
  })

  it('among other calls has another name', async () => {
    for (const batch of [calls, [entered], [left], [...calls, identify('u3')]]) await apply(connect(), ...batch)
    expect(names()).toHaveLength(4)
  })
})

describe('an object of CSV', () => {
  const COLUMNS =
    'message_id,timestamp,sent_at,type,event,computation_class,computation_key,value,user_id,anonymous_id,email,group_id,' +
    'external_ids,traits'

  async function records(...given: DeliveryCall[]): Promise<string[][]> {
    await apply(connect({ format: 'csv' }), ...given)
    expect(onlyText()).toMatch(new RegExp(`^${COLUMNS}\r\n`))
    return parseCsv(onlyText())!.slice(1)
  }

  it('has a record for each call', async () => {
    const since = '2026-03-01T12:00:00.000Z'
    expect(await records(...calls)).toEqual([
      [
        'personas_u1',
        since,
        sentAt,
        'identify',
        '',
        'audience',
        'vips',
        'true',
        'u1',
        '',
        '',
        '',
        '',
        '{"plan":"pro"}',
      ],
      [
        ...['personas_u2', since, sentAt, 'track', 'Audience Entered', 'audience', 'vips', 'false', 'u2', ''],
        ...['u2@example.com', '', '', '{"plan":"free"}'],
      ],
    ])
    expect(headersOf(names()[0]!)).toMatchObject({ 'content-type': 'text/csv; charset=utf-8' })
    expect(names()[0]).toMatch(/\.csv$/)
  })

  it('has values as JSON, other ids, accounts and anonymous users', async () => {
    const personas = { ...PERSONAS, computation_class: 'trait', computation_key: 'tier' } as const
    const externalIds = [{ type: 'crm_id', id: '7', collection: 'users', encoding: 'none' }] as const
    const found = await records(
      identify('u1', { tier: 'gold', email: 'e1' }, { context: { personas, externalIds } }),
      identify('', { tier: null }, { anonymousId: 'a1', context: { personas } }),
      group('g1', { vips: true, email: 'e2' }),
    )
    expect(found.map((cells) => cells.slice(5))).toEqual([
      ['trait', 'tier', '"gold"', 'u1', '', 'e1', '', '[{"type":"crm_id","id":"7"}]', ''],
      ['trait', 'tier', 'null', '', 'a1', '', '', '', ''],
      ['audience', 'vips', 'true', '', '', 'e2', 'g1', '', ''],
    ])
  })

  it('has no formulas', async () => {
    await apply(connect({ format: 'csv' }), identify('=1+1', { vips: true, email: '@a' }))
    expect(onlyText()).toContain(`,'=1+1,,'@a,`)
  })
})

interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** A store that takes whatever comes. */
async function receiver() {
  const received: Received[] = []
  const server = await serve((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      received.push({ method: method!, url: url!, headers, body: Buffer.concat(chunks) })
      response.writeHead(200, { etag: '"a"' }).end()
    })
  })
  return { ...server, received }
}

/** Computes the signature of a request without query as AWS describes it, from what came. */
function signatureOf({ method, url, headers, body }: Received, secret: string): string {
  const [, scope, names] = /Credential=[^/]+\/(\S+), SignedHeaders=(\S+),/.exec(headers.authorization!) as string[]
  const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
  const path = url.replaceAll(/[^\w.~/-]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
  const signed = names!.split(';').map((name) => `${name}:${String(headers[name])}\n`)
  const canonical = [method, path, '', signed.join(''), names, sha256(body)].join('\n')
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n')
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()
  return hmac(scope!.split('/').reduce<string | Buffer>(hmac, `AWS4${secret}`), text).toString('hex')
}

describe('a bucket', () => {
  /** Whatever the name, it is the server. */
  const lookup = createHttpClient({
    allowPrivate: true,
    userAgent: 'a',
    lookup: (_, options, callback) => {
      if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }])
      else callback(null, '127.0.0.1', 4)
    },
  })

  it('may stand in the name of the host, of which the signature has it', async () => {
    const { received, port } = await receiver()
    const settings = { endpoint: `http://s3.eu-central-1.amazonaws.com:${port}`, addressing: 'virtual_host' }
    const destination = connect({ ...settings, region: 'eu-central-1' }, { http: lookup })
    expect(await apply(destination, ...calls)).toEqual(['arrived', 'arrived'])
    const [{ url, headers }] = received as [Received]
    expect(headers.host).toBe(`${BUCKET}.s3.eu-central-1.amazonaws.com:${port}`)
    expect(url).toMatch(/^\/date=/)
    expect(headers.authorization).toContain(`Signature=${signatureOf(received[0]!, KEY.secretAccessKey)}`)
  })

  it.each([
    [{}, 'https://members.s3.us-east-1.amazonaws.com/p/'],
    [{ region: 'eu-central-1' }, 'https://members.s3.eu-central-1.amazonaws.com/p/'],
    [{ region: 'cn-north-1' }, 'https://members.s3.cn-north-1.amazonaws.com.cn/p/'],
    [{ addressing: 'path' }, 'https://s3.us-east-1.amazonaws.com/members/p/'],
    [{ bucket: 'a.b.c' }, 'https://s3.us-east-1.amazonaws.com/a.b.c/p/'],
    [{ endpoint: 'https://store.test:9000/' }, 'https://store.test:9000/members/p/'],
    [{ endpoint: 'https://store.test/storage/v1/s3' }, 'https://store.test/storage/v1/s3/members/p/'],
    [{ endpoint: 'http://store.test', addressing: 'virtual_host' }, 'http://members.store.test/p/'],
    [{ endpoint: 'http://[::1]:9000' }, 'http://[::1]:9000/members/p/'],
  ])('of %j is at %s', async (settings, expected) => {
    const urls: string[] = []
    const request: DestinationContext['http']['request'] = ({ url }) => {
      urls.push(url)
      return Promise.resolve({ status: 200, headers: { etag: '"a"' }, body: Buffer.alloc(0) })
    }
    const given = { bucket: BUCKET, prefix: 'p/', ...KEY, ...settings }
    const destination = s3Destination.connect(parseSettings(s3Destination, given), contextWith({ http: { request } }))
    await apply(destination, entered)
    expect(urls).toEqual([expect.stringMatching(new RegExp(`^${expected.replaceAll(/[.[\]]/g, '\\$&')}date=`))])
  })
})

describe('a request', () => {
  it('proves by its signature and its digests what it carries', async () => {
    const { received, url } = await receiver()
    const now = Date.parse('2026-03-01T12:34:56.789Z')
    const settings = {
      endpoint: url,
      region: 'eu-west-3',
      sessionToken: 'a-token',
      accessKeyId: 'AKIA',
      secretAccessKey: SECRET,
    }
    await apply(connect(settings, { clock: () => now }), ...calls)
    const [{ headers, body }] = received as [Received]
    expect(headers).toMatchObject({
      'content-length': String(body.length),
      'content-md5': createHash('md5').update(body).digest('base64'),
      'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
      'x-amz-date': '20260301T123456Z',
      'x-amz-security-token': 'a-token',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIA\/20260301\/eu-west-3\/s3\/aws4_request, SignedHeaders=[\w;-]+, Signature=\w{64}$/,
      ) as string,
    })
    expect(headers.authorization).toMatch(/SignedHeaders=content-md5;host;x-amz-content-sha256;x-amz-date;x-amz-sec/)
    expect(headers.authorization).toContain(`Signature=${signatureOf(received[0]!, SECRET)}`)
    expect(JSON.stringify(headers)).not.toContain(SECRET)
  })
})

describe('a store', () => {
  it.each([
    ['a wrong secret', { secretAccessKey: SECRET }, 'retryable signature_mismatch'],
    ['an unknown key', { accessKeyId: 'AKIA' }, 'retryable invalid_access_key'],
    ['a missing bucket', { bucket: 'nowhere' }, 'retryable no_such_bucket'],
  ])('refuses %s', async (_, settings, expected) => {
    const destination = connect(settings)
    expect([await apply(destination, identify(PERSON)), await tested(destination)]).toEqual([[expected], expected])
    expect(names()).toEqual([])
  })

  it('refuses a clock that is far behind', async () => {
    const destination = connect({}, { clock: () => NOW - 3_600_000 })
    expect(await apply(destination, identify(PERSON))).toEqual(['retryable clock_skew'])
  })

  const xml = (code: string) =>
    `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>u1-person hush S3RVER</Message></Error>`

  async function answered(status: number, body: string, headers: Record<string, string> = {}) {
    const { url } = await serve((request, response) => {
      request.resume().on('end', () => response.writeHead(status, headers).end(body))
    })
    return connect({ endpoint: url })
  }

  it.each([
    [503, 'SlowDown', 'retryable slow_down'],
    [429, 'TooManyRequests', 'retryable slow_down'],
    [503, 'ServiceUnavailable', 'retryable store_unavailable'],
    [500, 'InternalError', 'retryable store_unavailable'],
    [409, 'OperationAborted', 'retryable store_unavailable'],
    [400, 'RequestTimeout', 'retryable body_damaged'],
    [400, 'BadDigest', 'retryable body_damaged'],
    [400, 'XAmzContentSHA256Mismatch', 'retryable body_damaged'],
    [403, 'RequestTimeTooSkewed', 'retryable clock_skew'],
    [404, 'NoSuchBucket', 'retryable no_such_bucket'],
    [403, 'AccessDenied', 'retryable access_denied'],
    [403, 'InvalidAccessKeyId', 'retryable invalid_access_key'],
    [403, 'SignatureDoesNotMatch', 'retryable signature_mismatch'],
    [400, 'ExpiredToken', 'retryable invalid_session_token'],
    [400, 'AuthorizationHeaderMalformed', 'retryable wrong_region'],
    [301, 'PermanentRedirect', 'retryable wrong_region'],
    [507, 'XMinioStorageFull', 'retryable storage_full'],
    [400, 'EntityTooLarge', 'terminal object_too_large'],
    [400, 'InvalidRequest', 'terminal status_400'],
    [405, 'MethodNotAllowed', 'terminal status_405'],
    [501, 'NotImplemented', 'retryable status_501'],
    [502, 'Strange', 'retryable status_502'],
  ])('that answers %i %s', async (status, code, expected) => {
    expect(await apply(await answered(status, xml(code)), identify(PERSON))).toEqual([expected])
  })

  it.each([
    [403, 'retryable status_403'],
    [404, 'retryable status_404'],
    [502, 'retryable status_502'],
    [200, 'retryable not_a_store'],
    [204, 'retryable not_a_store'],
  ])('that is none, and answers %i', async (status, expected) => {
    expect(await apply(await answered(status, ''), identify(PERSON))).toEqual([expected])
  })

  it('that asks to wait is left alone', async () => {
    const destination = await answered(503, xml('SlowDown'), { 'retry-after': '7' })
    await expect(destination.deliver(entered, signal)).rejects.toMatchObject({ retryAfterMs: 7_000 })
  })

  it('that nobody can reach', async () => {
    const { url } = await serveRaw((socket) => socket.destroy())
    expect(await apply(connect({ endpoint: url }), identify(PERSON))).toEqual(['retryable connection_reset'])
  })

  it('that does not answer is given up with the signal', async () => {
    const controller = new AbortController()
    const { url } = await serveRaw(() => controller.abort())
    const failed = connect({ endpoint: url }).deliver(identify(PERSON), controller.signal).catch(outcomeOf)
    expect(await failed).toBe('retryable timeout')
  })

  it('at a private address is not asked', async () => {
    const http = createHttpClient({ allowPrivate: false, userAgent: 'a' })
    const { url, sockets } = await serve((_, response) => response.end())
    for (const address of [url, url.replace('127.0.0.1', 'localhost')]) {
      const destination = connect({ endpoint: address }, { http })
      expect(await apply(destination, identify(PERSON))).toEqual(['terminal blocked_address'])
      expect(await tested(destination)).toBe('terminal blocked_address')
    }
    expect(sockets).toEqual([])
  })
})

describe('a test of the connection', () => {
  /** A store that keeps count of requests, and answers as it is told. */
  async function store(answer: (method: string, response: ServerResponse) => void) {
    const requests: string[] = []
    const { url } = await serve((request, response) => {
      requests.push(`${request.method} ${request.url} ${request.headers['content-length'] ?? '-'}`)
      request.resume().on('end', () => answer(request.method!, response))
    })
    return { requests, destination: connect({ endpoint: url, prefix: 'p/' }) }
  }

  it('puts an empty object, and removes it', async () => {
    const { requests, destination } = await store((method, response) =>
      method === 'PUT' ? response.writeHead(200, { etag: '"a"' }).end() : response.writeHead(204).end(),
    )
    expect(await tested(destination)).toBe('works')
    expect(requests).toEqual([
      'PUT /members/p/.rollcall-test 0',
      expect.stringMatching(/^DELETE \/members\/p\/\.rollcall-test [0-]$/),
    ])
  })

  it('leaves nothing in the bucket', async () => {
    expect(await tested(connect({ prefix: 'p/' }))).toBe('works')
    expect(names()).toEqual([])
  })

  it('works with a key that may put, and may not remove', async () => {
    const { destination } = await store((method, response) =>
      method === 'PUT'
        ? response.writeHead(200, { etag: '"a"' }).end()
        : response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>'),
    )
    expect(await tested(destination)).toBe('works')
  })

  it('fails if the object cannot be removed for another cause', async () => {
    const { destination } = await store((method, response) =>
      method === 'PUT'
        ? response.writeHead(200, { etag: '"a"' }).end()
        : response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>'),
    )
    expect(await tested(destination)).toBe('retryable slow_down')
  })
})

it('asks for its secrets again if they would go elsewhere', () => {
  expect([s3Destination.hosts, s3Destination.secrets]).toEqual([['endpoint'], ['secretAccessKey', 'sessionToken']])
})

describe('settings', () => {
  const given = { bucket: 'b-1', accessKeyId: 'AKIA', secretAccessKey: 'a-secret' }
  const parse = (settings: object) => parseSettings(s3Destination, settings)

  it('have defaults, and become limits', () => {
    const settings = parse(given)
    expect(settings).toEqual({
      ...given,
      region: 'us-east-1',
      prefix: '',
      format: 'ndjson',
      gzip: false,
      batchSize: 10_000,
      everySeconds: 60,
      timeoutSeconds: 30,
    })
    expect(s3Destination.limits(settings)).toEqual({ batchCalls: 10_000, timeoutMs: 30_000, gatherMs: 60_000 })
  })

  it.each<[JsonObject, string]>([
    [{ bucket: 'ab' }, 'bucket'],
    [{ bucket: 'A-bucket' }, 'bucket'],
    [{ bucket: 'a/b/c' }, 'bucket'],
    [{ bucket: 'a..b' }, 'bucket'],
    [{ bucket: '-ab' }, 'bucket'],
    [{ bucket: 'a'.repeat(64) }, 'bucket'],
    [{ region: 'a.b' }, 'region'],
    [{ region: '' }, 'region'],
    [{ endpoint: 'store.test' }, 'endpoint'],
    [{ endpoint: 'ftp://store.test' }, 'endpoint'],
    [{ endpoint: 'https://a:hush@store.test' }, 'endpoint'],
    [{ endpoint: 'https://store.test/?a=b' }, 'endpoint'],
    [{ endpoint: 'https://store.test/#a' }, 'endpoint'],
    [{ endpoint: 'https://10.0.0.1', addressing: 'virtual_host' }, 'addressing'],
    [{ endpoint: 'https://[::1]', addressing: 'virtual_host' }, 'addressing'],
    [{ addressing: 'both' }, 'addressing'],
    [{ prefix: '/a' }, 'prefix'],
    [{ prefix: 'a//b' }, 'prefix'],
    [{ prefix: 'a/../b' }, 'prefix'],
    [{ prefix: './b' }, 'prefix'],
    [{ prefix: 'a b' }, 'prefix'],
    [{ prefix: 'a+b' }, 'prefix'],
    [{ prefix: 'a'.repeat(513) }, 'prefix'],
    [{ accessKeyId: '' }, 'accessKeyId'],
    [{ accessKeyId: 'a/b' }, 'accessKeyId'],
    [{ accessKeyId: 'a\r\nb' }, 'accessKeyId'],
    [{ secretAccessKey: '' }, 'secretAccessKey'],
    [{ secretAccessKey: 'hush hush' }, 'secretAccessKey'],
    [{ sessionToken: 'hush\r\nhush' }, 'sessionToken'],
    [{ format: 'parquet' }, 'format'],
    [{ gzip: 'yes' }, 'gzip'],
    [{ batchSize: 0 }, 'batchSize'],
    [{ batchSize: 10_001 }, 'batchSize'],
    [{ everySeconds: 0 }, 'everySeconds'],
    [{ everySeconds: 86_401 }, 'everySeconds'],
    [{ timeoutSeconds: 61 }, 'timeoutSeconds'],
    [{ acl: 'public-read' }, 'acl'],
  ])('%j are refused', (settings, field) => {
    const refused = () => parse({ ...given, ...settings })
    expect(refused).toThrow(EngineError)
    expect(refused).toThrow(expect.objectContaining({ code: 'validation_error', field: `settings.${field}` }))
    expect(refused).not.toThrow(/hush/)
  })

  it.each(['bucket', 'accessKeyId', 'secretAccessKey'])('without %s are refused', (name) => {
    expect(() => parse({ ...given, [name]: undefined })).toThrow(`settings.${name}: `)
  })
})
