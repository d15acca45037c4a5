/**
 * A Redis Cluster of three masters with two replicas each, whose masters fail while entries come. It takes minutes, so
 * it runs with `npm run test:cluster` alone.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { JournalLostError } from '../../src/journal/journal-lost-error.ts'
import type { JournalEntry } from '../../src/journal/journal.ts'
import { RedisJournal } from '../../src/journal/redis-journal.ts'
import { journalKey } from '../../src/redis/keys.ts'
import { IS_FULL, say, spread, stopwatch } from '../crash/harness/runs.ts'
import { until } from '../support/eventually.ts'
import { RedisCluster, type RedisNode } from '../support/redis-cluster.ts'
import type { NoteCommand } from '../journal/journal-contract.ts'

const TIMES = 5
/** Entries that come while the replicas get nothing, if nobody waits for them. */
const CUT_OFF = 1_000
/** Longer than a master is missed for before a replica takes its place. */
const FAILOVER_MS = 60_000

let cluster: RedisCluster
let spaces = 0

/** A writer of one journal, which knows what has been acknowledged. */
class Load {
  readonly key: string
  readonly acknowledged: number[] = []
  readonly replicas: number
  #journal: RedisJournal<NoteCommand> | undefined
  #isOver = false
  #next = 0
  #running: Promise<void>
  /** Counts the times that the journal had lost entries, and was opened again. */
  reopened = 0
  /** The longest time without an acknowledgement around each fault, ms. */
  readonly outagesMs: number[] = []
  #longestMs = 0
  #sinceLast = stopwatch()

  constructor(replicas: number) {
    this.key = journalKey(`space_${++spaces}`)
    this.replicas = replicas
    this.#running = this.#run()
  }

  get isReachable(): boolean {
    return this.#journal?.isReachable ?? false
  }

  async more(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count
    await until(() => this.acknowledged.length >= wanted, { timeout: FAILOVER_MS })
  }

  noteOutage(): void {
    this.outagesMs.push(this.#longestMs)
    this.#longestMs = 0
  }

  /** Resolves with the entries that the journal has. */
  async stop(): Promise<number[]> {
    this.#isOver = true
    await this.#running
    const journal = await this.#open()
    const found: number[] = []
    for await (const { entry } of journal.read(0)) found.push(entry.receivedAt)
    await journal.close()
    return found
  }

  async #run(): Promise<void> {
    while (!this.#isOver)
      try {
        const journal = (this.#journal ??= await this.#open())
        const tick: JournalEntry<NoteCommand> = { kind: 'tick', receivedAt: this.#next++ }
        await journal.append(tick)
        this.acknowledged.push(tick.receivedAt)
        this.#longestMs = Math.max(this.#longestMs, this.#sinceLast())
        this.#sinceLast = stopwatch()
      } catch (cause) {
        if (!(cause instanceof JournalLostError)) throw cause
        this.reopened++
        await this.#journal?.close()
        this.#journal = undefined
      }
    await this.#journal?.close()
  }

  #open(): Promise<RedisJournal<NoteCommand>> {
    return RedisJournal.open<NoteCommand>({ address: cluster.address, key: this.key, replicas: this.replicas })
  }
}

interface Counted {
  readonly lost: number
  readonly twice: number
}

function compare(load: Load, found: readonly number[]): Counted {
  const there = new Set(found)
  expect(found).toEqual([...found].sort((a, b) => a - b))
  return {
    lost: load.acknowledged.filter((instant) => !there.has(instant)).length,
    twice: found.length - there.size,
  }
}

function report(story: string, load: Load, { lost, twice }: Counted): void {
  const { acknowledged, reopened, outagesMs } = load
  say(story, `${acknowledged.length} acknowledged, ${lost} lost, ${twice} twice, reopened ${reopened} times`)
  say(story, `until entries were acknowledged again: ${spread(outagesMs)}`)
}

/** Kills the master of a key; it comes back once a replica has taken its place. */
async function killed(master: RedisNode, load: Load): Promise<void> {
  await master.kill()
  await load.more(50)
  await master.start()
}

/** The replicas get nothing more, and do not know it yet, when their master dies. */
async function cutOff(master: RedisNode, load: Load): Promise<void> {
  const replicas = await cluster.replicasOf(load.key)
  for (const replica of replicas) replica.signal('SIGSTOP')
  await master.ask('CLIENT', 'KILL', 'TYPE', 'replica')
  const before = load.acknowledged.length
  await (load.replicas > 0 ? until(() => !load.isReachable) : load.more(CUT_OFF))
  say('cut off', `${load.acknowledged.length - before} acknowledged while the replicas got nothing`)
  await master.kill()
  for (const replica of replicas) replica.signal('SIGCONT')
  await load.more(50)
  await master.start()
}

async function pausedAndContinued(master: RedisNode, load: Load): Promise<void> {
  master.signal('SIGSTOP')
  await load.more(50)
  master.signal('SIGCONT')
}

const FAULTS = [
  ['is killed', killed],
  ['is killed when its replicas have missed what came last', cutOff],
  ['stands still until a replica has taken its place, and goes on', pausedAndContinued],
] as const

if (!IS_FULL) console.warn('Failovers of a Redis Cluster are left out: `npm run test:cluster` has them.')

describe.skipIf(!IS_FULL)('a master that fails under load', () => {
  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 3, replicas: 2 })
  })
  afterEach(async () => {
    await cluster.settles()
  })
  afterAll(() => cluster.stop())

  for (const [story, act] of FAULTS)
    for (const replicas of [1, 0])
      it(`${story}, and ${replicas} replicas are waited for`, async () => {
        const load = new Load(replicas)
        for (let times = 0; times < TIMES; times++) {
          await load.more(200)
          await act(await cluster.masterOf(load.key), load)
          load.noteOutage()
          await cluster.settles()
        }
        const counted = compare(load, await load.stop())
        report(`a master ${story}, ${replicas} replicas`, load, counted)
        expect(counted.twice).toBe(0)
        expect(load.outagesMs).toHaveLength(TIMES)
        if (replicas > 0) expect(counted.lost).toBe(0)
        else if (act === cutOff) expect(counted.lost).toBeGreaterThan(0)
      })
})
