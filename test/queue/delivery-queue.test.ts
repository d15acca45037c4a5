/** The contract of every queue of deliveries, held against BullMQ with a real Redis and against the one in memory. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { BullQueue } from '../../src/queue/bull-queue.ts'
import { callsOfJob } from '../../src/calls/calls.ts'
import { NO_ANSWER } from '../../src/outbox/space-outbox.ts'
import { DeliveryWorker, type WorkerDestination } from '../../src/worker/delivery-worker.ts'
import { outgoing, type OutgoingDelivery } from '../../src/outbox/delivery.ts'
import type { DeliveryQueue, NumberedAnswer } from '../../src/queue/delivery-queue.ts'
import type { DeliveryJob } from '../../src/queue/job.ts'
import { formerQueuePrefix, lanesKey } from '../../src/redis/keys.ts'
import { contextFor } from '../../src/worker/deliver.ts'
import { OwnRedis } from '../crash/harness/own-redis.ts'
import { eventually } from '../support/eventually.ts'
import { MemoryQueue } from '../support/memory-delivery.ts'
import { connection, delivery } from '../outbox/given.ts'

const DESTINATION: WorkerDestination = { id: 'dst_1', type: 'console', settings: {}, lanes: 2 }

let redis: OwnRedis
let directory = ''
let spaces = 0
const closing: (() => Promise<void>)[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-queue-'))
  redis = await new OwnRedis(directory).start()
})

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

afterAll(async () => {
  await redis.kill()
  await rm(directory, { recursive: true, force: true })
})

function job(
  id: string,
  { lane = 0, numbers = [1] }: { lane?: number; numbers?: readonly number[] } = {},
): DeliveryJob {
  const items = numbers.map((number) => {
    // What is undefined is left out by the queue.
    return JSON.parse(JSON.stringify(outgoing(delivery(number, { actor: number })))) as OutgoingDelivery
  })
  return { id, destinationId: DESTINATION.id, lane, items, connections: [connection()] }
}

/** A queue, and a worker for it that prints what it is given; each space is used once. */
interface Queues {
  readonly queue: DeliveryQueue
  readonly work: (printed: string[]) => Promise<void>
}

function bull(): Queues {
  const spaceId = `space${++spaces}`
  const queue = new BullQueue(redis.address, spaceId)
  closing.push(() => queue.close())
  return {
    queue,
    work: async (printed) => {
      const contextOf = contextFor({ directory, allowPrivate: true }, (told) => {
        if (told.kind === 'print') printed.push(told.line)
      })
      const onFault = (cause: unknown): never => {
        throw cause
      }
      const worker = new DeliveryWorker({ address: redis.address, spaceId, contextOf, onFault })
      closing.push(() => worker.close())
      await worker.open([DESTINATION])
    },
  }
}

function memory(): Queues {
  const queue = new MemoryQueue()
  return {
    queue,
    work: (printed) => {
      const answer = (one: DeliveryJob): void => {
        const calls = callsOfJob(one, { destinationName: 'Console', spaceId: 'space' })
        printed.push(...calls.flat().map((call) => JSON.stringify(call)))
        const items = one.items.map(({ number, actor }) => ({ number, actor, outcome: { kind: 'delivered' } as const }))
        queue.answer({ jobId: one.id, destinationId: one.destinationId, lane: one.lane, items })
      }
      queue.onJob = answer
      for (const one of queue.jobs.values()) answer(one)
      return Promise.resolve()
    },
  }
}

async function answersOf(queue: DeliveryQueue, count: number): Promise<NumberedAnswer[]> {
  const answers: NumberedAnswer[] = []
  while (answers.length < count) answers.push(...(await queue.answersAfter(answers.at(-1)?.id ?? NO_ANSWER, true)))
  return answers
}

describe.each([
  ['BullMQ', bull],
  ['memory', memory],
])('the queue in %s', (_, open) => {
  it('has a job once, however often it is added', async () => {
    const { queue } = open()
    for (let time = 0; time < 3; time++) await queue.add(job('job-a'))
    expect(await queue.present(DESTINATION.id)).toEqual([job('job-a')])
    expect([await queue.has(DESTINATION.id, 'job-a'), await queue.has(DESTINATION.id, 'job-b')]).toEqual([true, false])
  })

  it('gives jobs to workers, and their answers back, each once and in order', async () => {
    const { queue, work } = open()
    const printed: string[] = []
    await queue.add(job('job-a', { numbers: [1, 2] }))
    await work(printed)
    const [first] = await answersOf(queue, 1)
    await queue.add(job('job-b', { numbers: [3] }))
    const answers = await answersOf(queue, 2)
    expect(answers[0]).toEqual(first)
    const outcomesOf = ({ answer }: NumberedAnswer): string =>
      [answer.jobId, ...answer.items.map(({ number, outcome }) => `${number} ${outcome.kind}`)].join(', ')
    expect(answers.map(outcomesOf)).toEqual(['job-a, 1 delivered, 2 delivered', 'job-b, 3 delivered'])
    expect(printed.map((line) => (JSON.parse(line) as { userId: string }).userId)).toEqual(['u1', 'u2', 'u3'])
    await eventually(async () => expect(await queue.present(DESTINATION.id)).toEqual([]))
    expect(await queue.answersAfter(answers[1]!.id, false)).toEqual([])
  })

  it('forgets the jobs of a destination that is removed', async () => {
    const { queue } = open()
    await queue.add(job('job-a'))
    await queue.remove(DESTINATION.id)
    expect(await queue.present(DESTINATION.id)).toEqual([])
  })
})

it('BullMQ`s forgets the jobs of before each destination had a prefix of its own, and none of others', async () => {
  const spaceId = `space${++spaces}`
  const client = new Redis(redis.address)
  const formerly = (id: string): Queue =>
    new Queue(id, { connection: client, prefix: formerQueuePrefix(spaceId), skipVersionCheck: true })
  const [former, other] = [formerly(DESTINATION.id), formerly('dst_2')]
  closing.push(async () => {
    await Promise.all([former.close(), other.close()])
    client.disconnect()
  })
  for (const queue of [former, other]) await queue.add('deliver', job('job-a'), { jobId: 'job-a' })
  await client.hset(lanesKey(spaceId), `${DESTINATION.id} 0`, 'job-a')
  const queue = new BullQueue(redis.address, spaceId)
  closing.push(() => queue.close())
  expect(await queue.present(DESTINATION.id)).toEqual([])
  expect(await client.keys(`${formerQueuePrefix(spaceId)}:${DESTINATION.id}:*`)).toEqual([])
  expect(await other.getWaitingCount()).toBe(1)
  await queue.add(job('job-b'))
  expect(await queue.present(DESTINATION.id)).toEqual([job('job-b')])
})

describe('workers of BullMQ', () => {
  it('drop a job of a lane that has gone on to another', async () => {
    const { queue, work } = bull()
    const printed: string[] = []
    await queue.add(job('job-of-the-past', { numbers: [1] }))
    await queue.add(job('job-of-today', { numbers: [2] }))
    await work(printed)
    const [answer] = await answersOf(queue, 1)
    expect(answer!.answer.jobId).toBe('job-of-today')
    await eventually(async () => expect(await queue.present(DESTINATION.id)).toEqual([]))
    expect(printed).toHaveLength(1)
  })

  it('forget answers that are trimmed, and no others', async () => {
    const { queue, work } = bull()
    await queue.add(job('job-a', { lane: 0 }))
    await queue.add(job('job-b', { lane: 1 }))
    await work([])
    const answers = await answersOf(queue, 2)
    await queue.trimAnswers(answers[1]!.id)
    expect(await queue.answersAfter(NO_ANSWER, false)).toEqual([answers[1]])
  })
})
