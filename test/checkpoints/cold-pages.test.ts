/** Users that have left memory: they come back for whatever touches them, and nothing shows of it. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { CHUNK_IDS } from '../../actors/deduplication/deduplication.ts'
import { PAGE_ACTORS } from '../../actors/records/pages.ts'
import type { ReadEntry } from '../../actors/engine/resident-pages.ts'
import { Shard } from '../../actors/engine/shard.ts'
import type { ShardOptions } from '../../actors/engine/shard-state.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import { readCall } from '../../src/model/call.ts'
import type { Entry, RawCall } from '../../src/model/entry.ts'
import { EngineError } from '../../src/model/errors.ts'
import { DEFAULT_IDENTITY_RULES } from '../../src/model/external-id.ts'
import { KEEP_ALL } from '../../src/model/retention.ts'
import type { Transition } from '../../src/model/transition.ts'
import { CheckpointDamagedError } from '../../src/checkpoints/checkpoint-codec.ts'
import { Checkpointer } from '../../src/checkpoints/checkpointer.ts'
import { ColdPages } from '../../src/checkpoints/cold-pages.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'
import { everyScenario } from '../support/generators/calls.ts'
import { bytesOf } from '../support/reopened.ts'
import { propertyRuns } from '../support/runs.ts'
import { entriesOf, type Scenario } from '../support/run-shard.ts'
import { accountAudience, audience } from '../support/space.ts'

const NOTHING_STAYS = { residentBytesMax: -1 }

/** A space of which nothing stays in memory that a checkpoint has. */
class ColdSpace {
  readonly store = new MemoryCheckpoints()
  readonly shard: Shard
  readonly checkpointer = new Checkpointer(this.store, [], { breathe: () => Promise.resolve(), elapsedMs: () => 0 })
  readonly cold: ColdPages
  #checkpoints = 0
  loads = 0

  constructor(definitions: readonly DefinitionSource[], options: ShardOptions = {}) {
    this.shard = new Shard({ definitions, ...options, ...NOTHING_STAYS })
    const { residentPages } = this.shard
    const writersOf = (page: number) => this.checkpointer.writersOf(page)
    this.cold = new ColdPages({ store: this.store, residentPages, writersOf })
  }

  async apply(entry: ReadEntry): Promise<readonly Transition[]> {
    this.loads += this.shard.residentPages.pagesFor(entry).length
    await this.cold.loadFor(entry)
    return this.shard.apply(entry).transitions
  }

  async checkpoint(): Promise<void> {
    await this.checkpointer.make(++this.#checkpoints, {
      cut: this.shard.cut(),
      rest: null,
      position: 0,
      journalId: '',
      receivedAt: 0,
      chunkIds: CHUNK_IDS,
      pageActors: PAGE_ACTORS,
      further: [],
      pressure: () => 0,
    })
    this.shard.endCut(true)
    // A page that was touched is passed over once.
    for (let pass = 0; pass < 2 + this.shard.profileCount / 1_000; pass++) this.shard.residentPages.release(0)
  }
}

describe('users that have left memory', () => {
  it('enter, leave, change, unite and adopt definitions as if they were there', async () => {
    let loads = 0
    const runs = propertyRuns(100)
    await fc.assert(
      fc.asyncProperty(
        everyScenario(),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(2, 5, Infinity),
        fc.constantFrom(2, 3),
        async (scenario, every, eventsMax, rules) => {
          const { definitions } = scenario
          const entries = readable(scenario)
          const options = { rules, retention: { ...KEEP_ALL, eventsMax } }
          const space = new ColdSpace(definitions, options)
          const straight = new Shard({ definitions, ...options })
          for (const [index, entry] of entries.entries()) {
            expect(JSON.stringify(await space.apply(entry))).toBe(JSON.stringify(straight.apply(entry).transitions))
            if (index % every === 0) await space.checkpoint()
          }
          loads += space.loads
        },
      ),
      runs,
    )
    expect(loads).toBeGreaterThan(runs.numRuns)
  })

  it('leave page by page, and only those come back that are touched', async () => {
    const space = new ColdSpace([audience('twice', "event('Seen').count() >= 2")])
    for (let user = 0; user < 10 * PAGE_ACTORS; user++) await space.apply(seen(`u${user}`))
    expect(space.shard.residentPages.coldPages).toBe(0)
    await space.checkpoint()
    expect([space.shard.residentPages.coldPages, space.shard.residentPages.bytes]).toEqual([10, expect.any(Number)])
    expect(space.shard.residentPages.bytes).toBeLessThanOrEqual(1024 * 1024)
    expect(space.shard.profileCount).toBe(10 * PAGE_ACTORS)
    const entered = await space.apply(seen('u3'))
    expect(entered).toEqual([expect.objectContaining({ profile: 'user_id:u3', type: 'entered' })])
    expect([space.loads, space.shard.residentPages.coldPages]).toEqual([1, 9])
    expect(pagesOfUser(space.shard, 'u3')).toEqual([])
    expect(pagesOfUser(space.shard, `u${PAGE_ACTORS}`)).toEqual([1])
    expect(pagesOfUser(space.shard, 'nobody')).toEqual([])
  })

  it('stay for whoever looks at them once an entry is applied', async () => {
    const space = new ColdSpace([])
    for (let user = 0; user < 3 * PAGE_ACTORS; user++) await space.apply(seen(`u${user}`))
    await space.checkpoint()
    const { shard } = space
    const isThere = (page: number): boolean => shard.reader.see(page * PAGE_ACTORS, () => undefined)
    await space.cold.load([0, 1, 2])
    await space.apply({ kind: 'tick', receivedAt: 1 })
    expect([shard.residentPages.coldPages, isThere(0), isThere(1), isThere(2)]).toEqual([0, true, true, true])
    await space.apply({ kind: 'tick', receivedAt: 2, looksAt: [1] })
    expect([isThere(0), isThere(1), isThere(2)]).toEqual([false, true, false])
    await space.apply({ kind: 'tick', receivedAt: 3, looksAt: [0, 3] })
    expect([isThere(0), isThere(1), isThere(2)]).toEqual([true, false, false])
  })

  it('stay for whoever tells them what changes of their account once an entry is applied, though all are there', async () => {
    const space = new ColdSpace([accountAudience('seen', "ANY event('Seen').count() >= 1")])
    for (let user = 0; user < PAGE_ACTORS; user++) await space.apply(seen(`u${user}`))
    await space.apply(read({ type: 'group', userId: 'u0', groupId: 'acme' }))
    await space.checkpoint()
    await space.cold.load([0, 1])
    // Whoever comes back has been touched, and is passed over once.
    await space.apply({ kind: 'tick', receivedAt: 1, looksAt: [0] })
    expect(space.shard.residentPages.coldPages).toBe(0)
    await space.apply({ kind: 'tick', receivedAt: 2, looksAt: [1], areUsersTold: true })
    const { shard } = space
    expect(shard.reader.see(shard.ordinalOf('user_id', 'u0'), () => undefined)).toBe(true)
  })

  it('stay from when an entry asks for them until it is applied, though a checkpoint is made meanwhile', async () => {
    const space = new ColdSpace([audience('twice', "event('Seen').count() >= 2")])
    for (let user = 0; user < 3 * PAGE_ACTORS; user++) await space.apply(seen(`u${user}`))
    await space.checkpoint()
    await space.cold.load([0, 1, 2])
    await space.apply({ kind: 'tick', receivedAt: 1 })
    const { shard } = space
    expect([shard.residentPages.coldPages, shard.residentPages.pagesFor(seen('u3'))]).toEqual([0, []])
    shard.cut()
    shard.endCut(true)
    expect(shard.apply(seen('u3')).transitions).toMatchObject([{ profile: 'user_id:u3', type: 'entered' }])
    expect(shard.residentPages.coldPages).toBeGreaterThan(0)
  })

  it('are those that were read, while a checkpoint is read that is too much for the memory', async () => {
    const space = new ColdSpace([])
    for (let user = 0; user < 4 * PAGE_ACTORS; user++) await space.apply(seen(`u${user}`))
    const { head, pages } = space.shard.cut()
    const restoring = Shard.restoring(head, NOTHING_STAYS)
    const isWhole = () => true
    for (let next = pages.take(isWhole); next; next = pages.take(isWhole)) restoring.addPage([next.bytes])
    const restored = restoring.finish()
    const { residentPages, reader } = restored
    for (let page = 0; page < 4; page++) {
      const isGone = pagesOfUser(restored, `u${page * PAGE_ACTORS}`).length > 0
      expect(isGone, `page ${page}`).toBe(!reader.see(page * PAGE_ACTORS, () => undefined))
    }
    expect(residentPages.coldPages).toBeGreaterThan(0)
  })

  it('stay while only the checkpoint at hand has them', () => {
    const { shard } = new ColdSpace([])
    for (let user = 0; user < 3 * PAGE_ACTORS; user++) shard.apply(seen(`u${user}`))
    const pass = (receivedAt: number): number => {
      for (let entry = 0; entry < 3; entry++) shard.apply({ kind: 'tick', receivedAt })
      return shard.residentPages.coldPages
    }
    shard.cut()
    expect(pass(1)).toBe(0)
    shard.endCut(false)
    expect(pass(2)).toBe(0)
    shard.cut()
    shard.endCut(true)
    expect(pass(3)).toBe(3)
  })

  it('are all there until the last has adopted a definition', async () => {
    const space = new ColdSpace([])
    for (let user = 0; user < 10 * PAGE_ACTORS; user++) await space.apply(seen(`u${user}`))
    await space.checkpoint()
    const definition = audience('once', "event('Seen').count() >= 1")
    const entered = await space.apply({ kind: 'command', receivedAt: 0, command: { kind: 'define', definition } })
    expect(entered).toHaveLength(10 * PAGE_ACTORS)
  })

  it('leave with their accounts, and come back for whatever these ask of them', async () => {
    const users = 3 * PAGE_ACTORS
    const spaceWith = async (...definitions: readonly DefinitionSource[]): Promise<ColdSpace> => {
      const space = new ColdSpace(definitions)
      for (let user = 0; user < users; user++)
        await space.apply(read({ type: 'group', userId: `u${user}`, groupId: 'g1' }))
      await space.checkpoint()
      expect(space.shard.residentPages.coldPages).toBe(4)
      return space
    }
    const coldAfter = async (space: ColdSpace, entry: ReadEntry): Promise<number> => {
      await space.apply(entry)
      return space.shard.residentPages.coldPages
    }
    const event = seen(`u${PAGE_ACTORS * 2}`)
    // Its own page, that of its account, and the last, on which a new user would be.
    expect(await coldAfter(await spaceWith(accountAudience('a', "event('Seen').count() >= 1")), event)).toBe(1)
    expect(await coldAfter(await spaceWith(accountAudience('a', "ANY event('Seen').count() >= 1")), event)).toBe(1)
    expect(await coldAfter(await spaceWith(), { ...event, areUsersTold: true })).toBe(0)
    const session = accountAudience('a', "event('Seen').expires_after(1 hour).count() >= 1")
    expect(await coldAfter(await spaceWith(session), event)).toBe(0)
    const funnel = accountAudience('a', "event('Seen').where(NOT event('Left').count() >= 1).count() >= 1")
    expect(await coldAfter(await spaceWith(funnel), event)).toBe(0)
    const readers = [accountAudience('a', "event('Seen').count() >= 1"), audience('b', "trait('a') = true")]
    const space = await spaceWith(...readers)
    expect((await space.apply(event)).map(({ key }) => key).sort()).toEqual(['a', ...Array<string>(users).fill('b')])
  })

  it('are looked at with their accounts', async () => {
    const space = new ColdSpace([accountAudience('a', "event('Seen').count() >= 1")])
    const { residentPages } = space.shard
    await space.apply(read({ type: 'group', userId: 'u1', groupId: 'g1' }))
    for (let user = 2; user < 2 * PAGE_ACTORS; user++) await space.apply(seen(`u${user}`))
    await space.apply(read({ type: 'group', userId: `u${2 * PAGE_ACTORS - 1}`, groupId: 'g1' }))
    await space.checkpoint()
    expect(residentPages.coldPages).toBe(2)
    expect(pagesOfAccount(space.shard, 'g2', true)).toEqual([])
    expect(pagesOfUser(space.shard, `u${2 * PAGE_ACTORS - 1}`)).toEqual([1])
    await space.cold.load([1])
    expect(pagesOfUser(space.shard, `u${2 * PAGE_ACTORS - 1}`)).toEqual([0])
    await space.cold.load([0])
    expect(pagesOfUser(space.shard, `u${2 * PAGE_ACTORS - 1}`)).toEqual([])
    await space.checkpoint()
    expect(pagesOfAccount(space.shard, 'g1', true)).toEqual([0])
    await space.cold.load([0])
    expect([pagesOfAccount(space.shard, 'g1', false), pagesOfAccount(space.shard, 'g1', true)]).toEqual([[], [1]])
  })

  it('are asked for once, however many wait for them', async () => {
    const space = new ColdSpace([])
    await space.apply(seen('u1'))
    await space.checkpoint()
    const read = vi.spyOn(space.store, 'read')
    await Promise.all([space.cold.load([0]), space.cold.load([0])])
    expect([read.mock.calls.length, space.shard.residentPages.coldPages]).toEqual([1, 0])
  })

  it('are part of the state, which cannot be told without them', async () => {
    const space = new ColdSpace([])
    const straight = new Shard()
    for (let user = 0; user < 2 * PAGE_ACTORS; user++) {
      await space.apply(seen(`u${user}`))
      straight.apply(seen(`u${user}`))
    }
    await space.checkpoint()
    expect(() => space.shard.state()).toThrow('page 0 is not in memory')
    await space.cold.load([0, 1])
    expect(bytesOf(space.shard)).toEqual(bytesOf(straight))
  })

  it('stay while definitions are adopted, until all have adopted them', async () => {
    const space = new ColdSpace([])
    for (let user = 0; user < 5 * PAGE_ACTORS; user++) await space.apply(seen(`u${user}`))
    await space.checkpoint()
    expect(space.shard.residentPages.coldPages).toBe(5)
    const definition = audience('never', "event('Other').count() >= 1")
    await space.apply({ kind: 'command', receivedAt: 0, command: { kind: 'define', definition } })
    const all = [...Array(5 * PAGE_ACTORS).keys()].map((user) => space.apply(seen(`u${user}`)))
    expect(await Promise.all(all)).toHaveLength(5 * PAGE_ACTORS)
  })

  it('come back for a command that is applied at the very instant at which they are due', async () => {
    const space = new ColdSpace([audience('seen', "event('Seen').within(1 second).count() >= 1")])
    const at = Date.parse('2026-01-01T00:00:00.000Z')
    const timestamp = new Date(at).toISOString()
    await space.apply(read({ type: 'track', event: 'Seen', userId: 'u1', timestamp }, at))
    const due = at + 1_000
    await space.apply({ kind: 'tick', receivedAt: due })
    await space.checkpoint()
    expect(space.shard.residentPages.coldPages).toBe(1)
    const command = { kind: 'delete', profile: { type: 'user_id', value: 'nobody' }, suppress: false } as const
    // The clock of whoever received it is behind.
    const left = await space.apply({ kind: 'command', receivedAt: due - 1, command })
    expect(left).toMatchObject([{ profile: 'user_id:u1', type: 'exited' }])
  })

  it('do not come back from a part that is damaged', async () => {
    const space = new ColdSpace([])
    await space.apply(seen('u1'))
    await space.checkpoint()
    const part = space.store.parts.get(1)!.get('page:0')!
    part[part.length - 1]! ^= 1
    await expect(space.cold.load([0])).rejects.toThrow(CheckpointDamagedError)
    expect(space.shard.residentPages.coldPages).toBe(1)
  })
})

/** The entries of a scenario; calls that are refused are left out. */
function readable(scenario: Scenario): ReadEntry[] {
  return entriesOf(scenario).flatMap((entry) => (entry.kind === 'command' ? [entry] : readEntry(entry)))
}

function readEntry(entry: Exclude<Entry, { kind: 'command' }>): ReadEntry[] {
  if (entry.kind === 'tick') return [entry]
  const [{ body }] = entry.calls as [RawCall]
  try {
    return [read(body, entry.receivedAt)]
  } catch (error) {
    if (error instanceof EngineError) return []
    throw error
  }
}

function read(body: unknown, receivedAt = 0): ReadEntry {
  return { kind: 'calls', receivedAt, calls: [{ call: readCall(body, DEFAULT_IDENTITY_RULES), sourceId: 's' }] }
}

function seen(userId: string): ReadEntry {
  return read({ type: 'track', event: 'Seen', userId })
}

function pagesOfUser(shard: Shard, userId: string): readonly number[] {
  return shard.residentPages.pagesOf(shard.ordinalOf('user_id', userId))
}

function pagesOfAccount(shard: Shard, groupId: string, withUsers: boolean): readonly number[] {
  return shard.residentPages.pagesOf(shard.ordinalOfAccount(groupId), withUsers)
}
