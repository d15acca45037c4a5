/** Reads of many profiles: of pages that have left memory, in turns, while the space goes on. */
import { afterEach, describe, expect, it } from 'vitest'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import { CHECKPOINT_LIMITS } from '../../src/checkpoints/checkpoint-schedule.ts'
import type { EventQuery } from '../../src/model/event-query.ts'
import { SegmentIds } from '../../src/model/segment-id.ts'
import { ProfileReads, type ProfileReadLimits } from '../../src/space/profile-reads.ts'
import { eventually } from '../support/eventually.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'
import { startTestServer, type TestServer, VirtualTime } from '../support/server.ts'

const START = Date.UTC(2026, 0, 1)
/** More than four pages. */
const USERS = 300
const ALL: EventQuery = {
  from: -Infinity,
  to: Infinity,
  isWanted: () => true,
  isNewestFirst: false,
  limit: 100,
  start: undefined,
}

let server: TestServer
const segmentIds = new SegmentIds('space1')

/** Users of one account, each with an event; of all pages but the last none is in memory. */
async function begin(): Promise<void> {
  const time = new VirtualTime(START)
  const checkpoints = new MemoryCheckpoints()
  server = await startTestServer({ clock: time.clock, timer: time.timer, checkpoints, residentBytesMax: 0 })
  const batch = Array.from({ length: USERS }, (_, index) => [
    { type: 'group', userId: `u${index}`, groupId: index < 150 ? 'g1' : 'g2' },
    { type: 'track', userId: `u${index}`, event: `E${index}` },
  ])
  await server.ingest('batch', { batch: batch.flat() })
  time.moveTo(START + CHECKPOINT_LIMITS.intervalMs)
  await eventually(async () => expect(await checkpoints.committed()).toHaveLength(1))
  await eventually(async () => {
    await server.ingest('track', { userId: 'last', event: 'Other' })
    expect(server.pipeline.shard.residentPages.coldPages).toBeGreaterThan(3)
  })
}
afterEach(() => server.stop())

interface Hooks {
  readonly limits?: Partial<ProfileReadLimits>
  readonly breathe?: () => Promise<void>
  readonly onRelief?: () => void
}

function readsWith({ limits, breathe = () => Promise.resolve(), onRelief }: Hooks = {}): ProfileReads {
  const { pipeline } = server
  return new ProfileReads({
    shard: pipeline.shard,
    reads: pipeline.reads,
    segmentIds,
    breathe,
    relieve: () => {
      onRelief?.()
      return pipeline.relieve()
    },
    ...(limits && { limits }),
  })
}

function labelsOf(profiles: readonly SpaceActor[]): string[] {
  return profiles.map(({ label }) => label)
}

function userIds(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `user_id:u${from + index}`)
}

describe('profiles that have left memory', () => {
  it('are found by segment id, listed, and linked to', async () => {
    await begin()
    const reads = readsWith()
    const user = await reads.find('users', { segmentId: segmentIds.of('users', 2) })
    expect([user!.label, reads.segmentIdOf(user!)]).toEqual(['user_id:u1', segmentIds.of('users', 2)])
    const list = await reads.list('users', { next: segmentIds.of('users', 100), limit: 100 })
    expect(labelsOf(list.profiles)).toEqual(userIds(99, 199))
    const account = (await reads.find('accounts', { type: 'group_id', value: 'g1' }))!
    const links = await reads.linkedTo(account, { next: undefined, limit: 150 })
    expect([labelsOf(links.profiles), links.next]).toEqual([userIds(0, 150), undefined])
  })

  it('are searched, so many at a time; pages that come back go again', async () => {
    await begin()
    let reliefs = 0
    const limits = { searchPagesMax: 2, reliefPages: 1 }
    const reads = readsWith({ limits, onRelief: () => reliefs++ })
    const found: string[] = []
    const pages: number[] = []
    let next: string | undefined
    do {
      const page = await reads.search('users', { kind: 'prefixed', prefix: 'u29', type: undefined }, { next, limit: 5 })
      found.push(...labelsOf(page.profiles))
      pages.push(page.profiles.length)
      next = page.next
    } while (next !== undefined)
    expect(found).toEqual(['user_id:u29', ...userIds(290, 300)])
    expect(pages.length).toBeGreaterThan(3)
    expect(reliefs).toBeGreaterThan(0)
  })

  it('are searched in turns', async () => {
    await begin()
    let turns = 0
    const breathe = () => {
      turns++
      return Promise.resolve()
    }
    const limits = { turnProfiles: 50, searchProfilesMax: 120, searchPagesMax: 100 }
    const reads = readsWith({ limits, breathe })
    const range = { next: undefined, limit: 5 }
    const page = await reads.search('users', { kind: 'prefixed', prefix: 'nobody', type: undefined }, range)
    expect([page.profiles, page.next, turns]).toEqual([[], segmentIds.of('users', 121), 2])
  })
})

describe('the events of an account', () => {
  it('are read in turns, from users that have left memory too', async () => {
    await begin()
    let turns = 0
    const breathe = () => {
      turns++
      return Promise.resolve()
    }
    const reads = readsWith({ limits: { turnUsers: 40, turnEvents: 60 }, breathe })
    const account = (await reads.find('accounts', { type: 'group_id', value: 'g1' }))!
    const page = await reads.eventsOf(account, ALL)
    expect(page.events.map(({ event }) => event.name)).toEqual(Array.from({ length: 100 }, (_, at) => `E${at}`))
    expect(labelsOf(page.events.map(({ user }) => user))).toEqual(userIds(0, 100))
    expect([page.next?.rank, turns]).toEqual([100, 2])
  })

  it('are read again if its users become others meanwhile', async () => {
    await begin()
    await server.ingest('group', { anonymousId: 'a1', groupId: 'g1' })
    await server.ingest('track', { anonymousId: 'a1', event: 'Merged' })
    // The first user takes over the last one, which is still to be looked at.
    const breathe = async () => {
      await server.ingest('identify', { userId: 'u0', anonymousId: 'a1' })
    }
    const reads = readsWith({ limits: { turnUsers: 40, turnEvents: 40 }, breathe })
    const account = (await reads.find('accounts', { type: 'group_id', value: 'g1' }))!
    const isWanted = (name: string) => name === 'Merged' || name === 'E0'
    const page = await reads.eventsOf(account, { ...ALL, isWanted })
    expect(page.events.map(({ event, user }) => [event.name, user.label])).toEqual([
      ['E0', 'user_id:u0'],
      ['Merged', 'user_id:u0'],
    ])
  })
})
