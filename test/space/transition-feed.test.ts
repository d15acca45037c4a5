/** The live feed of a space whose servers are killed, and whose readers are cut off, slow, late and many. */
import { afterEach, describe, expect, it } from 'vitest'
import type { FeedFilter } from '../../src/model/transition-feed.ts'
import { parseBody, readRequest } from '../../src/model/read-request.ts'
import { SegmentIds } from '../../src/model/segment-id.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { CHECKPOINT_LIMITS } from '../../src/checkpoints/checkpoint-schedule.ts'
import { openData, sealData } from '../../src/checkpoints/checkpoint-codec.ts'
import type { CheckpointHead } from '../../src/checkpoints/checkpoint-parts.ts'
import { Pipeline } from '../../src/space/pipeline.ts'
import type { SpaceRest } from '../../src/space/recovery.ts'
import { HEARTBEAT_MS, READERS_MAX, TransitionFeed } from '../../src/space/transition-feed.ts'
import {
  RECENT_TRANSITIONS_LIMITS,
  RecentTransitions,
  type RecentTransitionsState,
} from '../../src/space/recent-transitions.ts'
import { audience, computedTrait } from '../support/space.ts'
import { FeedClient, type ReceivedTransition } from '../support/feed-client.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { until } from '../support/eventually.ts'
import { VirtualTime } from '../support/server.ts'
import { Chance } from '../simulation/fate.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE = 60_000
const RECENT = audience('recent', "event('Order').within(1 hour).count() >= 1")
const ORDERS = computedTrait('orders', "event('Order').count()")
const segmentIds = new SegmentIds('space1')
const { transitionsMax } = RECENT_TRANSITIONS_LIMITS

/** A space, one server after another. */
class Story {
  readonly journal = new MemoryJournal<SpaceCommand>()
  readonly checkpoints = new MemoryCheckpoints()
  time = new VirtualTime(START)
  pipeline!: Pipeline
  feed!: TransitionFeed
  #calls = 0

  async start(): Promise<void> {
    const { clock, timer } = this.time
    const isAlive = (): boolean => timer === this.time.timer
    const [journal, checkpoints] = [whileAlive(this.journal, isAlive), whileAlive(this.checkpoints, isAlive)]
    this.pipeline = await Pipeline.open({ journal, checkpoints, clock, timer, elapsedMs: () => 0 })
    const { shard, registry, recent, applied$ } = this.pipeline
    this.feed = new TransitionFeed({ shard, registry, segmentIds, recent, applied$, timer })
  }

  /** The server writes nothing any more, none of its timers rings, and nothing that it holds is used again. */
  async kill(): Promise<void> {
    this.time = new VirtualTime(this.time.now)
    await this.start()
  }

  define(source = RECENT): Promise<void> {
    const [createdAt, updatedAt] = [START, START]
    const kept = { id: `id_${source.key}`, name: source.key, description: '', enabled: true, createdAt, updatedAt }
    return this.pipeline.command({ kind: 'define', record: { ...kept, source, options: {} } })
  }

  async call(...bodies: readonly object[]): Promise<void> {
    const batch = bodies.map((body) => ({ messageId: `m${++this.#calls}`, ...body }))
    const body = Buffer.from(JSON.stringify({ batch }))
    await this.pipeline.ingest({ endpoint: 'batch', sourceId: 'web', body, ...readRequest('batch', parseBody(body)) })
  }

  order(...userIds: readonly string[]): Promise<void> {
    return this.call(...userIds.map((userId) => ({ type: 'track', userId, event: 'Order' })))
  }

  async later(ms: number): Promise<void> {
    this.time.moveTo(this.time.now + ms)
    await this.pipeline.catchUp()
  }

  async checkpoint(): Promise<void> {
    const [before] = await this.checkpoints.committed()
    await this.order('checkpoint')
    this.time.moveTo(this.time.now + CHECKPOINT_LIMITS.intervalMs)
    for (let committed = before; committed === before; [committed] = await this.checkpoints.committed())
      await new Promise((resolve) => setImmediate(resolve))
  }

  client(filter?: FeedFilter, lastId?: string): FeedClient {
    const client = new FeedClient(lastId)
    client.connect(this.feed, filter)
    return client
  }
}

/** A store whose calls no longer end, nor do anything, once the process is dead. */
function whileAlive<Store extends object>(store: Store, isAlive: () => boolean): Store {
  return new Proxy(store, {
    get: (_, name) => {
      const value: unknown = Reflect.get(store, name, store)
      if (typeof value !== 'function') return value
      return (...given: unknown[]): unknown =>
        isAlive() ? Reflect.apply(value, store, given) : new Promise(() => undefined)
    },
  })
}

const stories: Story[] = []
afterEach(async () => {
  for (const { feed, pipeline } of stories.splice(0)) {
    feed.stop()
    await pipeline.stop()
  }
})

async function begin(...definitions: readonly (typeof RECENT)[]): Promise<Story> {
  const story = new Story()
  stories.push(story)
  await story.start()
  for (const definition of definitions) await story.define(definition)
  return story
}

function idsOf({ transitions }: FeedClient): string[] {
  return transitions.map(({ id }) => id)
}

/** Returns what is the same whenever it is read: the segment id is that of the survivor once users are united. */
function withoutSegmentId({ id, data }: ReceivedTransition): ReceivedTransition {
  return { id, data: { ...data, segmentId: undefined } }
}

function linesOf({ transitions }: FeedClient): string[] {
  return transitions.map(({ data }) => `${String(data['profile'])} ${String(data['key'])} ${String(data['type'])}`)
}

async function oneStep(story: Story, chance: Chance): Promise<void> {
  const user = (): string => `u${chance.below(8)}`
  switch (chance.below(6)) {
    case 0:
      return story.later(chance.below(90) * MINUTE)
    case 1:
      return story.call(
        { type: 'track', anonymousId: `a${chance.below(8)}`, event: 'Order' },
        { type: 'identify', anonymousId: `a${chance.below(8)}`, userId: user() },
      )
    default:
      return story.order(...Array.from({ length: 1 + chance.below(4) }, user))
  }
}

describe('a reader that is cut off, while servers are killed', () => {
  it.each([1, 2, 3])('receives every transition once and in order, after 100 cuts (seed %i)', async (seed) => {
    const chance = new Chance(seed)
    const story = await begin(RECENT, ORDERS)
    const [cutOff, steady] = [story.client(), new FeedClient('0-0')]
    const entries = story.pipeline.recent.present.position
    for (let cuts = 0; cuts < 100;) {
      if (cutOff.connection === undefined) cutOff.connect(story.feed)
      else if (chance.is(0.4)) {
        cutOff.cut(chance.below(4))
        cuts++
      }
      const step = oneStep(story, chance)
      if (chance.is(0.05)) await story.checkpoint()
      if (chance.is(0.2)) {
        cutOff.cut(chance.below(4))
        cuts++
        // At any moment between the request and its answer.
        for (let turn = chance.below(10); turn > 0; turn--) await Promise.resolve()
        await story.kill()
      } else await step
    }
    cutOff.cut()
    cutOff.connect(story.feed)
    steady.connect(story.feed)
    expect(cutOff.gaps).toEqual([])
    expect(steady.transitions.length).toBeGreaterThan(100)
    const since = steady.transitions.filter(({ id }) => Number(id.split('-')[0]) >= entries)
    expect(cutOff.transitions.map(withoutSegmentId)).toEqual(since.map(withoutSegmentId))
    const ids = idsOf(steady).map((id) => id.split('-').map(Number) as [number, number])
    const isAfter = ids.slice(1).map(([position, index], place) => {
      const [positionBefore, indexBefore] = ids[place]!
      return position > positionBefore ? index === 1 : position === positionBefore && index === indexBefore + 1
    })
    expect(isAfter).not.toContain(false)
  })

  it('has the bytes that it has without any kill', async () => {
    const [killed, steady] = [await begin(RECENT, ORDERS), await begin(RECENT, ORDERS)]
    const clients = [killed.client(undefined, '0-0'), steady.client(undefined, '0-0')] as const
    for (let step = 0; step < 10; step++) {
      for (const story of [killed, steady]) {
        await story.order(`u${step % 3}`, `u${step % 4}`)
        await story.later(step * 7 * MINUTE)
      }
      clients[0].cut()
      if (step === 5) for (const story of [killed, steady]) await story.checkpoint()
      await killed.kill()
      clients[0].connect(killed.feed)
    }
    expect(clients[1].transitions.length).toBeGreaterThan(20)
    expect(clients[0].transitions).toEqual(clients[1].transitions)
  })
})

describe('a transition of the feed', () => {
  it('has its instant, its definition and its number', async () => {
    const story = await begin(RECENT, ORDERS)
    const client = story.client()
    await story.order('u1')
    await story.later(2 * 60 * MINUTE)
    const position = Number(client.transitions[0]!.id.split('-')[0])
    const profile = 'user_id:u1'
    const at = new Date(START).toISOString()
    const left = new Date(START + 60 * MINUTE).toISOString()
    const segmentId = segmentIds.of('users', story.pipeline.shard.ordinalOf('user_id', 'u1'))
    const more = { profile, segmentId, sequence: 1 }
    const [orders, recent] = [{ computedTraitId: 'id_orders' }, { audienceId: 'id_recent' }]
    expect(client.transitions).toEqual([
      { id: `${position}-1`, data: { at, type: 'entered', key: 'recent', ...more, ...recent } },
      { id: `${position}-2`, data: { at, type: 'trait', key: 'orders', value: 1, ...more, ...orders } },
      { id: `${position + 1}-1`, data: { at: left, type: 'exited', key: 'recent', ...more, sequence: 2, ...recent } },
    ])
  })

  it('has the segment id of whoever has it now: a user, an account, the survivor of a union, nobody', async () => {
    const story = await begin(ORDERS, { ...ORDERS, type: 'ACCOUNTS', key: 'seats' })
    await story.call(
      { type: 'track', anonymousId: 'a1', event: 'Order' },
      { type: 'group', anonymousId: 'a1', groupId: 'g1' },
    )
    const before = story.client(undefined, '0-0')
    const { shard } = story.pipeline
    const [absorbed, account] = [shard.ordinalOf('anonymous_id', 'a1'), shard.ordinalOfAccount('g1')]
    const byKey = (client: FeedClient): unknown[] =>
      client.transitions.map(({ data }) => [data['key'], data['segmentId']])
    expect(byKey(before)).toEqual([
      ['orders', segmentIds.of('users', absorbed)],
      ['seats', segmentIds.of('accounts', account)],
    ])
    await story.order('u1')
    const survivor = segmentIds.of('users', shard.ordinalOf('user_id', 'u1'))
    await story.call({ type: 'identify', anonymousId: 'a1', userId: 'u1' })
    for (const isKilled of [false, true]) {
      if (isKilled) await story.kill()
      const after = story.client(undefined, '0-0')
      expect(new Set(byKey(after).map(String))).toEqual(
        new Set([`orders,${survivor}`, `seats,${segmentIds.of('accounts', account)}`]),
      )
    }
    const following = story.client()
    await story.pipeline.command({ kind: 'delete', profile: { type: 'user_id', value: 'u1' } })
    const theirs = following.transitions.filter(({ data }) => data['profile'] === 'user_id:u1')
    expect(theirs.map(({ data }) => data['segmentId'])).toEqual(theirs.map(() => undefined))
    expect(theirs.length).toBeGreaterThan(0)
  })

  it('comes to those alone who ask for its audience or its profile', async () => {
    const story = await begin(RECENT, ORDERS)
    const ofAudience = story.client({ kind: 'definition', type: 'USERS', key: 'recent' })
    await story.order('u1')
    const ofProfile = story.client({ kind: 'profile', collection: 'users', id: { type: 'user_id', value: 'u1' } })
    await story.order('u2', 'u1')
    expect(linesOf(ofAudience)).toEqual(['user_id:u1 recent entered', 'user_id:u2 recent entered'])
    expect(linesOf(ofProfile)).toEqual(['user_id:u1 orders trait'])
  })

  it('of an absorbed user comes to those who follow the survivor, before and after', async () => {
    const story = await begin(RECENT, ORDERS)
    await story.call({ type: 'track', anonymousId: 'a1', event: 'Order' })
    const filter = { kind: 'profile', collection: 'users', id: { type: 'anonymous_id', value: 'a1' } } as const
    const client = story.client(filter)
    await story.order('u1')
    client.cut()
    await story.call({ type: 'track', anonymousId: 'a1', event: 'Order' })
    await story.call({ type: 'identify', anonymousId: 'a1', userId: 'u1' })
    await story.kill()
    client.connect(story.feed, filter)
    await story.order('u1')
    const values = client.transitions.map(({ data }) => data['value'])
    // The user's own of before the union, and the anonymous one's that was missed, are one feed by now.
    expect(values.filter((value) => value !== undefined)).toEqual([1, 2, 3, 4])
    expect(client.gaps).toEqual([])
  })

  it('is refused for a profile that is not there, and for an id that is none', async () => {
    const story = await begin()
    const nobody = { kind: 'profile', collection: 'users', id: { type: 'user_id', value: 'u1' } } as const
    expect(() => story.client(nobody)).toThrow('Profile was not found.')
    for (const id of ['1', '-1-1', '1-1-1', 'a-1', ' 1-1'])
      expect(() => story.client(undefined, id)).toThrow('Last-Event-ID: expected the id of an event of this feed')
  })
})

it('reads the last transitions of a checkpoint as they were written when they were new', () => {
  const state: RecentTransitionsState = {
    completeAfter: { position: 3, index: 0 },
    transitions: [
      [3, 1, 7, 'USERS', START, 'entered', 'recent', 'user_id:u1', 1],
      [5, 1, 8, 'ACCOUNTS', START, 'trait', 'seats', 'group_id:g1', 2, null],
    ],
  }
  const recent = RecentTransitions.of(state, 9)
  expect([recent.present, recent.next, recent.at(0), recent.at(1)]).toMatchObject([
    { position: 9, index: 0 },
    2,
    { position: 3, index: 1, ordinal: 7, type: 'USERS', transition: { type: 'entered', key: 'recent', sequence: 1 } },
    { position: 5, index: 1, ordinal: 8, type: 'ACCOUNTS', transition: { at: START, value: null, sequence: 2 } },
  ])
  expect(recent.state()).toEqual(state)
})

describe('a reader that comes back too late', () => {
  it('is told of the gap first, and once, and has all that follows it', async () => {
    const story = await begin(ORDERS)
    const client = story.client()
    await story.order('u1')
    client.cut()
    const { lastId } = client
    await story.order('u2')
    for (let batch = 0; batch < transitionsMax / 1_000; batch++)
      await story.order(...Array.from({ length: 1_000 }, (_, user) => `u${user}`))
    const { completeAfter, first, next } = story.pipeline.recent
    expect(next - first).toBe(transitionsMax)
    client.connect(story.feed)
    const after = `${completeAfter.position}-${completeAfter.index}`
    expect(client.connection!.events[0]).toMatchObject({ event: 'gap', id: after })
    expect(JSON.parse(client.gaps[0]!.data!)).toMatchObject({ code: 'transitions_gone', after })
    expect(client.transitions).toHaveLength(1 + transitionsMax)
    client.cut(transitionsMax)
    client.lastId = after
    client.connect(story.feed)
    expect(client.gaps).toHaveLength(1)
    client.cut()
    await story.checkpoint()
    await story.kill()
    client.lastId = lastId
    client.connect(story.feed)
    expect(client.gaps).toHaveLength(2)
    expect(new Set(idsOf(client)).size).toBeGreaterThan(transitionsMax)
  })

  it('is told of the gap that a checkpoint of before there was a feed leaves', async () => {
    const story = await begin(ORDERS)
    const client = story.client()
    await story.order('u1')
    client.cut()
    await story.order('u2')
    await story.checkpoint()
    const [number] = await story.checkpoints.committed()
    const parts = story.checkpoints.parts.get(number!)!
    const { shard, rest } = (await openData(parts.get('head'), 'head')) as CheckpointHead<SpaceRest>
    const { recent, ...older } = rest
    expect(recent!.transitions.length).toBeGreaterThan(0)
    parts.set('head', await sealData({ shard, rest: older }))
    await story.order('u3')
    await story.kill()
    client.connect(story.feed)
    expect(client.gaps).toHaveLength(1)
    expect(linesOf(client).slice(1)).toEqual(['user_id:u3 orders trait'])
  })

  it('is told if its id is of a journal that went further than this one', async () => {
    const story = await begin(ORDERS)
    const client = story.client(undefined, '1000-1')
    await story.order('u1')
    expect(JSON.parse(client.gaps[0]!.data!)).toMatchObject({ code: 'id_unknown' })
    expect(linesOf(client)).toEqual(['user_id:u1 orders trait'])
  })

  it('has no gap after a long time in which nothing came that it asks for', async () => {
    const story = await begin(RECENT, ORDERS)
    const client = story.client({ kind: 'definition', type: 'USERS', key: 'other' })
    for (let batch = 0; batch < (2 * transitionsMax) / 1_000; batch++)
      await story.order(...Array.from({ length: 1_000 }, (_, user) => `u${user}`))
    await story.later(HEARTBEAT_MS)
    client.cut()
    client.connect(story.feed)
    expect(client.gaps).toEqual([])
  })
})

describe('a reader that is slow', () => {
  it('is waited for by nobody, and goes on where it was', async () => {
    const story = await begin(ORDERS)
    const [client, other] = [story.client(), story.client()]
    client.connection!.isFull = true
    await story.order('u1', 'u2')
    await story.later(HEARTBEAT_MS)
    expect([client.transitions.length, other.transitions.length]).toEqual([0, 2])
    client.proceed()
    await story.later(2 * HEARTBEAT_MS)
    await story.order('u3')
    expect(client.transitions).toEqual(other.transitions)
    expect(client.connection!.isEnded).toBe(false)
  })

  it('is dropped with the reason if it takes nothing from one heartbeat to the next, and cut at the one after', async () => {
    const story = await begin(ORDERS)
    const client = story.client()
    const connection = client.connection!
    connection.isFull = true
    await story.order('u1')
    await story.later(2 * HEARTBEAT_MS)
    expect(connection.events.at(-1)).toMatchObject({ event: 'dropped' })
    expect(JSON.parse(connection.events.at(-1)!.data!)).toMatchObject({ code: 'slow_reader' })
    expect([connection.isEnded, connection.isCut]).toEqual([true, false])
    await story.later(HEARTBEAT_MS)
    expect(connection.isCut).toBe(true)
    client.cut()
    client.connect(story.feed)
    expect(linesOf(client)).toEqual(['user_id:u1 orders trait'])
  })

  it('is dropped once the next that it would be sent has left', async () => {
    const story = await begin(ORDERS)
    const client = story.client()
    const connection = client.connection!
    connection.isFull = true
    for (let batch = 0; batch <= transitionsMax / 1_000 && !connection.isEnded; batch++)
      await story.order(...Array.from({ length: 1_000 }, (_, user) => `u${user}`))
    expect(connection.events.at(-1)).toMatchObject({ event: 'dropped' })
  })
})

describe('the readers of a space', () => {
  it('are so many at most; one that leaves makes room', async () => {
    const story = await begin()
    const clients = Array.from({ length: READERS_MAX }, () => story.client())
    expect(() => story.client()).toThrow(`${READERS_MAX} readers already`)
    clients[0]!.cut()
    story.client()
  })

  it('hear a heartbeat, with an id that is recent', async () => {
    const story = await begin(ORDERS)
    const client = story.client({ kind: 'definition', type: 'USERS', key: 'other' })
    const { lastId } = client
    await story.order('u1')
    await story.later(HEARTBEAT_MS)
    const { position } = story.pipeline.recent.present
    expect(client.lastId).not.toBe(lastId)
    expect(client.connection!.events.at(-1)).toEqual({ id: `${position - 1}-0` })
  })

  it('are told when the server stops', async () => {
    const story = await begin()
    const connection = story.client().connection!
    await story.pipeline.stop()
    await until(() => connection.isEnded)
    expect(JSON.parse(connection.events.at(-1)!.data!)).toMatchObject({ code: 'unavailable' })
    expect(() => story.client()).toThrow('The server stops')
  })
})
