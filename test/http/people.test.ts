/** Deletion, suppression and unlinking of people, as clients ask for them. */
import { describe, expect, it } from 'vitest'
import { CONFIG, send, startTestServer, VirtualTime } from '../support/server.ts'
import { eventually } from '../support/eventually.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { TimedServer } from '../support/timed-server.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'

const START = Date.UTC(2026, 0, 31)
const given = new TimedServer(START)

type Fields = Record<string, unknown>

function track(userId: string, event = 'Order', more: Fields = {}) {
  return given.server.ingest('track', { userId, event, ...more })
}

async function regulations(method: string, path = '', body?: unknown, token = CONFIG.accessToken) {
  return send(`${given.server.url}/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

async function regulate(regulationType: string, ...subjectIds: string[]): Promise<string> {
  const { status, text, body } = await regulations('POST', 'regulations', {
    regulationType,
    subjectType: 'USER_ID',
    subjectIds,
  })
  expect([status, text]).toEqual([200, expect.any(String)])
  return (body['data'] as { regulateId: string }).regulateId
}

async function statusOf(id: string): Promise<unknown> {
  const { body } = await regulations('GET', `regulations/${id}`)
  return (body['data'] as { regulation: Fields }).regulation['overallStatus']
}

async function isKnown(id: string): Promise<boolean> {
  return (await given.server.traits(id)).status === 200
}

describe('a profile', () => {
  it('is deleted, by any of its ids', async () => {
    await given.audience('Buyers', "event('Order').count() >= 1")
    await given.server.ingest('identify', { userId: 'u1', traits: { email: 'ann@x.io' } })
    await track('u1')
    const deleted = await given.server.profiles('users/profiles/email:ann@x.io', { method: 'DELETE' })
    expect([deleted.status, deleted.body]).toEqual([200, { data: { status: 'SUCCESS' } }])
    expect([await isKnown('user_id:u1'), await isKnown('email:ann@x.io')]).toEqual([false, false])
  })

  it('that is deleted is gone for all who ask, and its ids may come again', async () => {
    const id = await given.audience('Buyers', "event('Order').count() >= 1")
    await track('u1')
    const { body } = await given.server.profiles('users/profiles')
    const [{ id: segmentId }] = body['data'] as [{ id: string }]
    expect((await given.server.profiles(`users/profiles/${segmentId}`, { method: 'DELETE' })).status).toBe(200)
    expect(await isKnown('user_id:u1')).toBe(false)
    expect(await isKnown(segmentId)).toBe(false)
    expect((await given.server.control('GET', `audiences/${id}/members`)).body).toMatchObject({ data: { members: [] } })
    await track('u1', 'Visit')
    expect((await given.server.traits('user_id:u1')).body['traits']).toEqual({ buyers: false })
  })

  it('may be suppressed with it', async () => {
    await given.server.ingest('track', { userId: 'u1', anonymousId: 'a1', event: 'Order' })
    await given.server.profiles('users/profiles/user_id:u1?suppress=true', { method: 'DELETE' })
    expect((await track('u1')).body).toEqual({ success: true })
    expect(await isKnown('user_id:u1')).toBe(false)
    const { body } = await regulations('GET', 'suppressions')
    expect(body['data']).toEqual({
      suppressed: [
        { subjectType: 'USER_ID', subjectIds: ['u1'] },
        { subjectType: 'ANONYMOUS_ID', subjectIds: ['a1'] },
      ],
      pagination: { current: '', totalEntries: 2 },
    })
    const metrics = await (await fetch(`${given.server.url}/metrics`)).text()
    expect(metrics).toContain('rollcall_suppressed_calls_total{space="space1"} 1')
  })

  it.each([
    ['users/profiles/user_id:nobody', 404, 'not_found'],
    ['users/profiles/nonsense', 400, 'validation_error'],
    ['users/profiles/user_id:u1?suppress=maybe', 400, 'validation_error'],
    ['accounts/profiles/group_id:g9/links/users/user_id:u1', 404, 'not_found'],
    ['accounts/profiles/group_id:g1/links/users/user_id:u9', 404, 'not_found'],
    ['accounts/profiles/group_id:g2/links/users/user_id:u1', 404, 'not_found'],
  ])('that cannot be deleted or unlinked is refused: %s', async (path, status, code) => {
    await given.server.ingest('group', { userId: 'u1', groupId: 'g1' })
    await given.server.ingest('group', { userId: 'u2', groupId: 'g2' })
    const refused = await given.server.profiles(path, { method: 'DELETE' })
    expect([refused.status, refused.body]).toEqual([status, { error: expect.objectContaining({ code }) as unknown }])
    const links = await given.server.profiles('accounts/profiles/group_id:g1/links')
    expect(links.body['data']).toHaveLength(1)
  })

  it('leaves an account that it is unlinked from', async () => {
    await given.server.ingest('group', { userId: 'u1', groupId: 'g1' })
    const path = 'accounts/profiles/group_id:g1/links/users/user_id:u1'
    expect((await given.server.profiles(path, { method: 'DELETE' })).status).toBe(200)
    expect((await given.server.profiles('users/profiles/user_id:u1/links')).body['data']).toEqual([])
  })

  it('that was deleted is in no list of names any more', async () => {
    await given.server.ingest('identify', { userId: 'u1', traits: { city: 'Gotham' } })
    await track('u1', 'Order', { properties: { coupon: 'SECRET' } })
    await track('u2', 'Visit', { properties: { page: 'Home' } })
    await given.server.profiles('users/profiles/user_id:u1', { method: 'DELETE' })
    const traits = (await given.server.control('GET', 'observed/traits?collection=users')).text
    const order = (await given.server.control('GET', 'observed/events/Order/properties')).text
    expect(traits).not.toContain('Gotham')
    expect([traits, order].join()).toContain('coupon')
    expect(order).not.toContain('SECRET')
    expect((await given.server.control('GET', 'observed/events/Visit/properties')).text).toContain('Home')
  })

  it('that is deleted has left for whoever follows, and is not told of to who comes later', async () => {
    await given.audience('Buyers', "event('Order').count() >= 1")
    await track('u1')
    const path = `${given.server.url}/spaces/${CONFIG.spaceId}/transitions`
    const read = async (isEnough: (text: string) => boolean, seen: (text: string) => Promise<unknown> | undefined) => {
      const headers = { authorization: `Bearer ${CONFIG.accessToken}`, 'last-event-id': '0-0' }
      const ending = new AbortController()
      const response = await fetch(path, { headers, signal: ending.signal })
      let text = ''
      for await (const chunk of response.body!) {
        text += Buffer.from(chunk as Uint8Array).toString()
        await seen(text)
        if (isEnough(text)) break
      }
      ending.abort()
      return text
    }
    const remove = () => given.server.profiles('users/profiles/user_id:u1', { method: 'DELETE' })
    const whole = await read(
      (text) => text.includes('exited'),
      (text) => (text.includes('entered') && !text.includes('exited') ? remove() : undefined),
    )
    expect(whole).toContain('user_id:u1')
    await track('u2')
    const later = await read(
      (text) => text.includes('user_id:u2'),
      () => undefined,
    )
    expect(later).not.toContain('user_id:u1')
  })
})

describe('a regulation', () => {
  it('deletes and suppresses users, known or not, and says when it has', async () => {
    for (const user of ['u1', 'u2', 'u3']) await track(user)
    const id = await regulate('SUPPRESS_WITH_DELETE', 'u1', 'u2', 'u9')
    await eventually(async () => expect(await statusOf(id)).toBe('FINISHED'))
    expect(await Promise.all(['u1', 'u2', 'u3'].map((user) => isKnown(`user_id:${user}`)))).toEqual([
      false,
      false,
      true,
    ])
    await track('u9')
    expect(await isKnown('user_id:u9')).toBe(false)
    const { body } = await regulations('GET', 'regulations')
    expect(body['data']).toMatchObject({
      regulations: [{ id, regulationType: 'SUPPRESS_WITH_DELETE', status: 'FINISHED', subjects: [] }],
      pagination: { totalEntries: 1 },
    })
  })

  it('only deletes, only suppresses, or lifts that', async () => {
    await track('u1')
    await regulate('SUPPRESS_ONLY', 'u1', 'u2')
    expect(await isKnown('user_id:u1')).toBe(true)
    const id = await regulate('DELETE_ONLY', 'u1')
    await eventually(async () => expect(await statusOf(id)).toBe('FINISHED'))
    await track('u1')
    expect(await isKnown('user_id:u1')).toBe(false)
    await regulate('UNSUPPRESS', 'u1')
    await track('u1')
    await track('u2')
    expect([await isKnown('user_id:u1'), await isKnown('user_id:u2')]).toEqual([true, false])
  })

  it('is listed in pages, as suppressed ids are', async () => {
    await regulate('SUPPRESS_ONLY', ...Array.from({ length: 5 }, (_, index) => `u${index}`))
    await regulate('UNSUPPRESS', 'u2')
    const [first, second] = [await page('suppressions', 3), await page('regulations', 1)]
    expect(first.items.map((item) => (item as { subjectIds: string[] }).subjectIds)).toEqual([
      ['u0', 'u1', 'u3'],
      ['u4'],
    ])
    expect(second.items.map((item) => (item as Fields)['regulationType'])).toEqual(['SUPPRESS_ONLY', 'UNSUPPRESS'])
  })

  it.each([
    ['no type', { subjectType: 'USER_ID', subjectIds: ['u1'] }, 'regulationType'],
    [
      'an unknown type',
      { regulationType: 'DELETE_INTERNAL', subjectType: 'USER_ID', subjectIds: ['u1'] },
      'regulationType',
    ],
    ['objects', { regulationType: 'DELETE_ONLY', subjectType: 'OBJECT_ID', subjectIds: ['u1'] }, 'subjectType'],
    ['nobody', { regulationType: 'DELETE_ONLY', subjectType: 'USER_ID', subjectIds: [] }, 'subjectIds'],
    [
      'too many',
      { regulationType: 'DELETE_ONLY', subjectType: 'USER_ID', subjectIds: Array<string>(5_001).fill('u1') },
      'subjectIds',
    ],
  ])('with %s is refused', async (_what, body, field) => {
    const { status, body: answer } = await regulations('POST', 'regulations', body)
    expect([status, answer]).toEqual([
      400,
      { errors: [expect.objectContaining({ type: 'validation_error', field }) as unknown] },
    ])
    expect((await regulations('GET', 'regulations')).body).toMatchObject({ data: { regulations: [] } })
  })

  it('is asked for with an access token', async () => {
    for (const [method, path] of [
      ['POST', 'regulations'],
      ['GET', 'regulations'],
      ['GET', 'suppressions'],
    ] as const)
      expect((await regulations(method, path, method === 'POST' ? {} : undefined, 'wrong')).status).toBe(401)
  })

  it('goes on after a restart', async () => {
    const journal = new MemoryJournal<SpaceCommand>()
    const time = new VirtualTime(START)
    const first = await startTestServer({ journal, clock: time.clock, timer: time.timer })
    await first.ingest('track', { userId: 'u1', event: 'Order' })
    const regulation = { id: 'reg_1', type: 'DELETE_ONLY', subjects: 2, createdAt: START } as const
    await first.stop()
    await journal.append({
      kind: 'command',
      receivedAt: START,
      command: { kind: 'regulate', regulation, userIds: ['u1', 'u2'] },
    })
    const second = await startTestServer({ journal, clock: time.clock, timer: time.timer })
    await eventually(() =>
      expect(second.pipeline.registry.regulations.find('reg_1')).toMatchObject({ finishedAt: START }),
    )
    expect((await second.traits('user_id:u1')).status).toBe(404)
    await second.stop()
  })
})

/** All items of a list, each page by itself, by a count on a page. */
async function page(name: string, count: number): Promise<{ items: unknown[] }> {
  const items: unknown[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const query = `pagination[count]=${count}${cursor === '' ? '' : `&pagination[cursor]=${cursor}`}`
    const { body } = await regulations('GET', `${name}?${query}`)
    const data = body['data'] as Record<string, unknown[]> & { pagination: { next?: string } }
    items.push(...(data['suppressed'] ?? data['regulations'])!)
    cursor = data.pagination.next
  }
  return { items }
}
