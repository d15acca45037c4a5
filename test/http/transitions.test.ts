/** The live feed as a client of the HTTP APIs meets it. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SMALL_MEMORY } from '../../actors/memory/actor-memory.ts'
import { eventually } from '../support/eventually.ts'
import { basic, CONFIG, send, startTestServer, type TestServer, VirtualTime } from '../support/server.ts'

const START = Date.UTC(2026, 0, 31)
const BEARER = { authorization: `Bearer ${CONFIG.accessToken}` }

let time: VirtualTime
let server: TestServer
let id: string

beforeEach(async () => {
  stopping = undefined
  time = new VirtualTime(START)
  const memory = { ...SMALL_MEMORY, bytesBytes: 64 * 1024 * 1024 }
  server = await startTestServer({ clock: time.clock, timer: time.timer, memory })
  const definition = { query: "event('Order').within(1 hour).count() >= 1" }
  const { body } = await server.control('POST', 'audiences', { name: 'Recent', definition })
  id = (body['data'] as { audience: { id: string } }).audience.id
  const last = { query: "event('Order').last(property('note'))" }
  await server.control('POST', 'computed-traits', { name: 'Note', definition: last })
})
afterEach(() => stop())

let stopping: Promise<void> | undefined
function stop(): Promise<void> {
  stopping ??= server.stop()
  return stopping
}

interface Stream {
  readonly response: Response
  /** Blocks of lines, as they came. */
  readonly events: string[]
  readonly ended: Promise<string>
}

async function segmentIdOf(profile: string): Promise<string> {
  const body = JSON.stringify({ id: profile })
  const found = await server.profiles('users/profiles/search', { method: 'POST', body })
  return (found.body['data'] as { id: string }[])[0]!.id
}

async function follow(path: string, headers: Record<string, string> = BEARER): Promise<Stream> {
  const response = await fetch(`${server.url}${path}`, { headers })
  const events: string[] = []
  const read = async (): Promise<string> => {
    let text = ''
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString()
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      events.push(...blocks)
    }
    return text
  }
  return { response, events, ended: read() }
}

function order(userId: string, note?: string): Promise<unknown> {
  return server.ingest('track', { userId, event: 'Order', ...(note !== undefined && { properties: { note } }) })
}

const AUDIENCE = (): string => `/spaces/${CONFIG.spaceId}/audiences/${id}/transitions`

describe('the feed of an audience', () => {
  it('is server-sent events of who enters and leaves, and a comment now and then', async () => {
    const { response, events } = await follow(AUDIENCE())
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    await order('u1', 'quick')
    const segmentId = await segmentIdOf('user_id:u1')
    time.moveTo(START + 3_600_001)
    const row = (at: number, type: string, sequence: number): string => {
      const instant = new Date(START + at).toISOString()
      const data = { at: instant, type, key: 'recent', profile: 'user_id:u1', segmentId, sequence, audienceId: id }
      return `event: transition\ndata: ${JSON.stringify(data)}`
    }
    await eventually(() => expect(events.filter((event) => event.includes('transition'))).toHaveLength(2))
    const [begun, ...later] = events
    expect(begun).toMatch(/^:\nid: \d+-0$/)
    const sent = later.filter((event) => event.includes('event'))
    expect(sent.map((event) => event.replace(/^id: \d+-\d+\n/, ''))).toEqual([
      row(0, 'entered', 1),
      row(3_600_000, 'exited', 2),
    ])
    expect(later.filter((event) => event.startsWith(':')).length).toBeGreaterThan(0)
  })

  it('goes on after the id of the header, or else of the address', async () => {
    await order('u1')
    await order('u2')
    const { events } = await follow(`${AUDIENCE()}?lastEventId=0-0`)
    await eventually(() => expect(events).toHaveLength(3))
    const last = /^id: (\S+)/m.exec(events[1]!)![1]!
    for (const [path, headers] of [
      [`${AUDIENCE()}?lastEventId=${last}`, {}],
      [`${AUDIENCE()}?lastEventId=0-0`, { 'last-event-id': last }],
    ] as const) {
      const again = await follow(path, { ...BEARER, ...headers })
      await eventually(() => expect(again.events).toHaveLength(2))
      expect(again.events[1]).toBe(events[2])
    }
  })

  it('is refused with a code, before anything is sent', async () => {
    const cases = [
      [AUDIENCE(), {}, 401, 'authentication_error'],
      [`/spaces/${CONFIG.spaceId}/audiences/aud_none/transitions`, BEARER, 404, 'not_found'],
      [`${AUDIENCE()}?lastEventId=yesterday`, BEARER, 400, 'validation_error'],
      [`${AUDIENCE()}?lastEventId=1-1&lastEventId=1-2`, BEARER, 400, 'validation_error'],
    ] as const
    for (const [path, headers, status, type] of cases) {
      const answer = await send(`${server.url}${path}`, { headers })
      expect([path, answer.status, (answer.body['errors'] as { type: string }[])[0]!.type]).toEqual([
        path,
        status,
        type,
      ])
    }
  })

  it('has so many readers at most, and room again once one has left', async () => {
    const closing = new AbortController()
    const path = `${server.url}${AUDIENCE()}`
    const begin = () => fetch(path, { headers: BEARER, signal: closing.signal })
    const begun = await Promise.all(Array.from({ length: 100 }, begin))
    expect(new Set(begun.map(({ status }) => status))).toEqual(new Set([200]))
    const refused = await send(path, { headers: BEARER })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    closing.abort()
    await eventually(async () => expect((await follow(AUDIENCE())).response.status).toBe(200))
  })
})

describe('the feed of a space', () => {
  it('has all transitions, and says that the server stops', async () => {
    const { events, ended } = await follow(`/spaces/${CONFIG.spaceId}/transitions`)
    await order('u1', 'quick')
    await eventually(() => expect(events).toHaveLength(3))
    expect(events[2]).toContain('"value":"quick","sequence":1,"computedTraitId":"tra_')
    await stop()
    expect(await ended).toBe('')
    expect(events.at(-1)).toMatch(/^event: dropped\ndata: \{"code":"unavailable",/)
  })

  it('drops a reader that takes nothing, and tells it so last', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    const head = ['Host: localhost', 'Connection: close', `Authorization: ${BEARER.authorization}`]
    socket.write(`GET /spaces/${CONFIG.spaceId}/transitions HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`)
    await once(socket, 'readable')
    // More than the sockets of both ends take up, and more than is kept besides.
    for (let batch = 0; batch < 40; batch++) {
      const note = `${batch}${'x'.repeat(15_000)}`
      const calls = Array.from({ length: 25 }, (_, user) => ({ type: 'track', userId: `u${user}`, event: 'Order' }))
      await server.ingest('batch', { batch: calls.map((call) => ({ ...call, properties: { note } })) })
    }
    let text = ''
    socket.setEncoding('utf8')
    for await (const chunk of socket) text += String(chunk)
    expect(text).toMatch(/event: dropped\ndata: \{"code":"slow_reader",[^\n]*\n\n\r\n0\r\n\r\n$/)
  })
})

describe('the feed of a profile', () => {
  it('has the transitions of that user alone, by any of its ids', async () => {
    await server.ingest('identify', { userId: 'u1', traits: { email: 'u1@x.io' } })
    const path = '/v1/spaces//collections/users/profiles/email:u1@x.io/transitions'
    const { events } = await follow(path, { authorization: basic(`${CONFIG.accessToken}:`) })
    await order('u2')
    await order('u1')
    await eventually(() => expect(events).toHaveLength(2))
    expect(events[1]).toContain('"type":"entered","key":"recent","profile":"user_id:u1"')
  })

  it('is refused where there is no such profile', async () => {
    const path = '/v1/spaces//collections/users/profiles/user_id:u1/transitions'
    const answer = await send(`${server.url}${path}`, { headers: { authorization: basic(`${CONFIG.accessToken}:`) } })
    expect([answer.status, answer.body]).toMatchObject([404, { error: { code: 'not_found' } }])
  })

  it('takes no reader for a request for its head alone', async () => {
    const response = await fetch(`${server.url}/spaces/${CONFIG.spaceId}/transitions`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${CONFIG.accessToken}` },
    })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    expect(await response.text()).toBe('')
  })
})
