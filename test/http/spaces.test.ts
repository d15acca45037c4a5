/** Several spaces in one server: each by itself, and nothing of one for another. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Shard } from '../../actors/engine/shard.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { eventually } from '../support/eventually.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { type Answered, basic, CONFIG, send, startTestServer, type TestServer, VirtualTime } from '../support/server.ts'

const START = Date.UTC(2026, 0, 31)

interface Space {
  readonly id: string
  readonly accessToken: string
  readonly writeKey: string
}

let server: TestServer
let time: VirtualTime

beforeEach(async () => {
  time = new VirtualTime(START)
  server = await startTestServer({ clock: time.clock, timer: time.timer })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await server.stop()
})

function ask(method: string, path: string, token: string, body?: unknown): Promise<Answered> {
  const headers = { authorization: `Bearer ${token}` }
  return send(`${server.url}${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
}

async function made(name: string, more: object = {}): Promise<Space> {
  const { status, text, body } = await ask('POST', '/spaces', CONFIG.accessToken, { name, ...more })
  expect([status, text]).toEqual([200, expect.any(String)])
  return (body['data'] as { space: Space }).space
}

function track(writeKey: string, userId: string): Promise<Answered> {
  const headers = { authorization: basic(`${writeKey}:`) }
  return send(`${server.url}/v1/track`, { method: 'POST', headers, body: JSON.stringify({ userId, event: 'Order' }) })
}

async function usersOf(token: string, space = ''): Promise<number> {
  const { body } = await ask('GET', `/v1/spaces/${space}/collections/users/profiles`, token)
  return (body['data'] as unknown[]).length
}

async function idsOf(token: string): Promise<string[]> {
  const { body } = await ask('GET', '/spaces', token)
  return (body['data'] as { spaces: { id: string }[] }).spaces.map(({ id }) => id)
}

describe('a space that is made', () => {
  it('takes calls with its own key, and is read with its own token', async () => {
    const one = await made('Shop')
    expect(one.id).toBe('shop')
    expect((await track(one.writeKey, 'u1')).body).toEqual({ success: true })
    await track(CONFIG.writeKey, 'u2')
    await track(CONFIG.writeKey, 'u3')
    expect(await usersOf(one.accessToken)).toBe(1)
    expect(await usersOf(one.accessToken, 'shop')).toBe(1)
    expect(await usersOf(CONFIG.accessToken, 'shop')).toBe(1)
    expect(await usersOf(CONFIG.accessToken)).toBe(2)
    const text = await (await fetch(`${server.url}/metrics`)).text()
    expect(text).toContain('rollcall_profiles{space="shop"} 1')
    expect(text).toContain('rollcall_profiles{space="space1"} 2')
  })

  it('is listed for the installation, and for itself alone', async () => {
    const one = await made('Shop', { id: 'shop_eu' })
    await made('Blog')
    expect(await idsOf(CONFIG.accessToken)).toEqual(['space1', 'shop_eu', 'blog'])
    expect(await idsOf(one.accessToken)).toEqual(['shop_eu'])
    expect((await ask('GET', '/spaces/shop_eu', one.accessToken)).body).toMatchObject({
      data: { space: { id: 'shop_eu', name: 'Shop', status: 'Live' } },
    })
    expect((await ask('GET', '/spaces/blog', one.accessToken)).status).toBe(404)
  })

  it('is there again after a restart', async () => {
    const one = await made('Shop')
    await track(one.writeKey, 'u1')
    const { installation } = server
    await server.stop()
    server = await startTestServer({ installation, clock: time.clock, timer: time.timer })
    await eventually(async () => expect(await usersOf(one.accessToken)).toBe(1))
    expect((await track(one.writeKey, 'u2')).status).toBe(200)
  })

  it.each([
    [{}, 400, 'validation_error'],
    [{ name: '' }, 400, 'validation_error'],
    [{ name: '!!!' }, 400, 'validation_error'],
    [{ name: 'Shop', id: 'a b' }, 400, 'validation_error'],
    [{ name: 'Again', id: 'space1' }, 409, 'in_use'],
  ])('is refused for %j', async (body, status, type) => {
    const answer = await ask('POST', '/spaces', CONFIG.accessToken, body)
    expect([answer.status, answer.body]).toEqual([status, { errors: [expect.objectContaining({ type }) as unknown] }])
    expect(await idsOf(CONFIG.accessToken)).toEqual(['space1'])
  })

  it('is made and removed with an installation token alone', async () => {
    const { accessToken } = await made('Shop')
    expect((await ask('POST', '/spaces', accessToken, { name: 'Other' })).status).toBe(403)
    expect((await ask('DELETE', '/spaces/shop', accessToken, { name: 'Shop' })).status).toBe(403)
    expect((await ask('POST', '/spaces', 'nobody', { name: 'Other' })).status).toBe(401)
    expect((await ask('GET', '/spaces', 'nobody')).status).toBe(401)
  })
})

describe('a space that is removed', () => {
  it('is gone with all that it had', async () => {
    const one = await made('Shop')
    await track(one.writeKey, 'u1')
    expect((await ask('DELETE', '/spaces/shop', CONFIG.accessToken, { name: 'shop' })).status).toBe(400)
    expect((await ask('DELETE', '/spaces/shop', CONFIG.accessToken, { name: 'Shop' })).body).toEqual({
      data: { status: 'SUCCESS' },
    })
    expect(await idsOf(CONFIG.accessToken)).toEqual(['space1'])
    expect(server.installation.removed).toEqual(['shop'])
    expect((await track(one.writeKey, 'u1')).status).toBe(401)
    expect((await ask('GET', '/spaces/shop/audiences', one.accessToken)).status).toBe(401)
    expect((await ask('GET', '/spaces/shop/audiences', CONFIG.accessToken)).status).toBe(404)
    const again = await made('Shop')
    expect(await usersOf(again.accessToken)).toBe(0)
  })

  it('is removed to the end after a restart', async () => {
    await made('Shop')
    const { installation } = server
    await server.stop()
    const record = installation.directory.records.get('shop')!
    installation.directory.records.set('shop', { ...record, isEnding: true })
    server = await startTestServer({ installation, clock: time.clock, timer: time.timer })
    await eventually(() => expect(installation.removed).toEqual(['shop']))
    expect(await idsOf(CONFIG.accessToken)).toEqual(['space1'])
  })

  it('is not the one that the environment names', async () => {
    const { status } = await ask('DELETE', `/spaces/${CONFIG.spaceId}`, CONFIG.accessToken, { name: CONFIG.spaceId })
    expect(status).toBe(409)
  })
})

describe('a space whose engine fails', () => {
  it('is opened again by itself, and the others do not notice', async () => {
    const one = await made('Shop')
    await track(one.writeKey, 'u1')
    const apply = vi.spyOn(Shard.prototype, 'apply').mockImplementationOnce(() => {
      throw new Error('injected')
    })
    expect((await track(one.writeKey, 'u2')).status).toBe(503)
    apply.mockRestore()
    expect((await track(CONFIG.writeKey, 'u3')).status).toBe(200)
    expect((await track(one.writeKey, 'u3')).status).toBe(503)
    expect((await ask('GET', '/spaces/shop/audiences', one.accessToken)).status).toBe(503)
    expect((await ask('GET', '/spaces/shop', one.accessToken)).text).toContain('Recovering')
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    time.moveTo(START + 1_000)
    await eventually(async () => expect((await track(one.writeKey, 'u4')).status).toBe(200))
    // What was durable is there, though it was not answered.
    expect(await usersOf(one.accessToken)).toBe(3)
  })
})

describe('a first space that cannot be opened', () => {
  it('is not opened again: the server has not started', async () => {
    const journal = new MemoryJournal<SpaceCommand>()
    vi.spyOn(journal, 'append').mockRejectedValue(new Error('append: the journal is full'))
    const own = new VirtualTime(START)
    await expect(startTestServer({ journal, clock: own.clock, timer: own.timer })).rejects.toThrow(
      'has stopped taking input',
    )
    expect([...own.timers]).toEqual([])
  })
})
