/** Sizes of audiences, now and over time, as a client of the Control API reads them. */
import { describe, expect, it } from 'vitest'
import { TimedServer } from '../support/timed-server.ts'

const START = Date.UTC(2026, 0, 31, 10, 20)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const given = new TimedServer(START)

type Fields = Record<string, unknown>

async function sizes(id: string, query: string): Promise<Fields[]> {
  const { body, status } = await given.server.control('GET', `audiences/${id}/sizes?${query}`)
  expect(status).toBe(200)
  return (body['data'] as { sizes: Fields[] }).sizes
}

async function listed(id: string): Promise<Fields> {
  const { body } = await given.server.control('GET', 'audiences')
  return (body['data'] as { audiences: Fields[] }).audiences.find((audience) => audience['id'] === id)!
}

/** Time passes, and what it does has been done. */
async function moveTo(at: number): Promise<void> {
  given.time.moveTo(START + at)
  await given.server.ingest('track', { userId: 'watch', event: 'Tick' })
}

async function order(...users: readonly string[]): Promise<void> {
  for (const userId of users) await given.server.ingest('track', { userId, event: 'Order' })
}

describe('the sizes of an audience', () => {
  it('say who entered and left in each step, and how many of those by time', async () => {
    const id = await given.audience('Daily', "event('Order').within(1 day).count() >= 1")
    await order('u1', 'u2')
    await moveTo(HOUR + 5 * MINUTE)
    await order('u3')
    await moveTo(DAY + 10 * MINUTE)
    const day = await sizes(id, 'step=hour')
    expect(day.filter(({ entered, left }) => Number(entered) + Number(left) > 0)).toEqual([
      { at: '2026-01-31T10:00:00.000Z', size: 2, entered: 2, left: 0, byTime: 0 },
      { at: '2026-01-31T11:00:00.000Z', size: 3, entered: 1, left: 0, byTime: 0 },
      { at: '2026-02-01T10:00:00.000Z', size: 1, entered: 0, left: 2, byTime: 2 },
    ])
    expect(day).toHaveLength(25)
    const from = '2026-01-31T00:00:00.000Z'
    expect(await sizes(id, `step=day&from=${from}`)).toEqual([
      { at: '2026-01-31T00:00:00.000Z', size: 3, entered: 3, left: 0, byTime: 0 },
      { at: '2026-02-01T00:00:00.000Z', size: 1, entered: 0, left: 2, byTime: 2 },
    ])
    expect((await sizes(id, 'step=minute')).at(-11)).toEqual({
      at: '2026-02-01T10:20:00.000Z',
      size: 1,
      entered: 0,
      left: 2,
      byTime: 2,
    })
    expect(await listed(id)).toMatchObject({ size: { count: 1, type: 'USERS' }, entered24h: 1, left24h: 2 })
  })

  it('count two that have become one, once', async () => {
    const id = await given.audience('Any', "event('Order').count() >= 1")
    const context = { traits: { email: 'a@x.io' } }
    await given.server.ingest('track', { anonymousId: 'a1', context, event: 'Order' })
    await order('u1')
    await given.server.ingest('identify', { userId: 'u1', context })
    expect(await sizes(id, 'step=minute')).toMatchObject([{ size: 1, entered: 2, left: 0 }])
    expect(await listed(id)).toMatchObject({ size: { count: 1, type: 'USERS' }, entered24h: 2 })
  })

  it('of accounts are those of accounts; one that is disabled has none, and goes on afterwards', async () => {
    const id = await given.audience('Busy', "event('Order').count() >= 2", { audienceType: 'ACCOUNTS' })
    await order('u1', 'u1')
    await given.server.ingest('group', { userId: 'u1', groupId: 'g1' })
    expect(await listed(id)).toMatchObject({ size: { count: 1, type: 'ACCOUNTS' }, entered24h: 1 })
    await given.server.control('PATCH', `audiences/${id}`, { enabled: false })
    expect(await listed(id)).not.toHaveProperty('size')
    expect(await sizes(id, '')).toEqual([])
    await given.server.control('PATCH', `audiences/${id}`, { enabled: true })
    expect(await listed(id)).toMatchObject({ size: { count: 1, type: 'ACCOUNTS' }, entered24h: 1 })
  })

  it('are asked for by what can be read, or the parameter is named', async () => {
    const id = await given.audience('Any', "event('Order').count() >= 1")
    const refused = async (query: string): Promise<unknown> => {
      const { body, status } = await given.server.control('GET', `audiences/${id}/sizes?${query}`)
      return [status, (body['errors'] as Fields[])[0]!['field']]
    }
    expect(await refused('step=week')).toEqual([400, 'step'])
    expect(await refused('from=yesterday')).toEqual([400, 'from'])
    expect(await refused('to=1')).toEqual([400, 'to'])
    expect(await refused('from=2026-02-01T00:00:00Z')).toEqual([400, 'from'])
    expect(await refused('more=1')).toEqual([400, 'more'])
    expect((await given.server.control('GET', 'audiences/aud_none/sizes')).status).toBe(404)
  })
})
