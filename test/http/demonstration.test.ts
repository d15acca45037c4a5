/** The demonstration over HTTP: made by one click, filled, living on, removed by another click, and made again. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { callsOfShop } from '../../src/demonstration/calls.ts'
import { PAST_MS } from '../../src/demonstration/shop.ts'
import { eventually } from '../support/eventually.ts'
import { type Answered, CONFIG, send, startTestServer, type TestServer, VirtualTime } from '../support/server.ts'

const START = Date.UTC(2026, 10, 30, 18)
const HOUR = 3_600_000
const SCALE = { seed: 1, people: 90 }

let server: TestServer
let time: VirtualTime

function start(installation?: TestServer['installation']): Promise<TestServer> {
  const config = { demonstration: SCALE }
  return startTestServer({ clock: time.clock, timer: time.timer, config, ...(installation && { installation }) })
}

async function begin(): Promise<void> {
  time = new VirtualTime(START)
  server = await start()
}

function ask(method: string, path: string, token = CONFIG.accessToken, body?: object): Promise<Answered> {
  const headers = { authorization: `Bearer ${token}` }
  return send(`${server.url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
}

async function statusOf(method = 'GET'): Promise<unknown> {
  const { body, text } = await ask(method, '/app/demonstration')
  expect(text).toContain('demonstration')
  return (body['data'] as { demonstration: unknown }).demonstration
}

async function makeLive(): Promise<void> {
  expect(await statusOf('POST')).toMatchObject({ status: 'filling', spaceId: 'demonstration' })
  await eventually(async () => expect(await statusOf()).toEqual({ status: 'live', spaceId: 'demonstration' }))
}

interface Listed {
  readonly id: string
  readonly key: string
  readonly status: string
  readonly size: { readonly count: number }
}

async function audiences(): Promise<Listed[]> {
  const { body } = await ask('GET', '/spaces/demonstration/audiences?pagination[count]=50')
  return (body['data'] as { audiences: Listed[] }).audiences
}

async function usersOf(): Promise<number> {
  const users = '/v1/spaces/demonstration/collections/users/profiles?limit=100'
  return ((await ask('GET', users)).body['data'] as unknown[]).length
}

/** Counts the calls from the beginning to an instant. */
function callsUntil(end: number): number {
  let count = 0
  for (const { at } of callsOfShop({ ...SCALE, opensAt: START }, 0)) {
    if (at > end) return count
    count++
  }
  return count
}

function pipeline() {
  return server.spaces.open('demonstration')!.server.pipeline
}

describe('the demonstration', () => {
  beforeAll(begin)
  afterAll(() => server.stop())

  it('is not there until somebody asks for it', async () => {
    expect(await statusOf()).toEqual({ status: 'none' })
    expect(await statusOf('DELETE')).toEqual({ status: 'none' })
    await makeLive()
  })

  it('is a space of invented people, with audiences that have members', async () => {
    const { body } = await ask('GET', '/spaces')
    expect((body['data'] as { spaces: unknown[] }).spaces).toContainEqual(
      expect.objectContaining({ id: 'demonstration', isDemonstration: true }),
    )
    expect(await usersOf()).toBe(SCALE.people)
    const all = await audiences()
    expect(all.every(({ status }) => status === 'Live')).toBe(true)
    expect(all.length).toBeGreaterThanOrEqual(10)
    expect(all.filter(({ size }) => size.count > 0).length).toBeGreaterThanOrEqual(6)
    const traits = await ask('GET', '/spaces/demonstration/computed-traits')
    expect((traits.body['data'] as { computedTraits: unknown[] }).computedTraits).toHaveLength(5)
  })

  it('has had its past day by day: sizes are known of every day', async () => {
    const { id } = (await audiences()).find(({ key }) => key === 'high_value_customers')!
    const from = new Date(START - PAST_MS).toISOString()
    const to = new Date(START).toISOString()
    const { body } = await ask('GET', `/spaces/demonstration/audiences/${id}/sizes?from=${from}&to=${to}&step=day`)
    const { sizes } = body['data'] as { sizes: { entered: number; byTime: number }[] }
    expect(sizes.filter(({ entered }) => entered > 0).length).toBeGreaterThan(10)
    expect(sizes.some(({ byTime }) => byTime > 0)).toBe(true)
  })

  it('goes on living', async () => {
    time.moveTo(START + HOUR)
    await eventually(() => expect(pipeline().shard.deduplication.count).toBe(callsUntil(START + HOUR)))
    expect(callsUntil(START + HOUR)).toBeGreaterThan(callsUntil(START))
  })
})

describe('a demonstration of its own', () => {
  beforeEach(begin)
  afterEach(() => server.stop())

  it('goes on after a restart where it was, with every call counted once', async () => {
    expect(await statusOf('POST')).toMatchObject({ status: 'filling' })
    await eventually(() => expect(pipeline().shard.clock).toBeGreaterThan(START - PAST_MS / 2))
    const { installation } = server
    await server.stop()
    server = await start(installation)
    await eventually(async () => expect(await statusOf()).toMatchObject({ status: 'live' }))
    expect(pipeline().shard.deduplication.count).toBe(callsUntil(START))
  })

  it('is removed with all that it had, and made again', async () => {
    await makeLive()
    const sizes = (await audiences()).map(({ size }) => size.count)
    expect(await statusOf('DELETE')).toEqual({ status: 'none' })
    expect(server.installation.removed).toEqual(['demonstration'])
    expect((await ask('GET', '/spaces/demonstration')).status).toBe(404)
    await makeLive()
    expect((await audiences()).map(({ size }) => size.count)).toEqual(sizes)
  })

  it('may be removed like any other space', async () => {
    await statusOf('POST')
    const removed = await ask('DELETE', '/spaces/demonstration', CONFIG.accessToken, { name: 'Demonstration shop' })
    expect(removed.status).toBe(200)
    expect(await statusOf()).toEqual({ status: 'none' })
    expect(await statusOf('POST')).toMatchObject({ status: 'filling' })
  })

  it('is made once, however often it is asked for', async () => {
    const answers = await Promise.all([statusOf('POST'), statusOf('POST')])
    expect(answers).toEqual([expect.objectContaining({ status: 'filling' }), expect.anything()])
  })

  it('never touches a space of somebody that has its id', async () => {
    expect((await ask('POST', '/spaces', CONFIG.accessToken, { name: 'Demonstration' })).status).toBe(200)
    expect((await ask('POST', '/app/demonstration')).status).toBe(409)
    expect(await statusOf('DELETE')).toEqual({ status: 'none' })
    expect((await ask('GET', '/spaces/demonstration')).status).toBe(200)
  })

  it.each(['GET', 'POST', 'DELETE'])('is for those who may reach every space: %s', async (method) => {
    const { body } = await ask('POST', '/spaces', CONFIG.accessToken, { name: 'Shop' })
    const { accessToken } = (body['data'] as { space: { accessToken: string } }).space
    expect((await ask(method, '/app/demonstration', accessToken)).status).toBe(403)
    expect((await ask(method, '/app/demonstration', 'nobody')).status).toBe(401)
  })
})
