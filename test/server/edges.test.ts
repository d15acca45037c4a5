/** Edge processes before a server, behind one port: they take what it takes, and one that dies is started again. */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Analytics } from '@segment/analytics-node'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { childrenOf, freePort } from '../support/processes.ts'
import { runServe, type ServeProcess } from '../support/run-serve.ts'

const KEYS = { WRITE_KEY: 'write-key', ACCESS_TOKEN: 'access-token' }
const AS_READER = { authorization: `Basic ${Buffer.from('access-token:').toString('base64')}` }

let directory: string
let server: ServeProcess

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-edges-'))
  server = runServe(directory, { ...KEYS, EDGES: '2', PORT: String(await freePort()) })
})

afterEach(async () => {
  await server.end('SIGKILL')
  await rm(directory, { recursive: true, force: true })
})

async function define(url: string): Promise<void> {
  const body = JSON.stringify({ name: 'Orders', definition: { query: "event('Order').count()" } })
  const headers = { authorization: 'Bearer access-token' }
  const { status } = await fetch(`${url}/spaces/default/computed-traits`, { method: 'POST', headers, body })
  expect(status).toBe(200)
}

async function ordersOf(url: string): Promise<unknown> {
  const path = '/v1/spaces/default/collections/users/profiles/user_id:u1/traits'
  // A connection of its own, which either of them may take.
  const answer = await fetch(url + path, { headers: { ...AS_READER, connection: 'close' } })
  return ((await answer.json()) as { traits: { orders?: number } }).traits.orders
}

async function send(url: string, count: number): Promise<unknown[]> {
  const analytics = new Analytics({ writeKey: 'write-key', host: url, flushAt: 15 })
  const failures: unknown[] = []
  analytics.on('error', (cause) => failures.push(cause))
  for (let sent = 0; sent < count; sent++) analytics.track({ userId: 'u1', event: 'Order' })
  await analytics.closeAndFlush()
  return failures
}

it("takes calls of Segment's SDK, which the next read sees, and ends as one", async () => {
  const url = await server.ready
  await define(url)
  expect((await stat(join(directory, 'engine.sock'))).mode & 0o777).toBe(0o600)
  expect([await send(url, 200), await ordersOf(url), await ordersOf(url)]).toEqual([[], 200, 200])
  const edges = edgesOf(server)
  expect(edges).toHaveLength(2)
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  expect(await server.end('SIGTERM')).toBe(0)
  await eventually(() => {
    expect(edges.filter(isAlive)).toEqual([])
    return Promise.resolve()
  })
})

it('goes on when an edge is killed, and starts another', async () => {
  const url = await server.ready
  await define(url)
  const [first, second] = edgesOf(server) as [number, number]
  process.kill(first, 'SIGKILL')
  await eventually(() => {
    const now = edgesOf(server)
    expect([now.length, now.includes(second), now.includes(first)]).toEqual([2, true, false])
    return Promise.resolve()
  })
  process.kill(second, 'SIGKILL')
  await eventually(async () => {
    expect(await send(url, 1)).toEqual([])
  })
  expect(await ordersOf(url)).toBeGreaterThan(0)
})

it('leaves no edge behind when it is killed', async () => {
  await server.ready
  const edges = edgesOf(server)
  await server.end('SIGKILL')
  await eventually(() => {
    expect(edges.filter(isAlive)).toEqual([])
    return Promise.resolve()
  })
})

it('ends at once if the port is taken', async () => {
  const url = await server.ready
  const other = await mkdtemp(join(tmpdir(), 'rollcall-edges-'))
  const second = runServe(other, { ...KEYS, EDGES: '1', PORT: new URL(url).port })
  await expect(second.ready).rejects.toThrow('an edge process exited before it listened')
  await rm(other, { recursive: true, force: true })
})

function edgesOf({ child }: ServeProcess): number[] {
  return childrenOf(child.pid!, 'edge')
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
