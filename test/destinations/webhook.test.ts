/** Requests to a webhook's receiver, byte for byte, and the meaning of its answers. */
import { createHmac } from 'node:crypto'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { Destination } from '../../destinations/contract/destination.ts'
import { createHttpClient } from '../../destinations/contract/node-http-client.ts'
import { parseSettings } from '../../destinations/registry.ts'
import { isAuthentic } from '../../destinations/webhook/verify.ts'
import { webhookDestination } from '../../destinations/webhook/webhook.ts'
import { EngineError } from '../../src/model/errors.ts'
import { identify, track } from './calls.ts'
import { outcome, serve, serveRaw } from './contract/loopback.ts'
import { contextWith } from './context.ts'

const NOW = Date.parse('2026-03-01T12:00:00.500Z')
const MINUTE_MS = 60_000
const SECRET = 'a shared secret'.replaceAll(' ', '-')
const OTHER_SECRET = 'another-secret'
const http = createHttpClient({ allowPrivate: true, userAgent: 'Rollcall/1.0' })
const { signal } = new AbortController()

interface Received {
  readonly method: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

function connect(url: string, settings: object = {}, client = http): Destination {
  const context = contextWith({ http: client, clock: () => NOW })
  return webhookDestination.connect(parseSettings(webhookDestination, { url, ...settings }), context)
}

/** A receiver, connected to. */
async function receiver(settings: object = {}, answer = (response: ServerResponse) => response.end()) {
  const received: Received[] = []
  const { url } = await serve((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ method: request.method, headers: request.headers, body: Buffer.concat(chunks) })
      answer(response)
    })
  })
  return { received, destination: connect(url, settings) }
}

describe('a call', () => {
  it('is posted by itself as JSON, and nothing is added to it', async () => {
    const { received, destination } = await receiver()
    const call = identify('u1', { vips: true, name: 'Ä "quoted" 🙂' })
    await destination.deliver(call, signal)
    expect(received).toHaveLength(1)
    expect(received[0]!.method).toBe('POST')
    expect(received[0]!.body.toString()).toBe(JSON.stringify(call))
    expect(received[0]!.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Rollcall/1.0',
      'webhook-id': 'personas_u1',
      'webhook-timestamp': String(Math.floor(NOW / 1_000)),
    })
  })

  it('carries the headers of the settings', async () => {
    const { received, destination } = await receiver({ headers: { Authorization: 'Bearer b', 'X-Team': 'é' } })
    await destination.deliver(identify('u1'), signal)
    expect(received[0]!.headers).toMatchObject({ authorization: 'Bearer b', 'x-team': 'é' })
  })

  it.each([
    [200, 'arrived'],
    [204, 'arrived'],
    [207, 'arrived'],
    [400, 'terminal status_400'],
    [401, 'terminal status_401'],
    [410, 'terminal status_410'],
    [302, 'terminal redirect'],
    [408, 'retryable status_408'],
    [429, 'retryable status_429'],
    [500, 'retryable status_500'],
    [503, 'retryable status_503'],
  ])('that is answered with %i has the outcome: %s', async (status, expected) => {
    const { destination } = await receiver({}, (response) => response.writeHead(status).end())
    expect(await outcome(destination.deliver(identify('u1'), signal))).toBe(expected)
  })

  it.each([
    ['30', 30_000],
    ['Sun, 01 Mar 2026 12:00:10 GMT', 9_500],
  ])('that is to wait (%s) says how long', async (retryAfter, retryAfterMs) => {
    const { destination } = await receiver({}, (response) =>
      response.writeHead(429, { 'Retry-After': retryAfter }).end(),
    )
    await expect(destination.deliver(identify('u1'), signal)).rejects.toMatchObject({ retryAfterMs })
  })

  it('that is never answered ends with its signal', async () => {
    const controller = new AbortController()
    const { url } = await serveRaw(() => controller.abort())
    expect(await outcome(connect(url).deliver(identify('u1'), controller.signal))).toBe('retryable timeout')
  })

  it('to a private address is not sent', async () => {
    const guarded = createHttpClient({ allowPrivate: false, userAgent: 'a' })
    const { url, sockets } = await serve((_, response) => response.end())
    expect(await outcome(connect(url, {}, guarded).deliver(identify('u1'), signal))).toBe('terminal blocked_address')
    expect(sockets).toEqual([])
  })
})

describe('a batch', () => {
  const calls = [identify('u1'), track('u2', { vips: false }), identify('u3')]

  async function outcomes(answer: (response: ServerResponse) => ServerResponse): Promise<string[]> {
    const { destination } = await receiver({ batchSize: 10 }, answer)
    const failures = await destination.deliverBatch!(calls, signal)
    return failures.map((failure) => (failure ? `${failure.kind} ${failure.reason}` : 'arrived'))
  }

  it('is one request with an array of the calls', async () => {
    const { received, destination } = await receiver({ batchSize: 10 })
    expect(await destination.deliverBatch!(calls, signal)).toEqual([undefined, undefined, undefined])
    expect(received.map(({ body }) => body.toString())).toEqual([JSON.stringify(calls)])
  })

  it('has an id that no other batch has, though it begin alike, and the same one on each try', async () => {
    const { received, destination } = await receiver({ batchSize: 10 })
    for (const batch of [calls, calls.slice(0, 2), calls, calls.slice(0, 1)])
      await destination.deliverBatch!(batch, signal)
    const [first, shorter, again, single] = received.map(({ headers }) => headers['webhook-id'])
    expect(first).toMatch(/^batch_[0-9a-f]{32}$/)
    expect([again === first, shorter === first, single]).toEqual([true, false, 'personas_u1'])
  })

  it('of one call is an array too', async () => {
    const { received, destination } = await receiver({ batchSize: 10 })
    await destination.deliverBatch!(calls.slice(0, 1), signal)
    expect(received[0]!.body.toString()).toBe(JSON.stringify(calls.slice(0, 1)))
  })

  it.each([
    [200, 'arrived'],
    [400, 'terminal status_400'],
    [500, 'retryable status_500'],
  ])('that is answered with %i has one outcome for all', async (status, expected) => {
    expect(await outcomes((response) => response.writeHead(status).end('[200,400,503]'))).toEqual(
      calls.map(() => expected),
    )
  })

  it.each(['[200,400,503]', '[{"status":200},{"status":400},{"status":503}]'])(
    'that is answered with 207 and %s has an outcome for each',
    async (body) => {
      expect(await outcomes((response) => response.writeHead(207).end(body))).toEqual([
        'arrived',
        'terminal status_400',
        'retryable status_503',
      ])
    },
  )

  it.each(['', '{', '{}', '[200,400]', '[200,400,503,200]', '[200,400,"503"]', '[200,400,1]', '[null,400,503]'])(
    'that is answered with 207 and %j has arrived',
    async (body) => {
      expect(await outcomes((response) => response.writeHead(207).end(body))).toEqual(calls.map(() => 'arrived'))
    },
  )

  it('that finds nobody rejects', async () => {
    const { url } = await serveRaw((socket) => socket.destroy())
    expect(await outcome(connect(url, { batchSize: 10 }).deliverBatch!(calls, signal))).toBe(
      'retryable connection_reset',
    )
  })
})

describe('a signature', () => {
  async function signed(sharedSecret: string, batch = false): Promise<Received> {
    const { received, destination } = await receiver({ sharedSecret, batchSize: 10 })
    if (batch) await destination.deliverBatch!([identify('ü1'), identify('u2')], signal)
    else await destination.deliver(identify('ü1'), signal)
    return received[0]!
  }

  it.each([false, true])('is over the exact bytes that came (a batch: %s)', async (batch) => {
    const { headers, body } = await signed(SECRET, batch)
    const content = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body.toString()}`
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', SECRET).update(content).digest('base64')}`)
    expect(headers['x-signature']).toBe(createHmac('sha1', SECRET).update(body).digest('hex'))
  })

  it.each([false, true])('is accepted by a verifier (a batch: %s)', async (batch) => {
    const request = await signed(SECRET, batch)
    expect(isAuthentic(request, SECRET, NOW)).toBe(true)
    expect(isAuthentic(request, OTHER_SECRET, NOW)).toBe(false)
  })

  it('is made with both secrets while one replaces the other', async () => {
    const request = await signed(`${SECRET} ${OTHER_SECRET}`)
    expect(isAuthentic(request, SECRET, NOW)).toBe(true)
    expect(isAuthentic(request, OTHER_SECRET, NOW)).toBe(true)
    expect(isAuthentic(request, `${SECRET} ${OTHER_SECRET}`, NOW)).toBe(false)
    expect(request.headers['x-signature']).toBe(createHmac('sha1', SECRET).update(request.body).digest('hex'))
  })

  it('is refused five minutes later, and of the future', async () => {
    const request = await signed(SECRET)
    const atMs = Number(request.headers['webhook-timestamp']) * 1_000
    const accepted = [0, 5 * MINUTE_MS, 5 * MINUTE_MS + 1, -5 * MINUTE_MS, -5 * MINUTE_MS - 1].map((later) =>
      isAuthentic(request, SECRET, atMs + later),
    )
    expect(accepted).toEqual([true, true, false, true, false])
  })

  it('is refused with any byte of the body flipped', async () => {
    const request = await signed(SECRET)
    const accepted = Array.from(request.body, (byte, index) => {
      const body = Buffer.from(request.body)
      body[index] = byte ^ 1
      return isAuthentic({ ...request, body }, SECRET, NOW)
    })
    expect(accepted).toEqual(Array.from(request.body, () => false))
  })

  it.each([
    ['webhook-id', 'personas_u2'],
    ['webhook-id', undefined],
    ['webhook-timestamp', String(Math.floor(NOW / 1_000) + 1)],
    ['webhook-timestamp', 'now'],
    ['webhook-timestamp', undefined],
    ['webhook-signature', 'v1,'],
    ['webhook-signature', 'v1'],
    ['webhook-signature', ''],
    ['webhook-signature', undefined],
  ])('is refused with %s: %s', async (name, value) => {
    const request = await signed(SECRET)
    expect(isAuthentic({ ...request, headers: { ...request.headers, [name]: value } }, SECRET, NOW)).toBe(false)
  })

  it('of another version is refused', async () => {
    const request = await signed(SECRET)
    const signature = String(request.headers['webhook-signature']).replace('v1,', 'v1a,')
    const headers = { ...request.headers, 'webhook-signature': signature }
    expect(isAuthentic({ ...request, headers }, SECRET, NOW)).toBe(false)
  })

  it('is left out where there is no secret', async () => {
    const { received, destination } = await receiver()
    await destination.deliver(identify('u1'), signal)
    expect(Object.keys(received[0]!.headers).filter((name) => name.includes('signature'))).toEqual([])
  })
})

describe('a test of the connection', () => {
  it.each([1, 10])('is signed and tells of nobody (batches of %i)', async (batchSize) => {
    const { received, destination } = await receiver({ sharedSecret: SECRET, batchSize })
    await destination.testConnection!(signal)
    const content: unknown = JSON.parse(received[0]!.body.toString())
    const call = {
      type: 'track',
      event: 'Connection Test',
      messageId: `connection_test_${NOW}`,
      properties: {},
      context: {},
      timestamp: '2026-03-01T12:00:00.500Z',
    }
    expect(content).toEqual(batchSize === 1 ? call : [call])
    expect(isAuthentic(received[0]!, SECRET, NOW)).toBe(true)
  })

  it('fails as a call would', async () => {
    const { destination } = await receiver({}, (response) => response.writeHead(401).end())
    expect(await outcome(destination.testConnection!(signal))).toBe('terminal status_401')
  })
})

describe('settings', () => {
  const url = 'https://example.com/hook?a=b'
  const parse = (settings: object) => parseSettings(webhookDestination, settings)

  it('have defaults, and become limits', () => {
    const settings = parse({ url })
    expect(settings).toEqual({ url, batchSize: 1, timeoutSeconds: 5 })
    expect(webhookDestination.limits(settings)).toEqual({ batchCalls: 1, timeoutMs: 5_000, gatherMs: 0 })
    const all = parse({ url, batchSize: 4_000, requestsPerSecond: 9, timeoutSeconds: 30 })
    expect(webhookDestination.limits(all)).toEqual({
      batchCalls: 4_000,
      requestsPerSecond: 9,
      timeoutMs: 30_000,
      gatherMs: 0,
    })
  })

  it.each([
    [{}, 'settings.url'],
    [{ url: 'ftp://example.com/' }, 'settings.url'],
    [{ url: 'example.com' }, 'settings.url'],
    [{ url: 'javascript:alert(1)' }, 'settings.url'],
    [{ url: 'https://user:password@example.com/' }, 'settings.url'],
    [{ url: 'https://user@example.com/' }, 'settings.url'],
    [{ url: `https://example.com/${'a'.repeat(2_048)}` }, 'settings.url'],
    [{ url, sharedSecret: 'short' }, 'settings.sharedSecret'],
    [{ url, sharedSecret: 'x'.repeat(513) }, 'settings.sharedSecret'],
    [{ url, sharedSecret: 'long-enough short' }, 'settings.sharedSecret'],
    [{ url, sharedSecret: 'long-enough long-enough long-enough' }, 'settings.sharedSecret'],
    [{ url, batchSize: 0 }, 'settings.batchSize'],
    [{ url, batchSize: 4_001 }, 'settings.batchSize'],
    [{ url, batchSize: 1.5 }, 'settings.batchSize'],
    [{ url, requestsPerSecond: 10_001 }, 'settings.requestsPerSecond'],
    [{ url, timeoutSeconds: 31 }, 'settings.timeoutSeconds'],
    [{ url, headers: { 'X-A': 'b\r\nX-C: d' } }, 'settings.headers.X-A'],
    [{ url, headers: { 'X-A': 'b\nc' } }, 'settings.headers.X-A'],
    [{ url, headers: { 'X-A': 'b\0' } }, 'settings.headers.X-A'],
    [{ url, headers: { 'X-A': '🙂' } }, 'settings.headers.X-A'],
    [{ url, headers: { 'X-A': 'b'.repeat(4_097) } }, 'settings.headers.X-A'],
    [{ url, headers: { 'X A': 'b' } }, 'settings.headers.X A'],
    [{ url, headers: { 'X-A\r\nB': 'b' } }, 'settings.headers.X-A\r\nB'],
    [{ url, headers: { '': 'b' } }, 'settings.headers.'],
    [
      { url, headers: Object.fromEntries(Array.from({ length: 33 }, (_, nth) => [`X-${nth}`, 'b'])) },
      'settings.headers',
    ],
    [{ url, retries: 3 }, 'settings.retries'],
  ])('%j are refused for %s', (settings, field) => {
    const refused = () => parse(settings)
    expect(refused).toThrow(EngineError)
    expect(refused).toThrow(expect.objectContaining({ code: 'validation_error', field }))
  })

  it.each([
    'Host',
    'content-length',
    'Transfer-Encoding',
    'connection',
    'Content-Type',
    'USER-AGENT',
    'X-Signature',
    'Webhook-Id',
    'webhook-signature',
    'Expect',
    'Upgrade',
    'TE',
    'Trailer',
    'Proxy-Authorization',
    'Accept-Encoding',
    'Keep-Alive',
  ])('may not set the header %s', (name) => {
    expect(() => parse({ url, headers: { [name]: 'b' } })).toThrow(`settings.headers.${name}`)
  })

  it('are never repeated when they are refused', () => {
    const secrets = { sharedSecret: 'hush', headers: { 'X-A': 'hush\n' }, url: 'https://a:hush@example.com' }
    for (const [name, value] of Object.entries(secrets)) expect(() => parse({ url, [name]: value })).not.toThrow(/hush/)
  })
})
