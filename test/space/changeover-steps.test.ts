/** Definitions of a server that change in steps: their status, what is shown meanwhile, other input, restarts. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { PAGE_ACTORS } from '../../actors/records/pages.ts'
import type { Slice } from '../../src/model/entry.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import type { PipelineOptions } from '../../src/space/pipeline-options.ts'
import { HeldJournal } from '../journal/held-journal.ts'
import { eventually, until } from '../support/eventually.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'
import { startTestServer, type TestServer, VirtualTime } from '../support/server.ts'

const START = Date.UTC(2026, 0, 1)
const USERS = 10
const SLICE: Slice = { actors: 1, rows: 1, events: 1_000 }

const servers: TestServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function start(
  journal: HeldJournal<SpaceCommand>,
  time: VirtualTime,
  options: Partial<PipelineOptions> = {},
): Promise<TestServer> {
  const { clock, timer } = time
  const server = await startTestServer({ journal, clock, timer, sliceOf: () => SLICE, ...options })
  servers.push(server)
  return server
}

interface Held {
  readonly server: TestServer
  readonly journal: HeldJournal<SpaceCommand>
  readonly time: VirtualTime
}

/** A server of some users who have ordered, and whose journal may be held. */
async function startHeld(options: Partial<PipelineOptions> = {}): Promise<Held> {
  const journal = new HeldJournal<SpaceCommand>()
  journal.release()
  const time = new VirtualTime(START)
  const server = await start(journal, time, options)
  for (let user = 0; user < USERS; user++) await server.ingest('track', { userId: `u${user}`, event: 'Ordered' })
  return { journal, time, server }
}

const buyers = { name: 'Buyers', definition: { query: "event('Ordered').count() >= 1" } }

/** Asks for an audience, and lets nothing of what follows be stored. */
async function ask({ server, journal, time }: Held): Promise<Record<string, unknown>> {
  let isHeld = false
  const following = server.pipeline.applied$.subscribe(() => {
    if (!server.pipeline.shard.changeover.progress) return
    following.unsubscribe()
    journal.hold()
    isHeld = true
  })
  const asked = server.control('POST', 'audiences', buyers)
  await until(() => isHeld)
  // Nobody waits longer than a moment for the answer.
  time.moveTo(time.now + 1_000)
  return ((await asked).body['data'] as Record<string, Record<string, unknown>>)['audience']!
}

async function statusOf(server: TestServer, id: unknown): Promise<Record<string, unknown>> {
  const { body } = await server.control('GET', `audiences/${String(id)}`)
  return (body['data'] as Record<string, Record<string, unknown>>)['audience']!
}

async function traitsOf(server: TestServer, user: string): Promise<unknown> {
  return (await server.traits(`user_id:${user}`)).body['traits']
}

describe('a definition that is computed', () => {
  it('says how far it has come, is not shown, and then is live for all', async () => {
    const held = await startHeld()
    const { journal, server } = held
    const { id, status } = await ask(held)
    expect(status).toBe('Computing')
    const shown = await statusOf(server, id)
    expect(shown).toMatchObject({ status: 'Computing', enabled: true })
    expect((shown['progress'] as { share: number }).share).toBeLessThan(1)
    expect(await traitsOf(server, 'u0')).toEqual({})
    journal.release()
    await eventually(async () => expect((await statusOf(server, id))['status']).toBe('Live'))
    expect((await statusOf(server, id))['progress']).toBeUndefined()
    expect(await traitsOf(server, `u${USERS - 1}`)).toEqual({ buyers: true })
  })

  it('is live when it is answered, where that takes a moment only', async () => {
    const { server } = await startHeld()
    const { body } = await server.control('POST', 'audiences', buyers)
    expect(body).toMatchObject({ data: { audience: { status: 'Live' } } })
    expect(await traitsOf(server, 'u3')).toEqual({ buyers: true })
  })

  it('goes on after a restart where it was, from a checkpoint in the middle', async () => {
    const checkpoints = new MemoryCheckpoints()
    const held = await startHeld({ checkpoints })
    const { journal, time, server } = held
    const { id } = await ask(held)
    const ended = server.pipeline.stop()
    journal.release()
    await ended
    await servers.pop()!.stop()
    expect(await checkpoints.committed()).not.toEqual([])
    expect(server.pipeline.shard.changeover.progress).toBeDefined()
    const next = await start(journal, time, { checkpoints })
    await eventually(async () => expect((await statusOf(next, id))['status']).toBe('Live'))
    for (let user = 0; user < USERS; user++) expect(await traitsOf(next, `u${user}`)).toEqual({ buyers: true })
  })

  it('lets other input go first', async () => {
    const held = await startHeld()
    const { journal, time, server } = held
    await ask(held)
    const taken = Array.from({ length: 3 }, (_, call) =>
      server.pipeline.command({
        kind: 'add token',
        token: { id: `tok_${call}`, description: '', digest: `${call}`, createdAt: START },
      }),
    )
    journal.release()
    await Promise.all(taken)
    const kinds = journal.entries.map((entry) => (entry.kind === 'command' ? entry.command.kind : entry.kind))
    // The step that was on its way, and then only tokens: until they are stored, the next step waits.
    expect(kinds.slice(0, 4)).toEqual(['proceed', 'add token', 'add token', 'add token'])
    time.moveTo(time.now + 1_000)
    await eventually(() => expect(server.pipeline.shard.changeover.progress).toBeUndefined())
  })

  it('is gone at once when it is disabled, and tells nobody who was in it when it comes back', async () => {
    const held = await startHeld()
    const { journal, server } = held
    const rows: string[] = []
    server.pipeline.changes$.subscribe({ next: ({ profile, type }) => rows.push(`${profile} ${type}`) })
    const { id } = await ask(held)
    journal.release()
    await eventually(() => expect(rows).toHaveLength(USERS))
    await server.control('PATCH', `audiences/${String(id)}`, { enabled: false })
    expect(await statusOf(server, id)).toMatchObject({ status: 'Disabled', enabled: false })
    expect(await traitsOf(server, 'u1')).toEqual({})
    await server.ingest('track', { userId: 'late', event: 'Ordered' })
    await server.control('PATCH', `audiences/${String(id)}`, { enabled: true })
    await eventually(async () => expect((await statusOf(server, id))['status']).toBe('Live'))
    await eventually(() => expect(rows.slice(USERS)).toEqual(['user_id:late entered']))
    expect(await traitsOf(server, 'u1')).toEqual({ buyers: true })
  })
})

it('definitions of accounts are computed over users that have left memory, with all whom they are linked to', async () => {
  const journal = new HeldJournal<SpaceCommand>()
  journal.release()
  const [time, checkpoints, faults] = [new VirtualTime(START), new MemoryCheckpoints(), vi.fn()]
  const server = await start(journal, time, {
    checkpoints,
    residentBytesMax: 0,
    sliceOf: () => ({ actors: 5, rows: 20, events: 1_000 }),
    onSetAside: faults,
  })
  const { pipeline } = server
  const users = PAGE_ACTORS * 4
  const accountOf = (user: number): string => `g${user % 5}`
  const batch = Array.from({ length: users }, (_, user) => [
    { type: 'group', userId: `u${user}`, groupId: accountOf(user) },
    { type: 'track', userId: `u${user}`, event: user === 7 ? 'Seen' : 'Ordered' },
  ])
  await server.ingest('batch', { batch: batch.flat() })
  const ordered = { name: 'Ordered', definition: { query: "event('Ordered').count() >= 1" } }
  const { body } = await server.control('POST', 'audiences', ordered)
  const { id } = (body['data'] as Record<string, { id: string }>)['audience']!
  const team = { name: 'Team', definition: { query: "ALL trait('ordered') = true" }, audienceType: 'ACCOUNTS' }
  await server.control('POST', 'audiences', team)
  time.moveTo(time.now + 60_000)
  await eventually(async () => expect(await checkpoints.committed()).not.toEqual([]))
  /** Steps that let other input go first go on as time passes. */
  const settled = async (): Promise<void> => {
    await eventually(() => {
      time.moveTo(time.now + 10)
      expect(pipeline.shard.changeover.progress).toBeUndefined()
    })
  }
  const cool = (): Promise<void> =>
    eventually(async () => {
      await pipeline.relieve()
      expect(pipeline.shard.residentPages.coldPages).toBeGreaterThanOrEqual(3)
    })
  await cool()
  const count = { name: 'Orders', definition: { type: 'ACCOUNTS', query: "event('Ordered').count()" } }
  const made = server.control('POST', 'computed-traits', count)
  await until(() => pipeline.shard.changeover.intended.find('orders', 'ACCOUNTS') !== undefined)
  await settled()
  await made
  const traits = async (account: string): Promise<unknown> =>
    (await server.traits(`group_id:${account}`, undefined, 'accounts')).body['traits']
  const perAccount = Array.from({ length: users }, (_, user) => user).filter((user) => user % 5 === 0).length
  expect(await traits('g0')).toEqual({ orders: perAccount, team: true })
  expect(await traits('g2')).toMatchObject({ team: false })
  await cool()
  const number = pipeline.shard.definitions.input('ordered', 'USERS')!.id
  expect(pipeline.shard.reader.membersOf(number)).toBe(users - 1)
  const either = { query: "event('Ordered').count() >= 1 OR event('Seen').count() >= 1" }
  const changed = server.control('PATCH', `audiences/${id}`, { definition: either })
  await until(() => pipeline.shard.changeover.intended.find('ordered', 'USERS')?.query === either.query)
  await settled()
  await changed
  expect(await traits('g2')).toMatchObject({ team: true })
  expect(await traitsOf(server, 'u7')).toEqual({ ordered: true, team: true })
  expect(faults).not.toHaveBeenCalled()
})
