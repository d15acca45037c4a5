/**
 * The contract that ownership needs of BullMQ, by its own interface: a version that breaks one of these would move a
 * space to two nodes, or to none. Checks for stalled jobs are made by hand but in the last test, as each is one step.
 */
import { type Job, Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { useRedis } from '../support/private-redis.ts'

const QUEUE = 'contract'
const PREFIX = '{contract}'
const LOCK_MS = 30_000
const SHORT_LOCK_MS = 300
const CHECK_MS = 100

/** A worker, with the check that it makes by itself now and then. */
interface Checking {
  moveStalledJobsToWait(): Promise<void>
}

const server = useRedis()
let redis: Redis
let queue: Queue
let opened: Worker[]

beforeEach(async () => {
  redis = new Redis(server().address, { maxRetriesPerRequest: null })
  await redis.flushall()
  queue = new Queue(QUEUE, { prefix: PREFIX, connection: redis })
  opened = []
})

afterEach(async () => {
  await Promise.all(opened.map((worker) => worker.close(true)))
  await queue.close()
  redis.disconnect()
})

/** A worker that runs nothing, and whose jobs are fetched by hand. */
function claimant({ maxStalledCount = 1_000_000_000, lockDuration = LOCK_MS } = {}): Worker {
  const timing = { lockDuration, stalledInterval: CHECK_MS, maxStalledCount }
  const worker = new Worker(QUEUE, null, { prefix: PREFIX, connection: redis, autorun: false, ...timing })
  opened.push(worker)
  return worker
}

async function add(jobId: string, data: unknown = {}): Promise<void> {
  await queue.add('own', data, { jobId, removeOnComplete: true, removeOnFail: true })
}

async function claim(worker: Worker, token: string): Promise<Job | undefined> {
  return (await worker.getNextJob(token, { block: false })) as Job | undefined
}

/** Makes one check for stalled jobs, though the last was a moment ago. */
async function check(worker: Worker): Promise<void> {
  await redis.del(keyOf('stalled-check'))
  await (worker as unknown as Checking).moveStalledJobsToWait()
}

/** The lock of a job runs out. */
async function expire(jobId: string): Promise<void> {
  expect(await redis.del(keyOf(`${jobId}:lock`))).toBe(1)
}

function keyOf(name: string): string {
  return `${PREFIX}:${QUEUE}:${name}`
}

describe('getNextJob', () => {
  it('answers at once if there is nothing, and gives each job to one', async () => {
    const [a, b] = [claimant(), claimant()]
    expect(await claim(a, 'a')).toBeUndefined()
    await add('one')
    const claims = await Promise.all([claim(a, 'a'), claim(b, 'b')])
    expect(claims.filter((job) => job !== undefined).map(({ id }) => id)).toEqual(['one'])
    expect(await redis.get(keyOf('one:lock'))).toBe(claims[0] ? 'a' : 'b')
  })

  it('locks a job for as long as it is told, and leaves it active without a processor', async () => {
    await add('one')
    const job = await claim(claimant(), 'a')
    const left = await redis.pttl(keyOf('one:lock'))
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(LOCK_MS)
    expect(await job!.getState()).toBe('active')
  })

  it('counts the claims in attemptsStarted, also those after a loss and after a release', async () => {
    const [a, b] = [claimant(), claimant()]
    await add('one')
    const first = await claim(a, 'a')
    expect(first!.attemptsStarted).toBe(1)
    await check(a)
    await expire('one')
    await check(a)
    const second = await claim(b, 'b')
    expect(second!.attemptsStarted).toBe(2)
    await second!.moveToWait('b')
    expect((await claim(a, 'a'))!.attemptsStarted).toBe(3)
  })
})

describe('a check for stalled jobs', () => {
  it('marks a job that is active, and leaves it to whoever has its lock', async () => {
    const [a, b] = [claimant(), claimant()]
    await add('one')
    await claim(a, 'a')
    for (let count = 0; count < 3; count++) await check(b)
    expect(await redis.smembers(keyOf('stalled'))).toEqual(['one'])
    expect(await claim(b, 'b')).toBeUndefined()
  })

  it('gives a marked job to another claimant, the first time that it is made after the lock', async () => {
    const [a, b] = [claimant(), claimant()]
    await add('one')
    await claim(a, 'a')
    await check(b)
    await expire('one')
    expect(await claim(b, 'b')).toBeUndefined()
    await check(b)
    expect((await claim(b, 'b'))?.id).toBe('one')
  })

  it('does so however often, if so many losses are allowed', async () => {
    const worker = claimant()
    await add('one')
    for (let times = 1; times <= 5; times++) {
      expect((await claim(worker, 'a'))?.attemptsStarted).toBe(times)
      await check(worker)
      await expire('one')
      await check(worker)
    }
  })

  it('has a job fail with its next claim if it was lost more often than that', async () => {
    const strict = claimant({ maxStalledCount: 1 })
    await add('one')
    for (let times = 0; times < 2; times++) {
      expect((await claim(strict, 'a'))?.deferredFailure).toBeUndefined()
      await check(strict)
      await expire('one')
      await check(strict)
    }
    expect((await claim(strict, 'a'))?.deferredFailure).toContain('stalled')
  })
})

describe('an extension', () => {
  it('of one lock answers 1, and 0 without an error if another has it or nobody', async () => {
    const worker = claimant()
    await add('one')
    const job = await claim(worker, 'a')
    expect(await job!.extendLock('a', LOCK_MS)).toBe(1)
    expect(await job!.extendLock('b', LOCK_MS)).toBe(0)
    await redis.set(keyOf('one:lock'), 'b')
    expect(await job!.extendLock('a', LOCK_MS)).toBe(0)
    expect(await redis.get(keyOf('one:lock'))).toBe('b')
    await expire('one')
    expect(await job!.extendLock('a', LOCK_MS)).toBe(0)
    expect(await redis.exists(keyOf('one:lock'))).toBe(0)
  })

  it('of many names those that are lost, extends the others, and takes their marks off', async () => {
    const worker = claimant()
    for (const id of ['kept', 'taken', 'gone']) await add(id)
    for (let count = 0; count < 3; count++) await claim(worker, 'a')
    await check(worker)
    await redis.pexpire(keyOf('kept:lock'), 10_000)
    await redis.set(keyOf('taken:lock'), 'b')
    await expire('gone')
    const ids = ['kept', 'taken', 'gone', 'never']
    expect(await worker.extendJobLocks(ids, ['a', 'a', 'a', 'a'], LOCK_MS)).toEqual(['taken', 'gone', 'never'])
    expect(await redis.pttl(keyOf('kept:lock'))).toBeGreaterThan(10_000)
    expect((await redis.smembers(keyOf('stalled'))).sort()).toEqual(['gone', 'taken'])
  })
})

describe('moveToWait', () => {
  it('by the owner gives a job to the next claimant, before those that wait', async () => {
    const [a, b] = [claimant(), claimant()]
    await add('one')
    await add('two')
    const job = await claim(a, 'a')
    await job!.moveToWait('a')
    expect(await redis.exists(keyOf('one:lock'))).toBe(0)
    expect((await claim(b, 'b'))?.id).toBe('one')
    expect((await claim(b, 'b'))?.id).toBe('two')
  })

  it('by anybody else throws, and changes nothing', async () => {
    const [a, b] = [claimant(), claimant()]
    await add('one')
    const job = await claim(a, 'a')
    await expect(job!.moveToWait('b')).rejects.toThrow()
    expect(await claim(b, 'b')).toBeUndefined()
    expect(await job!.extendLock('a', LOCK_MS)).toBe(1)
  })

  it('by whoever had it throws once another has it', async () => {
    const [a, b] = [claimant(), claimant()]
    await add('one')
    const before = await claim(a, 'a')
    await check(b)
    await expire('one')
    await check(b)
    const after = await claim(b, 'b')
    await expect(before!.moveToWait('a')).rejects.toThrow()
    expect(await after!.extendLock('b', LOCK_MS)).toBe(1)
  })
})

describe('a job that is added again', () => {
  it('stays as it is, waiting or active, with its data and its claims', async () => {
    const [a, b] = [claimant(), claimant()]
    await add('one', { by: 'first' })
    await add('one', { by: 'second' })
    expect(await queue.getJobCounts('waiting', 'active')).toEqual({ waiting: 1, active: 0 })
    const job = await claim(a, 'a')
    expect(job!.data).toEqual({ by: 'first' })
    await add('one', { by: 'third' })
    await queue.addBulk([{ name: 'own', data: { by: 'fourth' }, opts: { jobId: 'one' } }])
    expect(await queue.getJobCounts('waiting', 'active')).toEqual({ waiting: 0, active: 1 })
    expect(await claim(b, 'b')).toBeUndefined()
    expect(await job!.extendLock('a', LOCK_MS)).toBe(1)
    expect((await queue.getJob('one'))!.data).toEqual({ by: 'first' })
  })

  it('is a new one after it was completed', async () => {
    const worker = claimant()
    await add('one')
    await (await claim(worker, 'a'))!.moveToCompleted('', 'a', false)
    expect(await redis.exists(keyOf('one'))).toBe(0)
    await add('one')
    expect((await claim(worker, 'a'))?.attemptsStarted).toBe(1)
  })
})

it('a lock of some hundred milliseconds runs out by itself, and checks are made without a processor', async () => {
  const [gone, next] = [claimant({ lockDuration: SHORT_LOCK_MS }), claimant({ lockDuration: SHORT_LOCK_MS })]
  await add('one')
  const job = await claim(gone, 'gone')
  await gone.close(true)
  await next.startStalledCheckTimer()
  const taken = await eventually(async () => {
    const found = await claim(next, 'next')
    if (!found) throw new Error('its lock is held')
    return found
  })
  expect(taken.attemptsStarted).toBe(2)
  expect(await job!.extendLock('gone', SHORT_LOCK_MS)).toBe(0)
})
