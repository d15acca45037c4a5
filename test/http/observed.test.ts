/** Observed names, as a client of the Control API reads them. */
import { expect, it } from 'vitest'
import { TimedServer } from '../support/timed-server.ts'

const START = Date.UTC(2026, 0, 31)

const given = new TimedServer(START)

async function observed(path: string): Promise<unknown> {
  const { body, status } = await given.server.control('GET', `observed/${path}`)
  expect(status).toBe(200)
  return body['data']
}

it('names of events, properties and traits are listed as they come', async () => {
  await given.server.ingest('track', { userId: 'u1', event: 'Order/Done', properties: { total: 5 } })
  await given.server.ingest('identify', { userId: 'u1', traits: { plan: 'pro' } })
  await given.server.ingest('group', { userId: 'u1', groupId: 'g1', traits: { seats: 3 } })
  expect(await observed('events')).toEqual({
    events: [{ name: 'Order/Done', count24h: 1, lastSeenAt: '2026-01-31T00:00:00.000Z' }],
  })
  expect(await observed('events?search=none')).toEqual({ events: [] })
  const total = { present: 1, types: [{ type: 'number', share: 1 }], values: [{ value: 5, share: 1 }] }
  expect(await observed('events/Order%2FDone/properties')).toEqual({ properties: [{ path: 'total', ...total }] })
  expect(await observed('traits')).toMatchObject({ traits: [{ path: 'plan', values: [{ value: 'pro' }] }] })
  expect(await observed('traits?collection=accounts')).toMatchObject({ traits: [{ path: 'seats' }] })
})

it('what cannot be asked for is refused, and the field is named', async () => {
  const refused = async (path: string): Promise<unknown> => {
    const { body, status } = await given.server.control('GET', `observed/${path}`)
    return [status, (body['errors'] as Record<string, unknown>[])[0]!['field']]
  }
  expect(await refused('events?limit=0')).toEqual([400, 'limit'])
  expect(await refused('events?more=1')).toEqual([400, 'more'])
  expect(await refused('events/None/properties')).toEqual([404, 'name'])
  expect(await refused('traits?collection=all')).toEqual([400, 'collection'])
})
