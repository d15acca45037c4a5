/** Clients that are slow on purpose: each holds a connection for a bounded time, and honest ones are not cut off. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { CONNECTION_LIMITS, type ConnectionLimits, type HttpServer, listen } from '../../src/http/server.ts'

/** More than the buffers of two sockets take. */
const LARGE = Buffer.alloc(64 * 2 ** 20, 'x')
const SOON_MS = 50

let server: HttpServer | undefined
let clients: Socket[] = []
/** Lets the answer of `/late` go. */
let answerLate: () => void
/** Resolves when the server has given up an answer of `/large`. */
let gaveUp: Promise<unknown>

afterEach(async () => {
  for (const client of clients) client.destroy()
  clients = []
  await server?.close()
})

async function start(limits: Partial<ConnectionLimits>): Promise<void> {
  const app = express()
  const late = new Promise<void>((resolve) => (answerLate = resolve))
  app.get('/large', (_request, response) => {
    gaveUp = once(response, 'close')
    response.send(LARGE)
  })
  app.get('/patient', (_request, response) => {
    response.setTimeout(0)
    response.send(LARGE)
  })
  app.get('/late', async (_request, response) => {
    await late
    response.send('late')
  })
  app.get('/small', (_request, response) => void response.send('small'))
  app.post('/', (request, response) => void request.resume().on('end', () => response.send('done')))
  server = await listen({ app }, { host: '127.0.0.1', port: 0 }, { ...CONNECTION_LIMITS, checkMs: 10, ...limits })
}

/** Connects, and sends the beginning of something. */
function open(text: string): Socket {
  const client = connect(Number(new URL(server!.url).port), '127.0.0.1')
  clients.push(client)
  client.on('error', () => undefined)
  client.write(text)
  return client
}

/** Resolves when the server has ended the connection, with all that it sent. */
async function answered(client: Socket): Promise<string> {
  let text = ''
  client.on('data', (chunk) => (text += chunk.toString()))
  await once(client, 'close')
  return text
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`

describe('a connection', () => {
  it('is cut where headers do not end', async () => {
    await start({ headersMs: SOON_MS })
    expect(await answered(open('GET / HTTP/1.1\r\nHost: a\r\n'))).toContain('408 Request Timeout')
  })

  it('is cut where a body does not end', async () => {
    await start({ headersMs: SOON_MS, requestMs: SOON_MS })
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n'
    expect(await answered(open(`${head}a`))).toContain('408 Request Timeout')
  })

  it('is cut where nobody reads the answer, though not where the answer is late', async () => {
    await start({ stalledMs: SOON_MS })
    const late = open(get('/late', 'Connection: close\r\n'))
    const reader = open(get('/large'))
    await once(reader, 'readable')
    await gaveUp
    answerLate()
    expect(await answered(late)).toContain('late')
  })

  it('stays where the answer has another bound', async () => {
    await start({ stalledMs: SOON_MS })
    const patient = open(get('/patient', 'Connection: close\r\n'))
    await once(patient, 'readable')
    const reader = open(get('/large'))
    await once(reader, 'readable')
    await gaveUp
    let taken = 0
    patient.on('data', (chunk: Buffer) => (taken += chunk.length))
    await once(patient, 'close')
    expect(taken).toBeGreaterThan(LARGE.length)
  })

  it('is one of so many at a time', async () => {
    await start({ connectionsMax: 1 })
    const first = open(get('/small'))
    await once(first, 'data')
    expect(await answered(open(get('/small')))).toBe('')
  })

  it('takes so many requests, and the client is then told to close it', async () => {
    await start({ requestsPerConnectionMax: 1 })
    const [answer] = (await once(open(get('/small')), 'data')) as [Buffer]
    expect(answer.toString()).toContain('Connection: close')
  })
})

it('the bounds of a server are these', () => {
  expect(CONNECTION_LIMITS).toEqual({
    headersMs: 5_000,
    requestMs: 15_000,
    stalledMs: 5_000,
    checkMs: 1_000,
    connectionsMax: 10_000,
    requestsPerConnectionMax: 10_000,
  })
})
