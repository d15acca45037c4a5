/** The front of a node, between real servers of 127.0.0.1: the node, which leads to itself too, and another. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NodeRecord, OwnerRecord } from '../../src/cluster/node-directory.ts'
import { RouteTable } from '../../src/cluster/route-table.ts'
import { digestOf } from '../../src/http/access.ts'
import type { AnsweredRequest } from '../../src/http/app.ts'
import { Forwarder } from '../../src/http/forwarder.ts'
import { BATCH_BYTES_MAX } from '../../src/model/read-request.ts'
import { clusterFront } from '../../src/server/cluster-front.ts'
import { OpenRequests } from '../../src/server/open-requests.ts'
import { until } from '../support/eventually.ts'
import { listen, urlOf } from '../support/loopback.ts'
import { basic, VirtualTime } from '../support/server.ts'

const HOLD_MS = 1_000

interface Seen {
  readonly at: 'here' | 'there'
  readonly url: string
  readonly forwarded: string | undefined
  readonly authorization: string | undefined
  readonly body: string
}

interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

let here: Server
let there: Server
let forwarder: Forwarder
let requests: OpenRequests
let time: VirtualTime
let routes: RouteTable
let owners: Map<string, OwnerRecord>
let served: Set<string>
let spaceIds: string[]
let seen: Seen[]
let told: AnsweredRequest[]
let faults: unknown[]
let refreshes: number
/** Does what a look at the cluster brings about. */
let onRefresh: () => void
/** Answers for the other node. */
let answer: (request: IncomingMessage, response: ServerResponse, count: number) => void

/** Makes a space known, with its key and its token. */
function own(spaceId: string, nodeId: 'here' | 'there' | ''): void {
  const url = nodeId === '' ? '' : urlOf(nodeId === 'here' ? here : there)
  const [writeKeys, tokens] = [[digestOf(`key_of_${spaceId}`)], [digestOf(`token_of_${spaceId}`)]]
  owners.set(spaceId, { nodeId, url, writeKeys, tokens })
  routes.update(new Map(owners))
  if (nodeId === 'here') served.add(spaceId)
  else served.delete(spaceId)
  if (!spaceIds.includes(spaceId)) spaceIds.push(spaceId)
}

async function note(at: Seen['at'], request: IncomingMessage): Promise<void> {
  const body = await text(request)
  const { authorization, 'rollcall-forwarded': forwarded } = request.headers
  seen.push({ at, url: request.url!, forwarded: forwarded as string | undefined, authorization, body })
}

beforeEach(async () => {
  time = new VirtualTime(0)
  ;[routes, requests] = [new RouteTable(), new OpenRequests()]
  owners = new Map()
  ;[seen, told, faults, spaceIds, refreshes] = [[], [], [], [], 0]
  served = new Set()
  onRefresh = () => undefined
  answer = (_request, response) => void response.end('there')
  const refresh = (): Promise<void> => {
    refreshes++
    onRefresh()
    return Promise.resolve()
  }
  const changed = (): Promise<void> => Promise.resolve()
  const { clock: now, timer } = time
  forwarder = new Forwarder({ holdMs: HOLD_MS, changed: () => new Promise(() => undefined), refresh, now, timer })
  there = createServer((request, response) => {
    void note('there', request).then(() => answer(request, response, seen.length))
  })
  here = createServer((request, response) => {
    if (!front(request, response)) void note('here', request).then(() => response.end('here'))
  })
  for (const server of [here, there]) await listen(server)
  const common = { isEngine: true, startedAt: 0, isEnding: false, weights: {}, standbys: [], moves: {} }
  const nodes: NodeRecord[] = [
    { id: 'here', url: urlOf(here), ...common },
    { id: 'there', url: urlOf(there), ...common },
  ]
  const front = clusterFront({
    governor: {
      serves: (id) => served.has(id),
      routes,
      get spaceIds() {
        return spaceIds
      },
      refresh,
      changed,
      view: { ownersVersion: 0, nodes, drained: new Set() },
    },
    forwarder,
    requests,
    nodeId: 'here',
    ownUrl: () => urlOf(here),
    firstId: 'first',
    told: { onAnswer: (answered) => told.push(answered), onFault: (cause) => faults.push(cause) },
  })
  own('first', 'there')
  own('mine', 'here')
  own('other', 'there')
})

afterEach(async () => {
  forwarder.close()
  for (const server of [here, there]) {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  expect(faults).toEqual([])
})

async function ask(method: string, path: string, init: RequestInit = {}): Promise<Answered> {
  const answered = await fetch(urlOf(here) + path, { method, ...init })
  return { status: answered.status, headers: answered.headers, body: await answered.text() }
}

/** Posts a call. */
function track(key: string | undefined, body: unknown = { messageId: 'm' }, headers = {}): Promise<Answered> {
  const authorization = key === undefined ? {} : { authorization: basic(`${key}:`) }
  const sent = typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body)
  return ask('POST', '/v1/track', { headers: { ...authorization, ...headers }, body: sent })
}

/** Turns time as soon as something waits, until the request is answered. */
async function held(asked: Promise<Answered>): Promise<Answered> {
  let isOver = false
  const over = asked.finally(() => (isOver = true))
  await until(() => {
    const [timer] = [...time.timers]
    if (timer && !isOver) time.moveTo(timer.at)
    return isOver
  })
  return over
}

describe('a request', () => {
  it('for no space is answered here', async () => {
    expect((await ask('GET', '/healthz')).body).toBe('here')
    expect(seen).toMatchObject([{ at: 'here', forwarded: undefined }])
  })

  it('for a space that is here is answered here, and counted', async () => {
    let open = 0
    here.on('request', () => (open = requests.countOf('mine')))
    expect((await track('key_of_mine')).body).toBe('here')
    expect(seen).toMatchObject([{ at: 'here', forwarded: undefined }])
    expect(open).toBe(1)
    await until(() => requests.countOf('mine') === 0)
  })

  it('for a space of another node is led there', async () => {
    expect((await track('key_of_other')).body).toBe('there')
    expect((await ask('GET', '/spaces/other/audiences')).body).toBe('there')
    expect(seen).toMatchObject([
      { at: 'there', forwarded: 'space', url: '/v1/track', authorization: basic('key_of_other:') },
      { at: 'there', forwarded: 'space', url: '/spaces/other/audiences' },
    ])
    expect(requests.countOf('other')).toBe(0)
  })

  it('whose space comes here while it is held is answered here', async () => {
    own('other', '')
    const asked = track('key_of_other')
    await until(() => time.timers.size > 0)
    own('other', 'here')
    expect((await held(asked)).body).toBe('here')
    expect(seen).toMatchObject([{ at: 'here', forwarded: 'space' }])
  })

  it('for a space that this node is said to have, and has not, is held', async () => {
    own('mine', 'here')
    served.delete('mine')
    expect((await held(track('key_of_mine'))).status).toBe(503)
    // Not asked over HTTP either, which would say so again and again.
    expect([seen, refreshes]).toEqual([[], 0])
  })
})

describe('a request that was led here', () => {
  const headers = { 'rollcall-forwarded': 'space' }

  it('is answered if its space is here', async () => {
    expect((await track('key_of_mine', {}, headers)).body).toBe('here')
  })

  it('is not led on, and nothing of it is taken, if its space is not here', async () => {
    expect(await track('key_of_other', {}, headers)).toMatchObject({ status: 421, body: '' })
    expect(await ask('GET', '/spaces/mine2/audiences', { headers })).toMatchObject({ status: 421 })
    expect([seen, refreshes]).toEqual([[], 0])
  })

  it('is refused here if it has no key', async () => {
    expect((await track(undefined, {}, headers)).body).toBe('here')
  })

  it('is answered by the first space if nobody knows its key', async () => {
    own('first', 'here')
    expect((await track('nobody', {}, headers)).body).toBe('here')
    expect(refreshes).toBe(0)
  })
})

describe('a client that says that its request was led on', () => {
  it.each(['', 'spaces', 'space, space', 'Space', 'session'])('gets nothing by it: %s', async (forwarded) => {
    expect((await track('key_of_other', {}, { 'rollcall-forwarded': forwarded })).body).toBe('there')
    expect(seen).toMatchObject([{ at: 'there', forwarded: 'space' }])
  })
})

describe('a write key', () => {
  it('in the body leads to its space, in the header from there on', async () => {
    expect((await track(undefined, { writeKey: 'key_of_other', messageId: 'm' })).body).toBe('there')
    expect(seen).toMatchObject([{ at: 'there', authorization: basic('key_of_other:') }])
    expect((await track(undefined, { writeKey: 'key_of_mine', messageId: 'm' })).body).toBe('here')
    expect(seen[1]).toMatchObject({ at: 'here', forwarded: 'space', authorization: basic('key_of_mine:') })
  })

  it('in a body that is packed is found, and the body is not packed any more', async () => {
    const body = { writeKey: 'key_of_other', messageId: 'm' }
    await track(undefined, gzipSync(JSON.stringify(body)), { 'content-encoding': 'gzip' })
    expect(seen).toMatchObject([{ at: 'there', body: JSON.stringify(body) }])
  })

  it('that is missing, in a body that cannot be read too, is refused by the first space, at once', async () => {
    for (const body of ['{', '', '[]', '{"writeKey":7}']) expect((await track(undefined, body)).body).toBe('there')
    expect(seen.map(({ authorization }) => authorization)).toEqual([undefined, undefined, undefined, undefined])
    expect(refreshes).toBe(0)
  })

  it('that was just made is looked for, and found', async () => {
    onRefresh = () => {
      if (refreshes === 3) own('made', 'here')
    }
    expect((await track('key_of_made')).body).toBe('here')
    expect([refreshes, served.has('made')]).toEqual([3, true])
  })

  it('that nobody knows is looked for during a few beats, then refused by the first space', async () => {
    expect((await track('nobody')).body).toBe('there')
    expect(refreshes).toBe(3)
    own('first', 'here')
    expect((await track('nobody')).body).toBe('here')
    expect(refreshes).toBe(6)
  })
})

it('leads to a space that was just made, by its id', async () => {
  onRefresh = () => own('made', 'here')
  expect((await ask('GET', '/spaces/made/audiences')).body).toBe('here')
})

describe('a request that nobody can answer', () => {
  it.each([
    ['POST', '/v1/track', { success: false, code: 'unavailable' }],
    ['GET', '/v1/spaces/other/collections/users/profiles/user_id:u/traits', { error: { code: 'unavailable' } }],
    ['GET', '/spaces/other/audiences', { errors: [{ type: 'unavailable' }] }],
  ])('is refused in the form of its surface: %s %s', async (method, path, form) => {
    own('other', '')
    const authorization = basic(`${method === 'POST' ? 'key' : 'token'}_of_other:`)
    const init = method === 'POST' ? { body: '{}' } : {}
    const answered = await held(ask(method, path, { headers: { authorization }, ...init }))
    expect(answered.status).toBe(503)
    expect(answered.headers.get('retry-after')).toBe('1')
    expect(JSON.parse(answered.body)).toMatchObject(form)
    expect(told).toMatchObject([{ method, status: 503 }])
    expect(time.now).toBe(HOLD_MS)
  })
})

describe('a body', () => {
  it('that is too large is refused, and not led on', async () => {
    const large = 'x'.repeat(BATCH_BYTES_MAX + 1)
    const packed = { 'content-encoding': 'gzip' }
    for (const answered of [await track('key_of_other', large), await track('key_of_other', gzipSync(large), packed)]) {
      // As Segment does.
      expect(answered.status).toBe(400)
      expect(JSON.parse(answered.body)).toMatchObject({ code: 'payload_too_large' })
      // So that a page of another origin may read it.
      expect(answered.headers.get('access-control-allow-origin')).toBe('*')
    }
    expect(seen).toEqual([])
  })

  it('that may be as large as is allowed comes whole', async () => {
    const large = 'x'.repeat(BATCH_BYTES_MAX)
    expect((await track('key_of_other', large)).body).toBe('there')
    expect(seen[0]!.body).toHaveLength(BATCH_BYTES_MAX)
  })

  it('that is not what its headers say is refused', async () => {
    expect(await track('key_of_other', 'no gzip', { 'content-encoding': 'gzip' })).toMatchObject({ status: 400 })
    expect(await track('key_of_other', 'x', { 'content-encoding': 'zip' })).toMatchObject({ status: 415 })
    expect(seen).toEqual([])
  })

  it('whose client goes in the middle of it is led nowhere', async () => {
    const client = connect((here.address() as AddressInfo).port, '127.0.0.1')
    const gone = new Promise((resolve) => here.once('request', (request) => request.once('close', resolve)))
    client.write(`POST /v1/track HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic('key_of_other:')}\r\n`)
    client.write('Content-Length: 100\r\n\r\nhalf')
    await once(here, 'request')
    client.destroy()
    await gone
    await until(() => told.length === 1)
    expect([seen, told[0]!.status]).toEqual([[], 400])
  })
})

describe('a request whose answer was lost', () => {
  beforeEach(() => {
    answer = (request, response, count) => {
      if (count === 1) request.socket.destroy()
      else response.end('at last')
    }
  })

  it.each([
    ['a call with an id', '/v1/track', { messageId: 'a' }],
    ['calls with an id each', '/v1/batch', { batch: [{ messageId: 'a' }, { messageId: 'b' }] }],
  ])('is sent again: %s', async (_what, path, body) => {
    const init = { headers: { authorization: basic('key_of_other:') }, body: JSON.stringify(body) }
    expect((await held(ask('POST', path, init))).body).toBe('at last')
    expect(seen.map((one) => one.body)).toEqual([init.body, init.body])
  })

  it.each(['GET', 'HEAD', 'OPTIONS'])('is sent again: one that only reads, %s', async (method) => {
    expect((await held(ask(method, '/spaces/other/audiences'))).status).toBe(200)
    expect(seen).toHaveLength(2)
  })

  it.each([
    ['a call without an id', 'POST', '/v1/track', '{"event":"a"}'],
    ['calls of which one has no id', 'POST', '/v1/batch', '{"batch":[{"messageId":"a"},{}]}'],
    ['calls that are none', 'POST', '/v1/batch', '{"batch":[null]}'],
    ['what cannot be read', 'POST', '/v1/track', '{'],
    ['a change of the space', 'POST', '/spaces/other/audiences', '{"messageId":"a"}'],
    ['a removal', 'DELETE', '/spaces/other/audiences/x', undefined],
    ['a change by the Profile API', 'POST', '/v1/spaces/other/collections/users/x', '{"messageId":"a"}'],
  ])('is not sent again: %s', async (_what, method, path, body) => {
    const authorization = path.startsWith('/v1/spaces') ? basic('token_of_other:') : basic('key_of_other:')
    const answered = await held(ask(method, path, { headers: { authorization }, ...(body !== undefined && { body }) }))
    expect(answered.status).toBe(503)
    expect(seen).toHaveLength(1)
  })
})

describe('a session', () => {
  function cookie(nodeId: string): { headers: Record<string, string> } {
    return { headers: { cookie: `other=1; rollcall_session=${nodeId}.secret` } }
  }

  it('of another node is led there, whatever it asks for', async () => {
    for (const path of ['/app/session', '/spaces', '/spaces/mine/audiences'])
      expect((await ask('GET', path, cookie('there'))).body).toBe('there')
    expect(seen.map(({ forwarded }) => forwarded)).toEqual(['session', 'session', 'session'])
  })

  it('begins where the space of its token is, or here if the token opens all', async () => {
    const post = (token: string) => ask('POST', '/app/session', { body: JSON.stringify({ token }) })
    expect((await post('token_of_other')).body).toBe('there')
    expect((await post('administrator')).body).toBe('here')
    expect(seen).toMatchObject([
      { at: 'there', forwarded: 'space', authorization: undefined, body: '{"token":"token_of_other"}' },
      { at: 'here', forwarded: 'space', authorization: undefined },
    ])
  })

  it('of this node, of one that is gone, or of a server by itself stays here', async () => {
    for (const nodeId of ['here', 'gone']) expect((await ask('GET', '/spaces', cookie(nodeId))).body).toBe('here')
    const alone = { headers: { cookie: 'rollcall_session=secret' } }
    expect((await ask('GET', '/spaces', alone)).body).toBe('here')
    expect(seen.map(({ forwarded }) => forwarded)).toEqual([undefined, undefined, undefined])
  })

  it('that was led here is not led on to another: it is asked for its space', async () => {
    const { headers } = cookie('there')
    const asked = { headers: { ...headers, 'rollcall-forwarded': 'session' } }
    expect((await ask('GET', '/spaces', asked)).body).toBe('here')
    expect((await ask('GET', '/spaces/other/audiences', asked)).body).toBe('there')
    expect(seen[1]).toMatchObject({ at: 'there', forwarded: 'space' })
  })
})
