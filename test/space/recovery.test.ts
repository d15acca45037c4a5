/** A space after any end: its newest checkpoint, then the journal; and checkpoints that fail. */
import { unpack } from 'msgpackr'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { CHECKPOINT_VERSION, sealPart } from '../../src/checkpoints/checkpoint-codec.ts'
import { PARTS_ACTORS_MAX } from '../../src/checkpoints/checkpoint-parts.ts'
import { CHECKPOINT_LIMITS } from '../../src/checkpoints/checkpoint-schedule.ts'
import { Pipeline } from '../../src/space/pipeline.ts'
import type { PipelineOptions } from '../../src/space/pipeline-options.ts'
import { eventually } from '../support/eventually.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { bytesOf } from '../support/reopened.ts'
import { startTestServer, type TestServer, VirtualTime } from '../support/server.ts'

const START = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000
const MINUTE = CHECKPOINT_LIMITS.intervalMs

class Story {
  readonly journal = new MemoryJournal<SpaceCommand>()
  readonly checkpoints = new MemoryCheckpoints()
  readonly time = new VirtualTime(START)
  readonly damaged: string[] = []
  readonly failed: unknown[] = []
  #server: TestServer | undefined
  #calls = 0

  async start(options: Partial<PipelineOptions> = {}): Promise<TestServer> {
    const { journal, checkpoints, time } = this
    this.#server = await startTestServer({
      journal,
      checkpoints,
      clock: time.clock,
      timer: time.timer,
      onDamaged: (cause) => this.damaged.push(cause.message),
      onCheckpointFailed: (cause) => this.failed.push(cause),
      ...options,
    })
    return this.#server
  }

  get server(): TestServer {
    return this.#server!
  }

  /** As a kill would: nothing is written any more, and nothing that it holds is used again. */
  async kill(): Promise<void> {
    const begin = vi.spyOn(this.checkpoints, 'begin').mockRejectedValue(new Error('killed'))
    await this.#server?.stop()
    this.#server = undefined
    this.failed.length = 0
    begin.mockRestore()
  }

  async orders(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const call = {
        userId: `u${this.#calls % 200}`,
        event: 'Order',
        messageId: `m${++this.#calls}`,
        properties: { total: index },
      }
      expect((await this.server.ingest('track', call)).status).toBe(200)
    }
  }

  /** Waits a minute, in which a checkpoint is made. */
  async checkpoint(): Promise<void> {
    const [before] = await this.checkpoints.committed()
    this.time.moveTo(this.time.now + MINUTE)
    await eventually(async () => expect((await this.checkpoints.committed())[0]).not.toBe(before))
    // What follows a commit: parts that nothing needs any more, then the journal.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
}

const stories: Story[] = []
afterEach(async () => {
  for (const story of stories.splice(0)) await story.kill()
})

async function begin(): Promise<Story> {
  const story = new Story()
  stories.push(story)
  const server = await story.start()
  await server.control('POST', 'audiences', {
    name: 'Recent',
    definition: { query: "event('Order').within(1 hour).count() >= 2" },
  })
  await server.control('POST', 'computed-traits', {
    name: 'Total',
    definition: { query: "event('Order').sum(property('total'))" },
  })
  return story
}

async function positions(story: Story): Promise<number[]> {
  const found: number[] = []
  for await (const { position } of story.journal.read(0)) found.push(position)
  return found
}

describe('a space that is started again', () => {
  it('is, to the byte, what it was, from its checkpoint and the rest of the journal', async () => {
    const story = await begin()
    for (let round = 0; round < 5; round++) {
      await story.orders(90)
      if (round !== 2) await story.checkpoint()
      await story.orders(30)
      const bytes = bytesOf(story.server.pipeline.shard)
      const views = (await story.server.control('GET', 'audiences')).text
      await story.kill()
      await story.start()
      expect(bytesOf(story.server.pipeline.shard)).toEqual(bytes)
      expect((await story.server.control('GET', 'audiences')).text).toBe(views)
    }
  })

  it('reads only what came after its checkpoint, and forgets what is behind the one before', async () => {
    const story = await begin()
    await story.orders(50)
    await story.checkpoint()
    expect(await positions(story)).toHaveLength(54)
    await story.orders(50)
    await story.checkpoint()
    const kept = await positions(story)
    expect(kept[0]).toBe(53)
    const { length } = kept
    await story.orders(10)
    await story.kill()
    const read = vi.spyOn(story.journal, 'read')
    await story.start()
    expect(read.mock.calls).toEqual([[53 + length, expect.any(String)]])
    await story.orders(1)
    expect((await story.server.traits('user_id:u110')).status).toBe(200)
  })

  it('knows what it has counted, and when windows end', async () => {
    const story = await begin()
    await story.orders(1)
    await story.server.ingest('track', { userId: 'u0', event: 'Order', messageId: 'm1' })
    await story.server.ingest('track', { userId: 'u0', event: 'Order', messageId: 'other', properties: { total: 7 } })
    await story.checkpoint()
    await story.kill()
    await story.start()
    await story.server.ingest('track', { userId: 'u0', event: 'Order', messageId: 'm1', properties: { total: 7 } })
    expect((await story.server.traits('user_id:u0')).body['traits']).toEqual({ recent: true, total: 7 })
    story.time.moveTo(START + HOUR)
    await eventually(async () =>
      expect((await story.server.traits('user_id:u0')).body['traits']).toEqual({ recent: false, total: 7 }),
    )
  })

  it('brings users back as the newest checkpoint has them, not that of its start', async () => {
    const story = await begin()
    await story.orders(200)
    await story.checkpoint()
    await story.kill()
    const server = await story.start({ residentBytesMax: 0 })
    await server.ingest('track', { userId: 'u5', event: 'Order', messageId: 'late', properties: { total: 1_000 } })
    await story.checkpoint()
    // A page goes once it has been passed over; those that come now are on another.
    for (let index = 0; index < 20; index++) await server.ingest('track', { userId: 'u199', event: 'Other' })
    expect(server.pipeline.shard.residentPages.pagesOf(server.pipeline.shard.ordinalOf('user_id', 'u5'))).toEqual([0])
    expect((await server.traits('user_id:u5')).body['traits']).toEqual({ recent: true, total: 1_005 })
  })

  it('makes a last checkpoint when it is stopped, and reads nothing more then', async () => {
    const story = await begin()
    await story.orders(5)
    await story.server.stop()
    expect(await story.checkpoints.committed()).toEqual([1])
    const read = vi.spyOn(story.journal, 'read')
    await story.start()
    for await (const { position } of story.journal.read(...read.mock.calls[0]!)) expect(position).toBe(-1)
    await story.server.stop()
    expect(await story.checkpoints.committed()).toEqual([1])
    await story.start()
  })
})

describe('a checkpoint', () => {
  it('writes what has changed, and keeps no part that no checkpoint needs', async () => {
    const story = await begin()
    await story.orders(200)
    await story.checkpoint()
    const partsOf = (number: number) => [...story.checkpoints.parts.get(number)!.keys()].sort()
    expect(partsOf(1)).toEqual(['chunk:0', 'head', 'manifest', 'page:0', 'page:1', 'page:2', 'page:3'])
    await story.orders(1)
    await story.checkpoint()
    expect(partsOf(2)).toEqual(['chunk:0', 'head', 'manifest', 'page:0'])
    await story.orders(1)
    await story.checkpoint()
    expect(partsOf(1)).toEqual(['page:0', 'page:1', 'page:2', 'page:3'])
    expect([...story.checkpoints.parts.keys()]).toEqual([1, 2, 3])
  })

  it('writes what has changed of a page, and all of it once half has changed', async () => {
    const story = await begin()
    await story.orders(200)
    await story.checkpoint()
    const page = (number: number) => story.checkpoints.parts.get(number)?.get('page:0')
    for (let round = 0; round < PARTS_ACTORS_MAX; round++) {
      await story.orders(1)
      await story.checkpoint()
      expect(page(2 + round)!.length).toBeLessThan(page(1)!.length / 4)
    }
    const bytes = bytesOf(story.server.pipeline.shard)
    await story.kill()
    await story.start()
    expect(bytesOf(story.server.pipeline.shard)).toEqual(bytes)
    for (let round = 0; round < 3; round++) {
      await story.orders(1)
      await story.checkpoint()
    }
    const last = PARTS_ACTORS_MAX + 2
    expect(page(last)!.length).toBeGreaterThan(page(last + 1)!.length * 4)
    for (let number = 1; number < last; number++) expect(page(number)).toBeUndefined()
  })

  it('that is damaged gives way to the one before, and nothing is lost', async () => {
    for (const name of ['manifest', 'head', 'page:0', 'chunk:0']) {
      const story = await begin()
      await story.orders(20)
      await story.checkpoint()
      await story.orders(20)
      await story.checkpoint()
      await story.orders(20)
      const bytes = bytesOf(story.server.pipeline.shard)
      await story.kill()
      const newest = story.checkpoints.parts.get(2)!
      const part = newest.get(name)!
      part[part.length - 1]! ^= 1
      const pipeline = await Pipeline.open({
        journal: story.journal,
        checkpoints: story.checkpoints,
        onDamaged: (cause) => story.damaged.push(cause.message),
        timer: story.time.timer,
        clock: story.time.clock,
      })
      expect(bytesOf(pipeline.shard)).toEqual(bytes)
      expect(story.damaged).toEqual([expect.stringContaining('checkpoint 2 cannot be used')])
      await pipeline.ingest({ endpoint: 'track', sourceId: '', body: Buffer.from('{}'), calls: [] })
      await pipeline.stop()
      expect(await story.checkpoints.committed()).toEqual([3, 1])
    }
  })

  it('is not needed while the journal is there from its first entry', async () => {
    const story = await begin()
    await story.orders(20)
    await story.checkpoint()
    const bytes = bytesOf(story.server.pipeline.shard)
    await story.kill()
    story.checkpoints.parts.get(1)!.delete('page:0')
    const { journal, checkpoints } = story
    const pipeline = await Pipeline.open({ journal, checkpoints })
    expect(bytesOf(pipeline.shard)).toEqual(bytes)
  })

  it('of a later version is left alone', async () => {
    const story = await begin()
    await story.orders(2)
    await story.checkpoint()
    await story.kill()
    story.checkpoints.parts.get(1)!.get('head')![0] = CHECKPOINT_VERSION + 1
    const { journal, checkpoints } = story
    await expect(Pipeline.open({ journal, checkpoints })).rejects.toThrow('the head of 1 has version 4, expected 3')
  })

  it('that holds more than the journal is refused, and so is a journal with a gap', async () => {
    const story = await begin()
    await story.orders(20)
    await story.checkpoint()
    await story.kill()
    const { checkpoints } = story
    const empty = new MemoryJournal<SpaceCommand>()
    await expect(Pipeline.open({ journal: empty, checkpoints })).rejects.toThrow(
      'entries that were durable have been lost',
    )
    await story.journal.trim('15')
    await expect(Pipeline.open({ journal: story.journal })).rejects.toThrow(
      'entry 0 is missing; the next that is there is 15',
    )
  })

  it('that fails is made anew with all that it was to hold', async () => {
    const story = await begin()
    await story.orders(100)
    const write = vi.spyOn(story.checkpoints, 'write').mockRejectedValueOnce(new Error('disk full'))
    story.time.moveTo(story.time.now + MINUTE)
    await eventually(() => expect(story.failed).toEqual([new Error('disk full')]))
    expect(await story.checkpoints.committed()).toEqual([])
    write.mockRestore()
    await story.checkpoint()
    const bytes = bytesOf(story.server.pipeline.shard)
    await story.kill()
    await story.start()
    expect(bytesOf(story.server.pipeline.shard)).toEqual(bytes)
    expect(story.damaged).toEqual([])
  })

  it('is not made of what a failure has left', async () => {
    const story = await begin()
    await story.orders(10)
    await story.checkpoint()
    await story.orders(1)
    const bytes = bytesOf(story.server.pipeline.shard)
    vi.spyOn(story.server.pipeline.shard, 'apply').mockImplementationOnce(() => {
      throw new Error('half applied')
    })
    const call = { userId: 'u1', event: 'Order', messageId: 'fatal', properties: { total: 1 } }
    expect((await story.server.ingest('track', call)).status).toBe(503)
    await story.server.stop()
    expect(await story.checkpoints.committed()).toEqual([1])
    await story.start()
    expect(bytesOf(story.server.pipeline.shard)).not.toEqual(bytes)
    expect((await story.server.traits('user_id:u1')).body['traits']).toEqual({ recent: true, total: 2 })
  })

  it('is made before its time once the journal has grown so much', async () => {
    const story = await begin()
    await story.server.stop()
    await story.start({ checkpointLimits: { intervalMs: MINUTE, bytesMax: 2_000 } })
    const [before] = await story.checkpoints.committed()
    await story.orders(30)
    await eventually(async () => expect((await story.checkpoints.committed())[0]).not.toBe(before))
  })

  it('has parts that say their version and their checksum', async () => {
    const part = await sealPart(Buffer.from([0xc0]))
    expect(part.toString('hex')).toBe('034fd0bdda00c0')
    expect(unpack(part.subarray(6))).toBe(null)
  })
})
