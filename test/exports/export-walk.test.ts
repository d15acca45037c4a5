/** An export of one instant, while the space goes on: everybody as all were when it began. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { Shard } from '../../actors/engine/shard.ts'
import { Shard as Engine } from '../../actors/engine/shard.ts'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import { PAGE_ACTORS } from '../../actors/records/pages.ts'
import { ExportWalk } from '../../src/exports/export-walk.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { ExportedMember, ExportRequest } from '../../src/model/export.ts'
import { traitsOf } from '../../src/profile-api/traits.ts'
import { exportsOf } from '../../src/server/exports.ts'
import { EXPORT_LIMITS } from '../../src/exports/exports.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { Pipeline } from '../../src/space/pipeline.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { everyScenario } from '../support/generators/calls.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { entriesOf } from '../support/run-shard.ts'
import { propertyRuns } from '../support/runs.ts'
import { sendCall } from '../support/send-call.ts'
import { VirtualTime } from '../support/server.ts'
import { accountAudience, audience, computedTrait, HOUR, Space } from '../support/space.ts'
import { SegmentIds } from '../../src/model/segment-id.ts'
import { catalogueOf, contextOf, exportOf } from './given.ts'

const NEVER = new AbortController().signal

async function walked(
  shard: Shard,
  request: ExportRequest,
  inBetween: () => void = () => undefined,
): Promise<{ members: ExportedMember[]; asOf: number }> {
  const members: ExportedMember[] = []
  const context = contextOf(shard, inBetween)
  const number = context.numberOf(request.source)!
  const reading = context.traits()
  const walk = new ExportWalk({
    ...request,
    number,
    reading,
    context,
    signal: NEVER,
    give: (member) => members.push(member),
  })
  await walk.run()
  return { members: sorted(members), asOf: walk.asOf }
}

function sorted(members: readonly ExportedMember[]): ExportedMember[] {
  return [...members].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** The members that a look at everybody at once finds, by what every profile shows. */
function membersNow(shard: Shard, { source, collection, traits }: ExportRequest): ExportedMember[] {
  const catalogue = catalogueOf(shard)
  const found = shard.actors().flatMap((actor) => {
    const own = actor.kind === 'user' ? 'users' : 'accounts'
    if (own !== collection) return []
    const accounts = actor.kind === 'user' ? actor.accounts : []
    const number = contextOf(shard).numberOf(source)!
    const isOfAccounts = source.type === 'ACCOUNTS' && collection === 'users'
    const value = isOfAccounts
      ? accounts.some((account) => account.definedValue(number) === true)
      : (actor.definedValue(number) ?? null)
    if (value === null || (source.kind === 'audience' && value !== true)) return []
    const view = { traits: actor.traits, defined: actor.defined, accounts }
    const shown = traitsOf(view, collection, catalogue, { include: new Set(traits), class: undefined })
    return [
      {
        id: actor.label,
        externalIds: actor.kind === 'user' ? actor.ids : [],
        ...(source.kind === 'computed_trait' && { value }),
        traits: Object.fromEntries(shown.map((trait) => [trait.key, trait.value])),
      },
    ]
  })
  return sorted(found)
}

function requestOf(source: DefinitionSource, all: readonly DefinitionSource[], withUsers: boolean): ExportRequest {
  const traits = [...new Set(['plan', 'age', 'VIP', ...all.map(({ key }) => key)])]
  const isOfUsers = withUsers && source.kind === 'audience' && source.type === 'ACCOUNTS'
  return exportOf(source, { traits, ...(isOfUsers && { collection: 'users' }) })
}

describe('an export', () => {
  it('is of the instant at which it began, whatever comes in between', async () => {
    const runs = propertyRuns(300)
    let changedMeanwhile = 0
    await fc.assert(
      fc.asyncProperty(
        everyScenario(),
        fc.nat(),
        fc.nat(),
        fc.boolean(),
        fc.constantFrom(1, 2, 5),
        async (scenario, at, start, withUsers, pace) => {
          const entries = entriesOf(scenario)
          const shard = new Engine({ definitions: scenario.definitions })
          let next = 0
          const applyNext = (): void => {
            if (entries[next]) shard.apply(entries[next++]!)
          }
          while (next < start % (entries.length + 1)) applyNext()
          const present = shard.definitions.inputs().map(({ source }) => source)
          const source = present[at % Math.max(1, present.length)]
          if (!source) return
          const request = requestOf(source, present, withUsers)
          const [expected, asOf] = [membersNow(shard, request), shard.clock]
          const found = await walked(shard, request, () => {
            for (let count = 0; count < pace; count++) applyNext()
          })
          expect(found).toEqual({ members: expected, asOf })
          const isThere = shard.definitions.find(source.key, source.type) === source
          if (isThere && JSON.stringify(membersNow(shard, request)) !== JSON.stringify(expected)) changedMeanwhile++
        },
      ),
      runs,
    )
    // One run alone may be of a space in which nothing happens.
    if (runs.numRuns >= 30) expect(changedMeanwhile).toBeGreaterThan(0)
  })

  it('has exactly the members of its instant though all profiles change while it goes on', async () => {
    const source = audience('seen', "event('Seen').within(1 hour).count() >= 1")
    const space = new Space(source)
    const count = 3 * PAGE_ACTORS
    for (let user = 0; user < count; user++) space.identify(`u${user}`, { plan: 'basic' }, 0)
    for (let user = 0; user < count; user += 2) space.track(`u${user}`, 'Seen', {}, 0)
    const request = exportOf(source, { traits: ['plan'] })
    const expected = membersNow(space.shard, request)
    let turn = 0
    const { members } = await walked(space.shard, request, () => {
      if (turn++ !== 1) return
      // The windows of half of them close, the others enter, and all have another trait.
      space.until(HOUR)
      for (let user = 0; user < count; user++) space.identify(`u${user}`, { plan: 'pro' })
      for (let user = 1; user < count; user += 2) space.track(`u${user}`, 'Seen')
    })
    expect(members).toHaveLength(count / 2)
    expect(members).toEqual(expected)
    expect(members.every(({ traits }) => traits['plan'] === 'basic')).toBe(true)
  })

  it('knows of users what their accounts were, though an account changes and they do not', async () => {
    const big = accountAudience('big', "trait('size') >= 10")
    const vip = audience('all', "trait('plan').exists()")
    const space = new Space(big, vip)
    for (const [user, account] of [
      ['u1', 'g1'],
      ['u2', 'g1'],
      ['u3', 'g2'],
    ] as const) {
      space.identify(user, { plan: 'pro' })
      space.group(user, account, { size: account === 'g1' ? 10 : 1 })
    }
    space.group('u2', 'g3', { size: 99 })
    const flip = (): void => {
      space.group('u1', 'g1', { size: 1 })
      space.group('u9', 'g2', { size: 20 })
    }
    const ofUsers = exportOf(big, { collection: 'users', traits: ['plan'] })
    const before = membersNow(space.shard, ofUsers)
    // Each once, though one is in two accounts of the audience.
    expect(before.map(({ id }) => id)).toEqual(['user_id:u1', 'user_id:u2'])
    expect((await walked(space.shard, ofUsers, flip)).members).toEqual(before)
    const again = new Space(big, vip)
    again.shard = space.shard
    const withTrait = exportOf(vip, { traits: ['big'] })
    const expected = membersNow(space.shard, withTrait)
    const unflip = (): void => {
      again.group('u1', 'g1', { size: 10 })
      again.group('u9', 'g2', { size: 2 })
    }
    expect((await walked(space.shard, withTrait, unflip)).members).toEqual(expected)
    const accounts = await walked(space.shard, exportOf(big))
    expect(accounts.members.map(({ id }) => id)).toEqual(['group_id:g1', 'group_id:g3'])
  })

  it('of a computed trait has everybody who has a value, with it', async () => {
    const source = computedTrait('spend', "event('Ordered').sum(property('revenue'))")
    const space = new Space(source)
    space.track('u1', 'Ordered', { revenue: 5 })
    space.track('u2', 'Ordered', {})
    const { members } = await walked(space.shard, exportOf(source, { ids: [] }))
    expect(members).toEqual([{ id: 'user_id:u1', externalIds: [], value: 5, traits: {} }])
  })

  it('that cannot take an actor before it changes fails, and the space does not', async () => {
    const source = audience('seen', "event('Seen').count() >= 1")
    const space = new Space(source)
    for (let user = 0; user < 3; user++) space.track(`u${user}`, 'Seen')
    const request = exportOf(source)
    const context = contextOf(space.shard, () => expect(space.track('u2', 'Seen')).toEqual([]))
    let given = 0
    const walk = new ExportWalk({
      ...request,
      number: 0,
      reading: context.traits(),
      context,
      signal: NEVER,
      give: () => {
        if (++given === 2) throw new Error('the disk is full')
      },
    })
    await expect(walk.run()).rejects.toThrow('the disk is full')
    expect(given).toBe(2)
    space.track('u1', 'Seen')
    expect(given).toBe(2)
  })

  it('ends when nobody wants it any more', async () => {
    const source = audience('seen', "event('Seen').count() >= 1")
    const space = new Space(source)
    for (let user = 0; user < 9; user++) space.track(`u${user}`, 'Seen')
    const ending = new AbortController()
    const context = contextOf(space.shard, () => ending.abort(new Error('left')))
    const members: unknown[] = []
    const walk = new ExportWalk({
      ...exportOf(source),
      number: 0,
      reading: context.traits(),
      context,
      signal: ending.signal,
      give: (member) => members.push(member),
    })
    await expect(walk.run()).rejects.toThrow('left')
    expect(members).toHaveLength(1)
  })
})

it('an export of people that have left memory has them all, and lets them leave again', async () => {
  const [time, checkpoints] = [new VirtualTime(1_700_000_000_000), new MemoryCheckpoints()]
  const pipeline = await Pipeline.open({
    journal: new MemoryJournal<SpaceCommand>(),
    checkpoints,
    clock: time.clock,
    timer: time.timer,
    memory: LARGE_MEMORY,
    residentBytesMax: 0,
  })
  const source = audience('seen', "event('Seen').count() >= 1")
  const record = {
    id: 'aud_1',
    name: '',
    description: '',
    enabled: true,
    createdAt: 0,
    updatedAt: 0,
    source,
    options: {},
  }
  await pipeline.command({ kind: 'define', record })
  const pages = 100
  for (let from = 0; from < pages * PAGE_ACTORS; from += 4 * PAGE_ACTORS) {
    const batch = Array.from({ length: 4 * PAGE_ACTORS }, (_, index) => ({
      type: 'track',
      userId: `u${from + index}`,
      event: index % 2 === 0 ? 'Seen' : 'Other',
    }))
    await sendCall(pipeline, 'batch', { batch })
  }
  time.moveTo(time.now + 60_000)
  await eventually(async () => expect(await checkpoints.committed()).toHaveLength(1))
  const { residentPages } = pipeline.shard
  await eventually(async () => {
    await pipeline.relieve()
    expect(residentPages.coldPages).toBeGreaterThanOrEqual(pages - 1)
  })
  const cold = residentPages.coldPages
  const isCold = (page: number): boolean => residentPages.pagesOf(page * PAGE_ACTORS).length > 0
  const lastCold = Array.from({ length: pages }, (_, page) => page).findLast(isCold)!
  const changing = `u${lastCold * PAGE_ACTORS + 1}`
  const segmentIds = new SegmentIds('default')
  const setup = { segmentIds, clock: time.clock, timer: time.timer, directory: undefined, limits: EXPORT_LIMITS }
  const { exports, members } = exportsOf(pipeline, setup)
  const load = vi.spyOn(pipeline.reads, 'load')
  let changes = 0
  load.mockImplementationOnce(async (some) => {
    // One that is out of memory changes before it is come to.
    await sendCall(pipeline, 'track', { type: 'track', userId: changing, event: 'Seen' })
    changes++
    return pipeline.reads.load(some)
  })
  const { directory, name, members: count } = await exports.make('exp_1', exportOf(source), NEVER)
  expect([count, changes]).toEqual([(pages * PAGE_ACTORS) / 2, 1])
  const lines = readFileSync(join(directory, name), 'utf8').trimEnd().split('\n')
  expect(new Set(lines).size).toBe(count)
  expect(lines.some((line) => line.includes(`"user_id:${changing}"`))).toBe(false)
  expect(load.mock.calls.length).toBeGreaterThanOrEqual(cold)
  expect(residentPages.coldPages).toBeGreaterThan(pages / 4)
  // So are lists of members: a page is complete when much has been brought back for it.
  const page = await members.page({ source, traits: [], limit: 200, from: 0 })
  expect(page.members).toHaveLength(200)
  await exports.stop()
  await pipeline.stop()
})
