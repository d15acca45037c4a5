/** Settings of a space: how much it keeps, beside what the server has for all spaces. */
import { afterEach, describe, expect, it } from 'vitest'
import { KEEP_ALL } from '../../src/model/retention.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const DAY_MS = 86_400_000
const RETENTION = { historyMs: 90 * DAY_MS, eventsMax: 10_000, anonymousMs: 365 * DAY_MS, profilesMax: 10_000_000 }

let server: TestServer | undefined

afterEach(async () => {
  await server?.stop()
})

async function settings(): Promise<unknown> {
  return (await server!.control('GET', 'settings')).body['data']
}

describe('settings of a space', () => {
  it('are as the server has them until the space chooses, and again once it gives a choice up', async () => {
    server = await startTestServer({ retention: RETENTION })
    const before = { historyDays: 90, historyEventsMax: 10_000, anonymousDays: 365, profilesMax: 10_000_000 }
    expect(await settings()).toEqual({ settings: { ...before, chosen: [] } })
    const { body } = await server.control('PATCH', 'settings', { historyDays: 30, profilesMax: 2 })
    const chosen = { ...before, historyDays: 30, profilesMax: 2, chosen: ['historyDays', 'profilesMax'] }
    expect(body['data']).toEqual({ settings: chosen })
    expect(await settings()).toEqual({ settings: chosen })
    await server.control('PATCH', 'settings', { historyDays: null })
    expect(await settings()).toEqual({ settings: { ...before, profilesMax: 2, chosen: ['profilesMax'] } })
  })

  it('hold from then on: a call that would make one user more than was chosen is refused', async () => {
    server = await startTestServer({ retention: RETENTION })
    await server.control('PATCH', 'settings', { profilesMax: 1 })
    expect((await server.ingest('track', { userId: 'u1', event: 'E' })).status).toBe(200)
    expect((await server.ingest('track', { userId: 'u2', event: 'E' })).body).toMatchObject({ code: 'profiles_limit' })
  })

  it('stay when the server is started again with others, which hold for what was not chosen', async () => {
    const journal = new MemoryJournal<SpaceCommand>()
    const first = await startTestServer({ journal, retention: RETENTION })
    await first.control('PATCH', 'settings', { historyDays: 30 })
    await first.stop()
    server = await startTestServer({ journal, retention: { ...RETENTION, historyMs: 60 * DAY_MS, eventsMax: 500 } })
    expect(await settings()).toMatchObject({ settings: { historyDays: 30, historyEventsMax: 500 } })
    await server.control('PATCH', 'settings', { historyDays: null })
    expect(await settings()).toMatchObject({ settings: { historyDays: 60, historyEventsMax: 500, chosen: [] } })
  })

  it('are null where there is no bound', async () => {
    server = await startTestServer({ retention: KEEP_ALL })
    expect(await settings()).toMatchObject({ settings: { historyDays: null, profilesMax: null } })
  })

  it('are in the audit log, with what was chosen before', async () => {
    server = await startTestServer({ retention: RETENTION })
    await server.control('PATCH', 'settings', { historyDays: 30 })
    await server.control('PATCH', 'settings', { historyDays: 40 })
    const { body } = await server.control('GET', 'audit-log')
    expect((body['data'] as { changes: object[] }).changes[0]).toMatchObject({
      action: 'update',
      thing: 'settings',
      before: { historyMs: 30 * DAY_MS },
      after: { historyMs: 40 * DAY_MS },
    })
  })

  it.each([
    [{ historyDays: 0 }, 'historyDays: expected a whole number from 1 to 36500, or null, got a number'],
    [{ historyDays: 1.5 }, 'historyDays: expected whole number, got a number'],
    [{ profilesMax: '7' }, 'profilesMax: expected number, got a string'],
    [{ days: 7 }, 'days: expected only historyDays, historyEventsMax, anonymousDays, profilesMax, got a number'],
  ])('are refused, and nothing changes: %j', async (body, message) => {
    server = await startTestServer({ retention: RETENTION })
    const refused = await server.control('PATCH', 'settings', { anonymousDays: 7, ...body })
    expect(refused.status).toBe(400)
    expect(refused.body['errors']).toMatchObject([{ message }])
    expect(await settings()).toMatchObject({ settings: { anonymousDays: 365, chosen: [] } })
  })
})
