/** Requests that are led on, between real servers of 127.0.0.1; what is held waits in virtual time. */
import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as send,
  type Server,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ForwardedRequest, Forwarder, FORWARDED_HEADER, type Route } from '../../src/http/forwarder.ts'
import { makeCertificate } from '../support/certificates.ts'
import { eventually, until } from '../support/eventually.ts'
import { listen, urlOf } from '../support/loopback.ts'
import { VirtualTime } from '../support/server.ts'

const HOLD_MS = 5_000
/** More than the buffers of two sockets take. */
const LARGE = Buffer.alloc(16 * 2 ** 20, 'x')

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly port: number
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let time: VirtualTime
let forwarder: Forwarder
/** The node that is asked, and the one to which it leads. */
let front: Server
let owner: Server
let seen: Seen[]
/** Answers as the owner. */
let answer: (request: IncomingMessage, response: ServerResponse, count: number) => void
/** Takes the place of parts of each request that is led on. */
let given: Partial<ForwardedRequest>
let refreshes: number
let responses: ServerResponse[]
/** Requests that the forwarder is done with. */
let ended: number
/** The same, as they were counted. */
let counted: string[]
let wake: () => void

beforeEach(async () => {
  time = new VirtualTime(1_000)
  ;[seen, given, refreshes, responses, ended, counted] = [[], {}, 0, [], 0, []]
  answer = (_request, response) => void response.end('from the owner')
  wake = () => undefined
  forwarder = new Forwarder({
    holdMs: HOLD_MS,
    changed: () => new Promise((resolve) => (wake = resolve)),
    refresh: () => {
      refreshes++
      return Promise.resolve()
    },
    now: time.clock,
    timer: time.timer,
    onForwarded: ({ purpose, outcome, heldMs }) => counted.push(`${purpose} ${outcome} ${heldMs}`),
  })
  owner = createServer((request, response) => {
    void text(request).then((body) => {
      const { method, url, headers, socket } = request
      seen.push({ method: method!, url: url!, headers, body, port: socket.remotePort! })
      answer(request, response, seen.length)
    })
  })
  front = createServer((request, response) => {
    responses.push(response)
    void (async () => {
      const body = Buffer.from(await text(request))
      await forwarder.forward(request, response, {
        purpose: 'space',
        body,
        isRepeatable: () => false,
        find: () => ({ url: urlOf(owner) }),
        refuse: () => void response.writeHead(503).end('refused'),
        ...given,
      })
      ended++
    })()
  })
  await Promise.all([listen(owner), listen(front)])
})

afterEach(async () => {
  forwarder.close()
  for (const server of [front, owner]) {
    const closed = server.listening ? once(server, 'close') : undefined
    server.close()
    server.closeAllConnections()
    await closed
  }
})

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: string | Buffer
}

async function ask({ method = 'GET', path = '/', headers = {}, body }: Asked = {}): Promise<Answer> {
  const { port } = front.address() as AddressInfo
  const outgoing = send({ host: '127.0.0.1', port, method, path, headers })
  outgoing.end(body)
  const [answered] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { status: answered.statusCode!, headers: answered.headers, body: await text(answered) }
}

/** Sends a request by hand. */
function open(head: string): Socket {
  const socket = connect((front.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(head)
  return socket
}

describe('a request that is led on', () => {
  it('comes as it was, and its answer as it is', async () => {
    answer = (_request, response) => {
      response.writeHead(418, { 'x-own': 'yes', 'set-cookie': ['a=1', 'b=2'] }).end('short and stout')
    }
    const headers = { 'x-asked': 'yes', cookie: 'c=3', 'content-type': 'text/plain' }
    const answered = await ask({ method: 'PUT', path: '/a/b?c=%20d', headers, body: 'tea' })
    expect(answered).toMatchObject({ status: 418, body: 'short and stout' })
    expect(answered.headers).toMatchObject({ 'x-own': 'yes', 'set-cookie': ['a=1', 'b=2'] })
    expect(seen).toMatchObject([{ method: 'PUT', url: '/a/b?c=%20d', headers, body: 'tea' }])
  })

  it('says that it was, whatever the client has said', async () => {
    await ask({ headers: { [FORWARDED_HEADER]: 'session' } })
    given = { purpose: 'session', headers: { authorization: 'Basic bmV3' } }
    await ask({ headers: { [FORWARDED_HEADER]: ['space', 'space'], authorization: 'Basic b2xk' } })
    expect(seen.map(({ headers }) => headers[FORWARDED_HEADER])).toEqual(['space', 'session'])
    expect(seen[1]!.headers.authorization).toBe('Basic bmV3')
  })

  it.each(['//elsewhere.invalid/x', 'http://elsewhere.invalid/x', '/../x', '/a/%2e%2e//b?http://c'])(
    'goes nowhere else, and its path stays as it is: %s',
    async (path) => {
      expect((await ask({ path })).body).toBe('from the owner')
      expect(seen.map(({ url }) => url)).toEqual([path])
    },
  )

  it('has no headers of the client`s connection, and those of a body that was read', async () => {
    const headers = {
      te: 'trailers',
      'proxy-connection': 'x',
      'content-encoding': 'br',
      'transfer-encoding': 'chunked',
    }
    await ask({ method: 'POST', headers, body: 'inflated' })
    const names = Object.keys(seen[0]!.headers)
    for (const name of Object.keys(headers)) expect(names).not.toContain(name)
    expect(seen[0]).toMatchObject({ body: 'inflated', headers: { 'content-length': '8' } })
  })

  it('has a body of no length if it had one, and none if it had none', async () => {
    await ask({ method: 'POST', headers: { 'content-length': '0' } })
    await ask({ method: 'GET' })
    await ask({ method: 'DELETE' })
    expect(seen.map(({ headers }) => headers['content-length'])).toEqual(['0', undefined, undefined])
    expect(seen.map(({ headers }) => headers['transfer-encoding'])).toEqual([undefined, undefined, undefined])
  })

  it('may be one with a body that seldom has any', async () => {
    await ask({ method: 'DELETE', headers: { 'content-length': '4' }, body: 'name' })
    expect(seen).toMatchObject([{ method: 'DELETE', body: 'name', headers: { 'content-length': '4' } }])
  })

  it('gets the head of an answer alone if it asked for that', async () => {
    answer = (_request, response) => void response.writeHead(200, { 'content-length': '14' }).end()
    expect(await ask({ method: 'HEAD' })).toMatchObject({ status: 200, body: '', headers: { 'content-length': '14' } })
    expect(seen[0]!.method).toBe('HEAD')
  })

  it('gets an answer without a body', async () => {
    answer = (_request, response) => void response.writeHead(304, { etag: '"x"' }).end()
    expect(await ask()).toMatchObject({ status: 304, body: '', headers: { etag: '"x"' } })
  })

  it('may be large, and its answer too', async () => {
    answer = (_request, response) => void response.end(LARGE)
    const answered = await ask({ method: 'POST', body: LARGE })
    expect([answered.body.length, seen[0]!.body.length]).toEqual([LARGE.length, LARGE.length])
  })
})

/** Collects the warnings of Node until it is told to end: of listeners that are never taken off, above all. */
function warnings(): () => Promise<readonly Error[]> {
  const found: Error[] = []
  const note = (warning: Error): void => void found.push(warning)
  process.on('warning', note)
  return async () => {
    await turn()
    process.off('warning', note)
    return found
  }
}

describe('connections', () => {
  it('are kept, and bear nothing of the requests before', async () => {
    const end = warnings()
    for (let count = 0; count < 25; count++) await ask()
    expect(new Set(seen.map(({ port }) => port)).size).toBe(1)
    expect(await end()).toEqual([])
  })

  it('that the other side has closed are not used again', async () => {
    await ask()
    owner.closeIdleConnections()
    await eventually(async () => {
      expect((await ask()).body).toBe('from the owner')
    })
    expect(new Set(seen.map(({ port }) => port)).size).toBe(2)
  })
})

describe('TLS', () => {
  let secure: SecureServer
  beforeEach(async () => {
    secure = createSecureServer(await makeCertificate(), (_request, response) => void response.end('in secret'))
    secure.listen(0, '127.0.0.1')
    await once(secure, 'listening')
  })
  afterEach(() => {
    secure.close()
    secure.closeAllConnections()
  })
  const url = (): string => `https://127.0.0.1:${(secure.address() as AddressInfo).port}`

  it('to this process itself needs no name in its certificate', async () => {
    given = { find: () => ({ url: url(), isOwn: true }) }
    expect((await ask({ method: 'POST' })).body).toBe('in secret')
  })

  it('to another whose certificate nobody vouches for takes nothing, and is tried again', async () => {
    let tries = 0
    given = { find: () => ({ url: ++tries > 3 ? urlOf(owner) : url() }) }
    expect((await held(ask({ method: 'POST' }))).answer.body).toBe('from the owner')
    expect([tries, seen.length]).toEqual([4, 1])
  })
})

describe('an answer that is a stream', () => {
  beforeEach(() => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
      wake = () => void response.write('data: 2\n\n')
    }
  })

  it('comes part by part, and ends when the client goes', async () => {
    let isClosed = false
    const stream = answer
    answer = (request, response, count) => {
      response.once('close', () => (isClosed = true))
      stream(request, response, count)
    }
    const client = open('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    let came = ''
    client.on('data', (chunk: Buffer) => (came += chunk.toString()))
    await until(() => came.includes('data: 1'))
    wake()
    await until(() => came.includes('data: 2'))
    expect(isClosed).toBe(false)
    client.destroy()
    await until(() => isClosed)
  })

  it('breaks off if the owner goes', async () => {
    const client = open('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    let came = ''
    client.on('data', (chunk: Buffer) => (came += chunk.toString()))
    await until(() => came.includes('data: 1'))
    owner.closeAllConnections()
    await once(client, 'close')
    expect(came).not.toContain('0\r\n\r\n')
  })

  it('ends in order when its reader is dismissed, and other requests go on', async () => {
    const streamed = ask()
    await until(() => responses[0]?.headersSent === true)
    let late: ServerResponse | undefined
    answer = (_request, response) => (late = response)
    const other = ask()
    await until(() => late !== undefined)
    forwarder.dismiss()
    expect((await streamed).body).toBe('data: 1\n\n')
    wake()
    late!.end('late')
    expect((await other).body).toBe('late')
  })
})

describe('an answer that breaks off', () => {
  it('is cut for the client too', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('part')
      setImmediate(() => response.destroy())
    }
    await expect(ask()).rejects.toThrow()
  })
})

/** Moves time on as soon as something waits for it, until the request is answered. */
async function held(asked: Promise<Answer>): Promise<{ readonly answer: Answer; readonly waitedMs: number }> {
  const startedAt = time.now
  let isOver = false
  const over = asked.finally(() => (isOver = true))
  await until(() => {
    const [timer] = [...time.timers]
    if (timer && !isOver) time.moveTo(timer.at)
    return isOver
  })
  return { answer: await over, waitedMs: time.now - startedAt }
}

describe('a request that nobody can answer', () => {
  it('is held until somebody can', async () => {
    let route: Route = 'nowhere'
    given = { find: () => route }
    const asked = ask()
    await until(() => time.timers.size > 0)
    route = { url: urlOf(owner) }
    wake()
    expect((await asked).body).toBe('from the owner')
    expect([time.now, time.timers.size]).toEqual([1_000, 0])
  })

  it('is counted with the time for which it was held, not with that of its answer', async () => {
    let route: Route = 'nowhere'
    given = { find: () => route, purpose: 'session' }
    answer = (_request, response) => {
      time.moveTo(time.now + 700)
      response.end()
    }
    const asked = ask()
    await until(() => time.timers.size > 0)
    time.moveTo(time.now + 40)
    route = { url: urlOf(owner) }
    wake()
    await asked
    await until(() => ended === 1)
    expect(counted).toEqual(['session answered 40'])
  })

  it('is refused after a while, and not before', async () => {
    given = { find: () => 'nowhere' }
    const { answer: answered, waitedMs } = await held(ask())
    expect(answered).toMatchObject({ status: 503, body: 'refused' })
    expect(waitedMs).toBe(HOLD_MS)
    expect([refreshes, time.timers.size]).toEqual([0, 0])
    expect(counted).toEqual([`space refused ${HOLD_MS}`])
  })

  it('is given up when its client goes, and nobody is told', async () => {
    let refusals = 0
    given = { find: () => 'nowhere', refuse: () => refusals++ }
    const client = open('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => time.timers.size > 0)
    client.destroy()
    await until(() => responses[0]!.destroyed)
    time.moveTo(time.now + 50)
    await until(() => ended === 1)
    expect([refusals, time.timers.size]).toEqual([0, 0])
    expect(counted).toEqual(['space gone 50'])
  })

  it('is given up when its client goes while the owner is at it, and nobody is told', async () => {
    let refusals = 0
    let isClosed = false
    answer = (_request, response) => response.once('close', () => (isClosed = true))
    given = { refuse: () => refusals++ }
    const client = open('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => seen.length > 0)
    client.destroy()
    await until(() => isClosed)
    await until(() => ended === 1)
    expect(refusals).toBe(0)
    expect(counted).toEqual(['space gone 0'])
  })
})

describe('a request is sent again', () => {
  it('if the node does not have its space, however often', async () => {
    const end = warnings()
    answer = (_request, response, count) => {
      if (count > 20) response.end('at last')
      else response.writeHead(421).end('not here')
    }
    const { answer: answered } = await held(ask({ method: 'POST', body: 'once' }))
    expect(answered.body).toBe('at last')
    expect(new Set(seen.map(({ body }) => body))).toEqual(new Set(['once']))
    expect([seen.length, refreshes, await end()]).toEqual([21, 20, []])
  })

  it('if nobody listens there', async () => {
    const gone = createServer()
    await listen(gone)
    const url = urlOf(gone)
    const closed = once(gone, 'close')
    gone.close()
    await closed
    let tries = 0
    given = { find: () => ({ url: ++tries > 3 ? urlOf(owner) : url }) }
    expect((await held(ask({ method: 'POST', body: 'once' }))).answer.body).toBe('from the owner')
    expect(seen).toHaveLength(1)
  })

  it('though it may have been taken, if that changes nothing', async () => {
    given = { isRepeatable: () => true }
    answer = (request, response, count) => {
      if (count === 1) request.socket.destroy()
      else if (count === 2) response.writeHead(503).end()
      else if (count === 3) response.writeHead(503).end(JSON.stringify({ code: 'unavailable' }))
      else response.end('at last')
    }
    expect((await held(ask())).answer.body).toBe('at last')
    expect(seen).toHaveLength(4)
  })
})

describe('a node that stands still', () => {
  it('is given up once another has the space', async () => {
    let isMoved = false
    const still = createServer()
    await listen(still)
    given = { find: () => ({ url: urlOf(isMoved ? owner : still) }), isRepeatable: () => true }
    const asked = once(still, 'request')
    const answered = ask()
    await asked
    isMoved = true
    wake()
    expect((await held(answered)).answer.body).toBe('from the owner')
    still.close()
    still.closeAllConnections()
  })
})

describe('a request is not sent again', () => {
  it('if the answer says that it would be in vain', async () => {
    given = { isRepeatable: () => true }
    answer = (_request, response) =>
      void response.writeHead(503, { 'retry-after': '7' }).end(JSON.stringify({ code: 'memory_full' }))
    expect(await ask()).toMatchObject({
      status: 503,
      body: '{"code":"memory_full"}',
      headers: { 'retry-after': '7' },
    })
    expect(seen).toHaveLength(1)
  })

  it('if it may have been taken, and would count twice', async () => {
    answer = (request) => request.socket.destroy()
    expect(await ask({ method: 'POST' })).toMatchObject({ status: 503, body: 'refused' })
    expect(seen).toHaveLength(1)
  })

  it('if it was answered, with 503 too', async () => {
    answer = (_request, response) => void response.writeHead(503, { 'retry-after': '7' }).end('full')
    expect(await ask()).toMatchObject({ status: 503, body: 'full', headers: { 'retry-after': '7' } })
    expect(seen).toHaveLength(1)
  })

  it('if the answer has begun', async () => {
    given = { isRepeatable: () => true }
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('part')
      setImmediate(() => response.destroy())
    }
    await expect(ask()).rejects.toThrow()
    expect(seen).toHaveLength(1)
  })
})
