/**
 * Every way in which a server can behave ends in an answer or in one named failure. Nothing here waits on the clock: a
 * signal is aborted when the server has come to where it stops.
 */
import { once } from 'node:events'
import { createServer as createHttpsServer } from 'node:https'
import { createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createHttpClient } from '../../../destinations/contract/node-http-client.ts'
import { closed, listen, outcome, serve, serveRaw } from './loopback.ts'
import { SELF_SIGNED } from './self-signed.ts'

const client = createHttpClient({ allowPrivate: true, userAgent: 'Rollcall/1.0' })
const MEBIBYTE = 1_024 * 1_024

function request(url: string, { signal = new AbortController().signal, through = client } = {}) {
  return through.request({ method: 'POST', url, headers: { 'X-Of-Test': 'yes' }, body: '{"a":"ä"}', signal })
}

describe('a request', () => {
  it('arrives as it was given, with our name and no wish for compression', async () => {
    let seen: unknown
    const { url } = await serve((incoming, answer) => {
      incoming.setEncoding('utf8').once('data', (body: string) => {
        const { method, url: path, headers } = incoming
        seen = { method, path, body, ...headers, connection: undefined, host: undefined }
        answer.writeHead(201, { 'X-Of-Server': 'too' }).end('made')
      })
    })
    const { status, headers, body } = await request(`${url}a/b?c=d%20e#f`)
    expect([status, headers['x-of-server'], body.toString()]).toEqual([201, 'too', 'made'])
    expect(seen).toEqual({
      method: 'POST',
      path: '/a/b?c=d%20e',
      body: '{"a":"ä"}',
      'x-of-test': 'yes',
      'user-agent': 'Rollcall/1.0',
      'accept-encoding': 'identity',
      'content-length': '10',
    })
  })

  it.each([400, 401, 404, 408, 429, 500, 502, 503])('gives an answer of status %i, body and all', async (status) => {
    const { url } = await serve((_, answer) => answer.writeHead(status, { 'Retry-After': '7' }).end('why'))
    const response = await request(url)
    expect([response.status, response.headers['retry-after'], response.body.toString()]).toEqual([status, '7', 'why'])
  })

  it('leaves packed bytes packed', async () => {
    const packed = gzipSync(Buffer.alloc(10 * MEBIBYTE))
    const { url } = await serve((_, answer) => answer.writeHead(200, { 'Content-Encoding': 'gzip' }).end(packed))
    expect((await request(url)).body.equals(packed)).toBe(true)
  })

  it('takes an answer that ends with its connection', async () => {
    const { url } = await serveRaw((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nwhole'))
    expect((await request(url)).body.toString()).toBe('whole')
  })

  it('uses a connection again', async () => {
    const { url, sockets } = await serve((incoming, answer) => incoming.resume().on('end', () => answer.end()))
    for (let nth = 1; nth <= 3; nth += 1) await request(url)
    expect(sockets).toHaveLength(1)
  })

  it('goes out again where a kept connection turns out to be closed', async () => {
    let requests = 0
    const { url, sockets } = await serve((incoming, answer) => {
      requests += 1
      if (requests === 2) incoming.socket.destroy()
      else incoming.resume().on('end', () => answer.end('yes'))
    })
    await request(url)
    expect((await request(url)).body.toString()).toBe('yes')
    expect([requests, sockets.length]).toEqual([3, 2])
  })
})

describe('a failure', () => {
  const closing: Record<string, (socket: Socket) => void> = {
    'closes without an answer': (socket) => socket.destroy(),
    'resets without an answer': (socket) => socket.resetAndDestroy(),
    'ends without an answer': (socket) => socket.end(),
    'resets within the headers': (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-', () => socket.resetAndDestroy()),
    'resets within the body': (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', () => socket.resetAndDestroy()),
    'closes within the body': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    'closes within a chunk': (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf'),
    'turns to another protocol': (socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n'),
  }

  it.each(Object.entries(closing))('of a server that %s: connection_reset', async (_, greet) => {
    const { url } = await serveRaw(greet)
    expect(await outcome(request(url))).toBe('retryable connection_reset')
  })

  it.each([
    ['what is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a status that is none', 'HTTP/1.1 abc\r\n\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(20_000)}`],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ])('of a server that sends %s: invalid_answer, without what was sent', async (_, text) => {
    const { url } = await serveRaw((socket) => socket.write(text))
    const failure: unknown = await request(url).catch((error: unknown) => error)
    expect(failure).toMatchObject({ kind: 'retryable', reason: 'invalid_answer' })
    expect((failure as Error).cause).not.toHaveProperty('rawPacket')
  })

  it('where nothing listens: connection_refused', async () => {
    expect(await outcome(request(`http://127.0.0.1:${await freePort()}/`))).toBe('retryable connection_refused')
  })

  it('of a name that nobody has: dns', async () => {
    const through = createHttpClient({
      allowPrivate: false,
      userAgent: 'a',
      lookup: (_, __, callback) => callback(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }), []),
    })
    expect(await outcome(request('http://nowhere.example/', { through }))).toBe('retryable dns')
  })

  it('of a certificate that nobody trusts: tls', async () => {
    const { url, sockets } = await listen(createHttpsServer(SELF_SIGNED), '127.0.0.1', 'https')
    expect(await outcome(request(url))).toBe('retryable tls')
    expect(sockets).toHaveLength(1)
  })

  it('of a server without TLS where https was asked for: tls', async () => {
    const { url } = await serveRaw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(await outcome(request(url.replace('http:', 'https:')))).toBe('retryable tls')
  })

  it.each(['ftp://127.0.0.1/', 'file:///etc/passwd', 'gopher://127.0.0.1/', 'not a URL', 'http://a:b@example.com/'])(
    'of the URL %s: invalid_url',
    async (url) => {
      expect(await outcome(request(url))).toBe('terminal invalid_url')
    },
  )

  it.each([301, 302, 303, 304, 307, 308])('of a redirect with %i, which is not followed', async (status) => {
    const sink = await serve((_, answer) => answer.end())
    const { url } = await serve((_, answer) => answer.writeHead(status, { Location: sink.url }).end())
    expect(await outcome(request(url))).toBe('terminal redirect')
    expect(sink.sockets).toEqual([])
  })

  it('names neither host nor path', async () => {
    const { url, port } = await serveRaw((socket) => socket.destroy())
    const failure = await request(`${url}token`).catch((error: unknown) => String(error))
    expect(failure).toMatch(/^RetryableError: /)
    expect(failure).not.toMatch(new RegExp(`token|127|${port}`))
  })
})

describe('an answer that is too large', () => {
  const ENDLESS = Buffer.alloc(64 * 1_024, 'x')

  /** Sends for as long as it is let. */
  function flood(answer: NodeJS.WritableStream & { writableNeedDrain?: boolean }): void {
    const more = () => {
      while (answer.writable && answer.write(ENDLESS));
    }
    answer.on('drain', more)
    more()
  }

  it.each([
    ['of unknown length', {}],
    ['of a gigabyte', { 'Content-Length': '1073741824' }],
  ])('is cut off soon: one %s', async (_, headers) => {
    const before = process.memoryUsage().arrayBuffers
    const { url, sockets } = await serve((__, answer) => flood(answer.writeHead(200, headers)))
    expect(await outcome(request(url))).toBe('terminal answer_too_large')
    const [socket] = sockets
    await closed(socket!)
    // What the kernel's buffers on both sides have taken is counted too.
    expect(socket!.bytesWritten).toBeLessThan(32 * MEBIBYTE)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * MEBIBYTE)
  })

  it('is as bad from one byte beyond the bound on', async () => {
    const through = createHttpClient({ allowPrivate: true, userAgent: 'a', answerBytesMax: 100 })
    const { url } = await serve(({ url: path }, answer) => answer.end('x'.repeat(Number(path!.slice(1)))))
    expect((await request(`${url}100`, { through })).body).toHaveLength(100)
    expect(await outcome(request(`${url}101`, { through }))).toBe('terminal answer_too_large')
  })

  it('does not hide that the server has failed', async () => {
    const { url, sockets } = await serve((_, answer) => flood(answer.writeHead(503, { 'Retry-After': '9' })))
    const { status, headers, body } = await request(url)
    expect([status, headers['retry-after']]).toEqual([503, '9'])
    expect(body.length).toBeLessThanOrEqual(256 * 1_024)
    await closed(sockets[0]!)
  })
})

describe('a signal', () => {
  async function abortedWhen(behave: (socket: Socket, stop: () => void) => void): Promise<Socket> {
    const controller = new AbortController()
    const { url, sockets } = await serveRaw((socket) => behave(socket, () => controller.abort()))
    expect(await outcome(request(url, controller))).toBe('retryable timeout')
    const [socket] = sockets
    await closed(socket!)
    return socket!
  }

  it('ends a request that is never answered, and its connection', async () => {
    expect((await abortedWhen((_, stop) => stop())).destroyed).toBe(true)
  })

  it('ends headers and bodies that drip', async () => {
    await abortedWhen((socket, stop) => socket.write('HTTP/1.1 200 OK\r\nContent-L', stop))
    const drip = (socket: Socket, stop: () => void) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n')
      let left = 20
      const drop = () => {
        left -= 1
        if (left > 0) socket.write('x', () => setImmediate(drop))
        else stop()
      }
      drop()
    }
    await abortedWhen(drip)
  })

  it('ends a request that waits for a name', async () => {
    const controller = new AbortController()
    const lookup = () => setImmediate(() => controller.abort())
    const through = createHttpClient({ allowPrivate: false, userAgent: 'a', lookup })
    expect(await outcome(request('http://slow.example/', { signal: controller.signal, through }))).toBe(
      'retryable timeout',
    )
  })

  it('ends a request that waits for a socket', async () => {
    const through = createHttpClient({ allowPrivate: true, userAgent: 'a', socketsPerHostMax: 1 })
    const waits = new AbortController()
    const hangs = new AbortController()
    const { url, sockets } = await serveRaw(() => waits.abort())
    const first = outcome(request(url, { signal: hangs.signal, through }))
    expect(await outcome(request(url, { signal: waits.signal, through }))).toBe('retryable timeout')
    expect(sockets).toHaveLength(1)
    hangs.abort()
    expect(await first).toBe('retryable timeout')
  })

  it('that is aborted already lets nothing out', async () => {
    const { url, sockets } = await serve((_, answer) => answer.end())
    expect(await outcome(request(url, { signal: AbortSignal.abort() }))).toBe('retryable timeout')
    await request(url)
    expect(sockets).toHaveLength(1)
  })

  it('that is aborted after the answer changes nothing', async () => {
    const controller = new AbortController()
    const { url } = await serve((_, answer) => answer.end('yes'))
    const response = await request(url, controller)
    controller.abort()
    expect(response.body.toString()).toBe('yes')
  })
})

it('opens no more sockets to a host than it may', async () => {
  const through = createHttpClient({ allowPrivate: true, userAgent: 'a', socketsPerHostMax: 3 })
  const { url, sockets } = await serve((incoming, answer) => incoming.resume().on('end', () => answer.end()))
  await Promise.all(Array.from({ length: 20 }, () => request(url, { through })))
  expect(sockets).toHaveLength(3)
})

/** A connection of a server that has just closed. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' ? address!.port : 0
}
