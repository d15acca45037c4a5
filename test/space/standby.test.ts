/** A space that follows another process's, and goes on with it: nothing is read then, and nothing is missing. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { CheckpointDamagedError } from '../../src/checkpoints/checkpoint-codec.ts'
import { JournalLostError } from '../../src/journal/journal-lost-error.ts'
import type { ShardOptions } from '../../actors/engine/shard-state.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { CHECKPOINT_LIMITS } from '../../src/checkpoints/checkpoint-schedule.ts'
import type { PipelineOptions } from '../../src/space/pipeline-options.ts'
import { Standby } from '../../src/space/standby.ts'
import { eventually } from '../support/eventually.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { bytesOf } from '../support/reopened.ts'
import { startTestServer, type TestServer, VirtualTime } from '../support/server.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE = CHECKPOINT_LIMITS.intervalMs
const LOOK_MS = 1_000
const USERS = 200

class Story {
  readonly journal = new MemoryJournal<SpaceCommand>()
  readonly checkpoints = new MemoryCheckpoints()
  readonly time = new VirtualTime(START)
  readonly lost: unknown[] = []
  elapsedMs = 0
  /** The times that the standby has looked for checkpoints, and is to have. */
  looks = 0
  #looksAwaited = 0
  readonly #standbys: Standby[] = []
  #server: TestServer | undefined
  #calls = 0

  async start(options: Partial<PipelineOptions> = {}): Promise<TestServer> {
    const { journal, checkpoints, time } = this
    this.#server = await startTestServer({
      journal,
      checkpoints,
      clock: time.clock,
      timer: time.timer,
      onStandbyLost: (cause) => this.lost.push(cause),
      ...options,
    })
    return this.#server
  }

  get server(): TestServer {
    return this.#server!
  }

  async standby(shard: ShardOptions = {}): Promise<Standby> {
    const { journal } = this
    const checkpoints = new MemoryCheckpoints(this.checkpoints)
    const committed = checkpoints.committed.bind(checkpoints)
    vi.spyOn(checkpoints, 'committed').mockImplementation(() => {
      this.looks++
      return committed()
    })
    this.looks = 0
    // To begin with, and when it begins to follow.
    this.#looksAwaited = 2
    const standby = await Standby.open({
      shard,
      tail: journal.tail(),
      checkpoints,
      elapsedMs: () => this.elapsedMs,
      breathe: () => new Promise((resolve) => setImmediate(resolve)),
      onDamaged: () => undefined,
    })
    this.#standbys.push(standby)
    standby.follow().catch((cause: unknown) => this.lost.push(cause))
    return standby
  }

  /** As a kill would: nothing is written any more. */
  async kill(): Promise<void> {
    const begin = vi.spyOn(this.checkpoints, 'begin').mockRejectedValue(new Error('killed'))
    await this.#server?.stop()
    this.#server = undefined
    begin.mockRestore()
  }

  async end(): Promise<void> {
    await Promise.all(this.#standbys.map((standby) => standby.stop()))
    await this.kill()
  }

  async order(user: number, total = 1): Promise<void> {
    const call = { userId: `u${user}`, event: 'Order', messageId: `m${++this.#calls}`, properties: { total } }
    expect((await this.server.ingest('track', call)).status).toBe(200)
  }

  async checkpoint(): Promise<void> {
    const [before] = await this.checkpoints.committed()
    this.time.moveTo(this.time.now + MINUTE)
    await eventually(async () => expect((await this.checkpoints.committed())[0]).not.toBe(before))
  }

  /** Waits until the standby has all entries, and has looked for checkpoints once more. */
  async caughtUp(standby: Standby): Promise<void> {
    await eventually(() => expect(this.looks).toBe(this.#looksAwaited))
    this.elapsedMs += LOOK_MS
    this.#looksAwaited++
    await eventually(() => {
      expect(standby.position).toBe(this.journal.nextPosition)
      expect(this.looks).toBe(this.#looksAwaited)
    })
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  async total(user: number): Promise<unknown> {
    const { body } = await this.server.traits(`user_id:u${user}`)
    return (body['traits'] as Record<string, unknown>)['total']
  }

  /** Names of the pages of which a checkpoint wrote parts. */
  pagesOf(checkpoint: number): string[] {
    return [...this.checkpoints.parts.get(checkpoint)!.keys()].filter((name) => name.startsWith('page')).sort()
  }
}

const stories: Story[] = []
afterEach(async () => {
  for (const story of stories.splice(0)) await story.end()
})

/** Four pages of users. */
async function begin(): Promise<Story> {
  const story = new Story()
  stories.push(story)
  const server = await story.start()
  await server.control('POST', 'computed-traits', {
    name: 'Total',
    definition: { query: "event('Order').sum(property('total'))" },
  })
  for (let user = 0; user < USERS; user++) await story.order(user)
  return story
}

describe('a standby', () => {
  it('has what the space has, to the byte, and goes on without reading a page', async () => {
    const story = await begin()
    await story.checkpoint()
    const standby = await story.standby()
    await story.order(7, 10)
    await story.caughtUp(standby)
    expect(standby.isUpToDate).toBe(true)
    await story.order(150, 10)
    const bytes = bytesOf(story.server.pipeline.shard)
    await story.kill()
    const read = vi.spyOn(story.checkpoints, 'read')
    await story.start({ standby })
    expect(read).not.toHaveBeenCalled()
    expect(story.lost).toEqual([])
    expect(bytesOf(story.server.pipeline.shard)).toBe(bytes)
    expect([await story.total(7), await story.total(150), await story.total(8)]).toEqual([11, 11, 1])
  })

  it('is up to date though entries come all the time', async () => {
    const story = await begin()
    const standby = await story.standby()
    let orders = 0
    while (!standby.isUpToDate) {
      await story.order(orders++ % USERS)
      expect(orders).toBeLessThan(USERS)
    }
  })

  it('begins before there is a checkpoint, and takes over those that are made', async () => {
    const story = await begin()
    const standby = await story.standby()
    await story.caughtUp(standby)
    await story.checkpoint()
    await story.caughtUp(standby)
    await story.order(3)
    await story.checkpoint()
    await story.caughtUp(standby)
    await story.order(199)
    await story.kill()
    await story.start({ standby })
    await story.order(70)
    await story.checkpoint()
    // What changed up to the last look is stored once more: nobody knows which of it came before the checkpoint.
    expect(story.pagesOf(3)).toEqual(['page:0', 'page:1', 'page:3'])
    await story.kill()
    await story.start()
    expect(story.lost).toEqual([])
    expect([await story.total(3), await story.total(199), await story.total(70), await story.total(9)]).toEqual([
      2, 2, 2, 1,
    ])
  })

  it('takes no checkpoint over that was begun before it took the one before over', async () => {
    const story = await begin()
    const standby = await story.standby()
    await story.caughtUp(standby)
    await story.checkpoint()
    let commit = (): void => undefined
    const held = new Promise<void>((resolve) => (commit = resolve))
    const committing = story.checkpoints.commit.bind(story.checkpoints)
    const spy = vi.spyOn(story.checkpoints, 'commit').mockImplementation(async (...given) => {
      await held
      await committing(...given)
    })
    await story.order(0)
    story.time.moveTo(story.time.now + MINUTE)
    await eventually(() => expect(spy).toHaveBeenCalled())
    // Neither the second checkpoint has this, nor is it after the standby has taken over the first.
    await story.order(70, 100)
    await story.caughtUp(standby)
    commit()
    await eventually(async () => expect((await story.checkpoints.committed())[0]).toBe(2))
    spy.mockRestore()
    await story.caughtUp(standby)
    await story.kill()
    await story.start({ standby })
    expect(story.lost).toEqual([expect.any(CheckpointDamagedError)])
    await story.order(1)
    await story.checkpoint()
    await story.kill()
    await story.start()
    expect(await story.total(70)).toBe(101)
  })

  it('lets users leave memory, and brings them back from the checkpoint that it took over', async () => {
    const story = await begin()
    await story.checkpoint()
    const standby = await story.standby({ residentBytesMax: 0 })
    for (let round = 0; round < 20; round++) await story.order(199)
    await story.caughtUp(standby)
    expect(standby.space.shard.residentPages.coldPages).toBeGreaterThan(0)
    await story.order(0, 5)
    // What is told from what came later by the first of them, the second is known to have.
    for (let times = 0; times < 2; times++) {
      await story.order(199)
      await story.checkpoint()
      await story.caughtUp(standby)
    }
    for (let round = 0; round < 20; round++) await story.order(199)
    await story.caughtUp(standby)
    const { residentPages } = standby.space.shard
    expect(residentPages.pagesOf(standby.space.shard.ordinalOf('user_id', 'u0'))).toEqual([0])
    await story.order(0, 5)
    await story.caughtUp(standby)
    expect(residentPages.pagesOf(standby.space.shard.ordinalOf('user_id', 'u0'))).toEqual([])
    await story.kill()
    await story.start({ standby, residentBytesMax: 0 })
    expect(story.lost).toEqual([])
    expect([await story.total(0), await story.total(100)]).toEqual([11, 1])
  })

  it('ends where entries are missing, and the space is read instead', async () => {
    const story = await begin()
    await story.checkpoint()
    const standby = await story.standby()
    await story.caughtUp(standby)
    await story.kill()
    const nextPosition = standby.position + 1
    await story.start({ standby: { takeOver: () => standby.takeOver({ nextPosition }) } })
    expect(story.lost).toEqual([expect.any(JournalLostError)])
    expect(await story.total(5)).toBe(1)
  })

  it('refuses a journal that is shorter than it', async () => {
    const story = await begin()
    const standby = await story.standby()
    await story.caughtUp(standby)
    await expect(standby.takeOver({ nextPosition: standby.position - 1 })).rejects.toThrow(JournalLostError)
  })
})
