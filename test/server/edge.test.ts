/** Two edges and their server within one process: what reaches the spaces is as if there were no edges. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AnsweredRequest, OnAnswer } from '../../src/http/app.ts'
import { createStartingApp } from '../../src/http/app.ts'
import { Forwarder } from '../../src/http/forwarder.ts'
import { type HttpServer, listen } from '../../src/http/server.ts'
import { Link } from '../../src/link/link.ts'
import { openTunnel } from '../../src/link/tunnel.ts'
import { setTimer } from '../../src/model/timer.ts'
import { edgeListener } from '../../src/server/edge.ts'
import { type Answered, basic, CONFIG, send, startTestServer, type TestServer } from '../support/server.ts'

const SECRET = 'between the server and its edges'

interface Edge {
  readonly http: HttpServer
  readonly link: Link
  readonly forwarder: Forwarder
}

let server: TestServer
let edges: readonly [Edge, Edge]
/** Answers of which the edges have told the server. */
let told: AnsweredRequest[]
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-edge-'))
  told = []
  const socketPath = join(folder, 'engine.sock')
  let count: OnAnswer = () => undefined
  const start = (onAnswer: OnAnswer): void => void (count = onAnswer)
  server = await startTestServer({ config: { socketPath, edges: { secret: SECRET, start } } })
  const newEdge = async (): Promise<Edge> => {
    const open = () => openTunnel({ url: 'http://engine', socketPath }, SECRET)
    const link = new Link({ open, afterTurn: setImmediate })
    const waits = { changed: () => new Promise<void>(() => undefined), refresh: () => Promise.resolve() }
    const forwarder = new Forwarder({ ...waits, holdMs: 0, now: () => 0, timer: setTimer })
    const onAnswer: OnAnswer = (answer, context) => {
      told.push(answer)
      count(answer, context)
    }
    const direct = edgeListener({
      link,
      forwarder,
      socketPath,
      told: { onAnswer, onFault: () => expect.unreachable() },
    })
    const http = await listen({ direct, app: createStartingApp() }, { host: '127.0.0.1', port: 0 })
    return { http, link, forwarder }
  }
  edges = [await newEdge(), await newEdge()]
  await control(0, 'POST', 'computed-traits', { name: 'Orders', definition: { query: "event('Order').count()" } })
})

afterAll(async () => {
  for (const { http, link, forwarder } of edges) {
    await http.close()
    link.close()
    forwarder.close()
  }
  await server.stop()
  await rm(folder, { recursive: true })
})

function urlOf(edge: number): string {
  return edges[edge]!.http.url
}

function ingest(edge: number, path: string, body: unknown, key: string | null = CONFIG.writeKey): Promise<Answered> {
  return send(`${urlOf(edge)}/v1/${path}`, {
    method: 'POST',
    headers: key === null ? {} : { authorization: basic(`${key}:`) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

function control(edge: number, method: string, path: string, body?: unknown): Promise<Answered> {
  return send(`${urlOf(edge)}/spaces/${CONFIG.spaceId}/${path}`, {
    method,
    headers: { authorization: `Bearer ${CONFIG.accessToken}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function ordersOf(edge: number, userId: string): Promise<unknown> {
  const path = `/v1/spaces//collections/users/profiles/user_id:${userId}/traits?include=orders`
  const { body } = await send(urlOf(edge) + path, { headers: { authorization: basic(`${CONFIG.accessToken}:`) } })
  return (body['traits'] as Record<string, unknown> | undefined)?.['orders']
}

describe('calls by an edge', () => {
  it.each(['track', 't', 'batch', 'import'])('to /v1/%s are seen by the next read, by any edge', async (path) => {
    const call = { type: 'track', userId: `to-${path}`, event: 'Order' }
    const isBatch = ['batch', 'import'].includes(path)
    const { status, text, headers } = await ingest(0, path, isBatch ? { batch: [call, call] } : call)
    expect([status, text]).toEqual([200, '{"success":true}'])
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(await ordersOf(1, `to-${path}`)).toBe(isBatch ? 2 : 1)
  })

  it.each(['identify', 'page', 'screen', 'group', 'alias'])('to /v1/%s are taken', async (path) => {
    const { status } = await ingest(1, path, { userId: 'u1', groupId: 'g1', previousId: 'u0', traits: {} })
    expect(status).toBe(200)
  })

  it('have their key in the body, or in a picture', async () => {
    const call = { userId: 'in-body', event: 'Order', writeKey: CONFIG.writeKey }
    expect((await ingest(0, 'track', call, null)).status).toBe(200)
    const data = Buffer.from(JSON.stringify(call)).toString('base64')
    const picture = await fetch(`${urlOf(1)}/v1/pixel/track?data=${encodeURIComponent(data)}`)
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/gif'])
    expect(await ordersOf(0, 'in-body')).toBe(2)
  })

  it('that count once do so, whichever edge they come by', async () => {
    const call = { userId: 'again', event: 'Order', messageId: 'm-again' }
    for (const edge of [0, 1, 0]) await ingest(edge, 'track', call)
    expect(await ordersOf(1, 'again')).toBe(1)
  })

  it('are refused and noted as they are without edges', async () => {
    const { body: made } = await control(0, 'POST', 'sources', { name: 'Shop' })
    const { source } = made['data'] as { source: { id: string; writeKeys: { key: string }[] } }
    const [{ key }] = source.writeKeys as [{ key: string }]
    const batch = [{ type: 'track', userId: 'noted', event: 'Order' }, { type: 'none' }]
    const { status, body } = await ingest(0, 'batch', { batch }, key)
    expect([status, body['rejected']]).toEqual([200, [expect.objectContaining({ index: 1, code: 'unknown_type' })]])
    expect((await ingest(1, 'track', { event: 'Order' }, key)).body['code']).toBe('no_user_anon_id')
    const { body: shown } = await control(1, 'GET', `sources/${source.id}/rejections`)
    const { rejections } = shown['data'] as { rejections: { code: string }[] }
    expect(rejections.map(({ code }) => code).sort()).toEqual(['no_user_anon_id', 'unknown_type'])
    await control(0, 'PATCH', `sources/${source.id}`, { enabled: false })
    expect((await ingest(1, 'track', { userId: 'noted', event: 'Order' }, key)).status).toBe(401)
    expect(await ordersOf(0, 'noted')).toBe(1)
  })

  it.each([
    ['no JSON', 'track', '{', 400],
    ['too large', 'track', { userId: 'x'.repeat(40_000) }, 400],
    ['by nobody', 'track', { userId: 'u1', event: 'Order' }, 401],
  ])('are refused as they are without edges: %s', async (what, path, body, status) => {
    expect((await ingest(0, path, body, what === 'by nobody' ? 'nobody' : CONFIG.writeKey)).status).toBe(status)
  })

  it('are counted once, by the server', async () => {
    const counted = async (status: number): Promise<number> => {
      const text = await (await fetch(`${urlOf(1)}/metrics`)).text()
      const line = `rollcall_http_request_duration_seconds_count{method="POST",route="/v1/track",status="${status}"} `
      return Number(
        text
          .split('\n')
          .find((one) => one.startsWith(line))
          ?.slice(line.length) ?? 0,
      )
    }
    const [taken, refused] = [await counted(200), await counted(400)]
    told.length = 0
    await ingest(0, 'track', { userId: 'counted', event: 'Order' })
    await ingest(0, 'track', 'no JSON')
    await ingest(0, 'track', { event: 'Order' })
    expect([await counted(200), await counted(400)]).toEqual([taken + 1, refused + 2])
    expect(told.map(({ route, status }) => [route, status])).toEqual([['/v1/track', 400]])
  })
})

it('asks the server whether it is ready', async () => {
  expect(await (await fetch(`${urlOf(0)}/readyz`)).json()).toEqual({ status: 'ok' })
})

it('refuses all while the server cannot be reached, in the form of each surface', async () => {
  const link = new Link({ open: () => Promise.reject(new Error('away')), afterTurn: setImmediate })
  const socketPath = join(folder, 'nobody.sock')
  const told = { onAnswer: () => undefined, onFault: () => undefined }
  const direct = edgeListener({ link, forwarder: edges[0].forwarder, socketPath, told })
  const http = await listen({ direct, app: createStartingApp() }, { host: '127.0.0.1', port: 0 })
  const call = await send(`${http.url}/v1/track`, { method: 'POST', body: '{"userId":"u"}' })
  expect([call.status, call.body['code'], call.headers.get('retry-after')]).toEqual([503, 'unavailable', '1'])
  expect((await send(`${http.url}/readyz`)).status).toBe(503)
  await http.close()
})
