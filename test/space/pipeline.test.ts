/** The flow of data as a whole: time, order, bounds, restart and end, through real requests and virtual time. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { Shard } from '../../actors/engine/shard.ts'
import { RULES_VERSION } from '../../src/model/rules.ts'
import { reopened } from '../support/reopened.ts'
import { KEEP_ALL } from '../../src/model/retention.ts'
import type { Transition } from '../../src/model/transition.ts'
import { eventually } from '../support/eventually.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { Pipeline } from '../../src/space/pipeline.ts'
import type { PipelineOptions, SpaceJournal } from '../../src/space/pipeline-options.ts'
import type { JournalEntry } from '../../src/journal/journal.ts'
import { HeldJournal } from '../journal/held-journal.ts'
import { startTestServer, type TestServer, VirtualTime } from '../support/server.ts'

const START = Date.UTC(2026, 0, 1)
const DAY = 86_400_000

const recent = { name: 'Recent', definition: { query: "event('Order').within(7 days).count() >= 1" } }
const orders = { name: 'Orders', definition: { query: "event('Order').count()" } }

const servers: TestServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function start(options: Partial<PipelineOptions> = {}): Promise<{ server: TestServer; rows: string[] }> {
  const server = await startTestServer(options)
  servers.push(server)
  const rows: string[] = []
  server.pipeline.changes$.subscribe({ next: (transition) => rows.push(row(transition)), error: () => undefined })
  return { server, rows }
}

/** A server whose journal holds what comes once it has started. */
async function startHeld(
  options: Partial<PipelineOptions> = {},
): Promise<{ server: TestServer; journal: HeldJournal<SpaceCommand> }> {
  const journal = new HeldJournal<SpaceCommand>()
  journal.release()
  const { server } = await start({ ...options, journal })
  journal.hold()
  return { server, journal }
}

/** A journal that takes all but the steps of a change of definitions. */
class FailingAtSteps extends MemoryJournal<SpaceCommand> {
  override append(entry: JournalEntry<SpaceCommand>): Promise<number> {
    const isStep = entry.kind === 'command' && entry.command.kind === 'proceed'
    return isStep ? Promise.reject(new Error('disk')) : super.append(entry)
  }
}

const DEFINED: SpaceCommand = {
  kind: 'define',
  record: {
    id: 'a',
    name: 'Orders',
    description: '',
    enabled: true,
    createdAt: START,
    updatedAt: START,
    source: { kind: 'computed_trait', type: 'USERS', key: 'orders', query: "event('Order').count()" },
    options: { includeHistoricalData: true, includeAnonymousUsers: false },
  },
}

function row({ at, type, key, profile, value }: Transition): string {
  return [at - START, type, key, profile, ...(value === undefined ? [] : [JSON.stringify(value)])].join(' ')
}

function order(userId: string, more: object = {}): object {
  return { userId, event: 'Order', ...more }
}

/** Without the first: it says which version of the rules holds. */
async function entriesOf(journal: SpaceJournal): Promise<string[]> {
  const rows: string[] = []
  for await (const { entry } of journal.read(1))
    rows.push(
      `${entry.receivedAt - START} ${entry.kind}${entry.kind === 'requests' ? ` ${entry.requests.length}` : ''}`,
    )
  return rows
}

describe('time alone', () => {
  it('acts through a tick, at the instant that was due', async () => {
    const time = new VirtualTime(START)
    const { server, rows } = await start({ clock: time.clock, timer: time.timer })
    await server.control('POST', 'audiences', recent)
    await server.ingest('track', order('u1'))
    expect(rows).toEqual(['0 entered recent user_id:u1'])
    time.moveTo(START + 7 * DAY - 1)
    expect(await entriesOf(server.journal)).toEqual(['0 command', '0 requests 1'])
    time.moveTo(START + 7 * DAY)
    await eventually(() => expect(rows).toEqual(['0 entered recent user_id:u1', `${7 * DAY} exited recent user_id:u1`]))
    expect((await server.traits('user_id:u1')).body['traits']).toEqual({ recent: false })
    expect((await entriesOf(server.journal)).slice(2)).toEqual([`${7 * DAY + 1} tick`])
    expect(time.timers.size).toBe(0)
  })

  it('acts late where nobody was there, and says when it became so', async () => {
    const journal = new MemoryJournal<SpaceCommand>()
    const time = new VirtualTime(START)
    const { server } = await start({ journal, clock: time.clock, timer: time.timer })
    await server.control('POST', 'audiences', recent)
    await server.ingest('track', order('u1'))
    await servers.pop()!.stop()
    expect(time.timers.size).toBe(0)
    time.now = START + 30 * DAY
    const { rows } = await start({ journal, clock: time.clock, timer: time.timer })
    time.moveTo(time.now)
    await eventually(() => expect(rows).toEqual([`${7 * DAY} exited recent user_id:u1`]))
  })

  it('needs no tick where input moves it on', async () => {
    const time = new VirtualTime(START)
    const { server, rows } = await start({ clock: time.clock, timer: time.timer })
    await server.control('POST', 'audiences', recent)
    await server.ingest('track', order('u1'))
    time.now = START + 8 * DAY
    await server.ingest('track', order('u2'))
    expect(rows.slice(1)).toEqual([`${7 * DAY} exited recent user_id:u1`, `${8 * DAY} entered recent user_id:u2`])
    expect((await entriesOf(server.journal)).filter((entry) => entry.endsWith('tick'))).toEqual([])
  })
})

describe('the version of the rules', () => {
  const browser = { anonymousId: 'a1', context: { Braze: { braze_id: 'b1' } } }

  it('is raised by an entry, once', async () => {
    const { server } = await start()
    await server.ingest('track', order('u1'))
    await start({ journal: server.journal })
    const versions: unknown[] = []
    for await (const { entry } of server.journal.read(0))
      if (entry.kind === 'command' && entry.command.kind === 'use rules') versions.push(entry.command.version)
    expect(versions).toEqual([RULES_VERSION])
  })

  it('of an entry is that of the time when it was live, after a restart and from a checkpoint', async () => {
    const journal = new MemoryJournal<SpaceCommand>()
    const body = Buffer.from(JSON.stringify(order('u1', browser)))
    await journal.append({
      kind: 'requests',
      receivedAt: 0,
      requests: [{ endpoint: 'track', sourceId: 'default', body }],
    })
    const { server } = await start({ journal })
    expect((await server.traits('braze_id:b1')).status).toBe(404)
    await server.ingest('track', order('u2', { context: { Braze: { braze_id: 'b2' } } }))
    expect((await server.traits('braze_id:b2')).status).toBe(200)
    const { server: again } = await start({ journal })
    expect((await again.traits('braze_id:b1')).status).toBe(404)
    expect((await again.traits('braze_id:b2')).status).toBe(200)
    const restored = reopened(again.pipeline.shard)
    expect(restored.rulesVersion).toBe(RULES_VERSION)
    expect(Shard.of({ ...again.pipeline.shard.state(), rules: undefined as never }).rulesVersion).toBe(1)
  })

  it('that is not known is refused, with what to do', async () => {
    const journal = new MemoryJournal<SpaceCommand>()
    const command = { kind: 'use rules', version: RULES_VERSION + 1 } as const
    await journal.append({ kind: 'command', receivedAt: 0, command })
    await expect(Pipeline.open({ journal })).rejects.toThrow(
      new RegExp(`version ${RULES_VERSION + 1}.*start the version of Rollcall that wrote it`),
    )
    const state = new Shard({ rules: RULES_VERSION + 1 }).state()
    expect(() => Shard.of(state)).toThrow(`version ${RULES_VERSION + 1}`)
  })
})

describe('the journal', () => {
  it('holds one entry for all requests that came while another was written', async () => {
    const { server, journal } = await startHeld({ clock: () => START })
    const first = server.ingest('track', order('u0'))
    await eventually(() => expect(journal.entries.length).toBe(1))
    const taken = vi.spyOn(server.pipeline, 'ingest')
    const rest = Promise.all(['u1', 'u2', 'u3'].map((userId) => server.ingest('track', order(userId))))
    await eventually(() => expect(taken).toHaveBeenCalledTimes(3))
    expect((await server.traits('user_id:u0')).status).toBe(404)
    journal.release()
    expect((await first).status).toBe(200)
    expect((await rest).map(({ status }) => status)).toEqual([200, 200, 200])
    for (const userId of ['u0', 'u1', 'u2', 'u3']) expect((await server.traits(`user_id:${userId}`)).status).toBe(200)
    const sizes = journal.entries.map((entry) => (entry.kind === 'requests' ? entry.requests.length : 0))
    expect(sizes).toEqual([1, 3])
  })

  it('gives back profiles, definitions and their records', async () => {
    const time = new VirtualTime(START)
    const { server } = await start({ clock: time.clock, timer: time.timer })
    await server.control('POST', 'audiences', recent)
    await server.control('POST', 'computed-traits', orders)
    const gone = { name: 'Gone', definition: recent.definition }
    const { body } = await server.control('POST', 'audiences', gone)
    const { audience } = body['data'] as { audience: { id: string } }
    await server.control('DELETE', `audiences/${audience.id}`)
    await server.ingest('batch', { context: { x: 1 }, batch: [order('u1', { type: 'track' }), 7, { type: 'x' }] })
    await server.ingest('identify', { userId: 'u1', traits: { email: 'a@b.c' }, messageId: 'm1' })
    time.moveTo(START + 7 * DAY)
    await eventually(async () => expect((await entriesOf(server.journal)).at(-1)).toMatch(/tick$/))
    const { server: again } = await start({ journal: server.journal, clock: time.clock, timer: time.timer })
    for (const path of ['audiences', 'computed-traits'])
      expect((await again.control('GET', path)).text).toBe((await server.control('GET', path)).text)
    expect((await again.traits('email:a@b.c')).text).toBe((await server.traits('user_id:u1')).text)
    expect(again.pipeline.shard.clock).toBe(server.pipeline.shard.clock)
    expect((await again.control('POST', 'audiences', gone)).status).toBe(409)
    time.now = START
    await again.ingest('track', order('u2'))
    expect((await entriesOf(server.journal)).at(-1)).toBe(`${7 * DAY + 1} requests 1`)
  })

  it('gives back what is kept without bound', async () => {
    const retention = { ...KEEP_ALL, anonymousMs: DAY }
    const { server } = await start({ retention })
    await server.ingest('track', order('u1'))
    const { server: again } = await start({ journal: server.journal, retention })
    expect(again.pipeline.shard.retention).toEqual(retention)
    expect((await again.traits('user_id:u1')).status).toBe(200)
    expect((await entriesOf(server.journal)).map((row) => row.split(' ')[1])).toEqual(['command', 'requests'])
  })

  it('that fails ends the pipeline: nothing more is acknowledged', async () => {
    const causes: unknown[] = []
    const { server, journal } = await startHeld({ onFailure: (cause) => causes.push(cause) })
    const first = server.ingest('track', order('u1'))
    await eventually(() => expect(journal.entries.length).toBe(1))
    journal.fail(new Error('disk'))
    expect((await first).status).toBe(503)
    expect(causes).toEqual([new Error('disk')])
    expect((await server.ingest('track', order('u1'))).headers.get('retry-after')).toBe('1')
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  })

  it('ends the wait for definitions that will never be live', async () => {
    const journal = new FailingAtSteps()
    const { server } = await start({ journal })
    await server.ingest('track', order('u1'))
    await expect(server.pipeline.command(DEFINED)).resolves.toBeUndefined()
    expect(server.pipeline.isOpen).toBe(false)
  })
})

describe('beyond its bounds', () => {
  it('a request is refused with 429, and the rest are answered', async () => {
    const { server, journal } = await startHeld({ limits: { submissionsMax: 3 } })
    const all = Array.from({ length: 8 }, (_, number) => server.ingest('track', order(`u${number}`)))
    let answered = 0
    for (const answer of all) void answer.then(() => answered++)
    await eventually(() => expect(answered).toBe(5))
    journal.release()
    const answers = await Promise.all(all)
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429, 429, 429, 429])
    const tooMany = answers.find(({ status }) => status === 429)!
    expect(tooMany.body).toMatchObject({ success: false, code: 'rate_limit_error' })
    expect(tooMany.headers.get('retry-after')).toBe('1')
    expect((await server.ingest('track', order('u9'))).status).toBe(200)
  })

  it('a request is refused before anything of it is read', async () => {
    const { server, journal } = await startHeld({ limits: { submissionsMax: 1 } })
    const first = server.ingest('track', order('u1'))
    await eventually(() => expect(journal.entries.length).toBe(1))
    expect((await server.ingest('track', { userId: 7 })).status).toBe(429)
    journal.release()
    expect((await first).status).toBe(200)
    expect((await server.ingest('track', { userId: 7 })).status).toBe(400)
  })
})

describe('an end', () => {
  it('answers what has come in, then completes the changes', async () => {
    const { server, journal } = await startHeld()
    servers.length = 0
    let completed = false
    server.pipeline.changes$.subscribe({ complete: () => (completed = true) })
    const first = server.ingest('track', order('u1'))
    await eventually(() => expect(journal.entries.length).toBe(1))
    const stopped = server.stop()
    journal.release()
    expect((await first).status).toBe(200)
    await stopped
    expect(completed).toBe(true)
    await expect(server.ingest('track', order('u1'))).rejects.toThrow()
  })
})
