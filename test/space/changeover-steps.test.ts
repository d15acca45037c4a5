/** Definitions of a server that change in steps: their status, what is shown meanwhile, other input, restarts. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Slice } from '../../src/model/entry.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import type { PipelineOptions } from '../../src/space/pipeline-options.ts'
import { HeldJournal } from '../journal/held-journal.ts'
import { eventually } from '../support/eventually.ts'
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

/** A server of some users who have ordered, whose journal stores nothing from now on. */
async function startHeld(options: Partial<PipelineOptions> = {}) {
  const journal = new HeldJournal<SpaceCommand>()
  journal.release()
  const time = new VirtualTime(START)
  const server = await start(journal, time, options)
  for (let user = 0; user < USERS; user++) await server.ingest('track', { userId: `u${user}`, event: 'Ordered' })
  return { journal, time, server }
}

const buyers = { name: 'Buyers', definition: { query: "event('Ordered').count() >= 1" } }

/** Asks for an audience, and lets nothing of what follows be stored. */
async function ask(server: TestServer, journal: HeldJournal<SpaceCommand>): Promise<Record<string, unknown>> {
  const following = server.pipeline.applied$.subscribe(() => {
    if (!server.pipeline.shard.changeover.progress) return
    following.unsubscribe()
    journal.hold()
  })
  const asked = server.control('POST', 'audiences', buyers)
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
    const { journal, server } = await startHeld()
    const { id, status } = await ask(server, journal)
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

  it('goes on after a restart where it was, from a checkpoint in the middle', async () => {
    const checkpoints = new MemoryCheckpoints()
    const { journal, time, server } = await startHeld({ checkpoints })
    const { id } = await ask(server, journal)
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
    const { journal, time, server } = await startHeld()
    await ask(server, journal)
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
    time.moveTo(START + 1_000)
    await eventually(() => expect(server.pipeline.shard.changeover.progress).toBeUndefined())
  })

  it('is gone at once when it is disabled, and tells nobody who was in it when it comes back', async () => {
    const { journal, server } = await startHeld()
    const rows: string[] = []
    server.pipeline.changes$.subscribe({ next: ({ profile, type }) => rows.push(`${profile} ${type}`) })
    const { id } = await ask(server, journal)
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
