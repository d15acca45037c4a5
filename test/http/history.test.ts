/** Past transitions of profiles, as a client of the Profile API reads them. */
import { describe, expect, it } from 'vitest'
import { TimedServer } from '../support/timed-server.ts'
import { eventually } from '../support/eventually.ts'

const START = Date.UTC(2026, 0, 31)
const DAY = 86_400_000

const given = new TimedServer(START)

type Fields = Record<string, unknown>

async function history(profile: string, rest = ''): Promise<Fields[]> {
  const { body, status } = await given.server.profiles(`${profile}/history${rest}`)
  expect(status).toBe(200)
  return body['data'] as Fields[]
}

function isoAt(at: number): string {
  return new Date(START + at).toISOString()
}

describe('the history of a profile', () => {
  it('says when and why it came to be in and out of audiences, the newest first', async () => {
    const id = await given.audience('Weekly', "event('Order').within(7 days).count() >= 2")
    await given.server.ingest('track', { anonymousId: 'a1', event: 'Order', messageId: 'm1' })
    given.time.moveTo(START + 1_000)
    await given.server.ingest('track', { userId: 'u1', event: 'Order', messageId: 'm2' })
    given.time.moveTo(START + 2_000)
    await given.server.ingest('identify', { userId: 'u1', anonymousId: 'a1', messageId: 'm3' })
    given.time.moveTo(START + 7 * DAY + 60_000)
    await eventually(async () => expect(await history('users/profiles/user_id:u1')).toHaveLength(2))
    await given.server.ingest('track', { userId: 'u1', event: 'Order', messageId: 'm4' })
    const change = { definition: { query: "event('Order').within(7 days).count() >= 1" } }
    expect((await given.server.control('PATCH', `audiences/${id}`, change)).status).toBe(200)
    expect(await history('users/profiles/user_id:u1')).toEqual([
      { at: isoAt(7 * DAY + 60_000), key: 'weekly', type: 'entered', cause: { kind: 'definition' } },
      { at: isoAt(7 * DAY), key: 'weekly', type: 'exited', cause: { kind: 'time' } },
      { at: isoAt(2_000), key: 'weekly', type: 'entered', cause: { kind: 'merge', messageId: 'm3' } },
    ])
  })

  it('has values of computed traits, and those of accounts', async () => {
    const trait = { name: 'Orders', definition: { type: 'USERS', query: "event('Order').count()" } }
    await given.server.control('POST', 'computed-traits', trait)
    await given.audience('Busy', "event('Order').count() >= 1", { audienceType: 'ACCOUNTS' })
    await given.server.ingest('track', { userId: 'u1', event: 'Order', messageId: 'm1' })
    await given.server.ingest('group', { userId: 'u1', groupId: 'g1', messageId: 'm2' })
    expect(await history('users/profiles/user_id:u1')).toEqual([
      { at: isoAt(0), key: 'orders', type: 'trait', value: 1, cause: { kind: 'call', messageId: 'm1' } },
    ])
    expect(await history('accounts/profiles/group_id:g1')).toEqual([
      { at: isoAt(0), key: 'busy', type: 'entered', cause: { kind: 'call', messageId: 'm2' } },
    ])
  })

  it('comes in pages', async () => {
    const trait = { name: 'Orders', definition: { type: 'USERS', query: "event('Order').count()" } }
    await given.server.control('POST', 'computed-traits', trait)
    for (let order = 1; order <= 5; order++) await given.server.ingest('track', { userId: 'u1', event: 'Order' })
    const seen: unknown[] = []
    for (let path = 'users/profiles/user_id:u1/history?limit=2'; path !== '';) {
      const { body } = await given.server.profiles(path)
      seen.push(...(body['data'] as Fields[]).map(({ value }) => value))
      path = (body['cursor'] as { url: string }).url
    }
    expect(seen).toEqual([5, 4, 3, 2, 1])
    for (const refused of ['limit=0', 'limit=101', 'next=x'])
      expect((await given.server.profiles(`users/profiles/user_id:u1/history?${refused}`)).status).toBe(400)
    expect((await given.server.profiles('users/profiles/user_id:none/history')).status).toBe(404)
  })
})
