/**
 * The queue in BullMQ: a queue for each destination, so that each has limits of its own; answers in a stream of Redis.
 * An addition fails at once if Redis is away; the caller tries again.
 */
import { type Job, Queue } from 'bullmq'
import { answersKey, formerQueuePrefix, lanesKey, queuePrefix } from '../redis/keys.ts'
import { connectQueueClient, createQueueClient, type QueueClient } from '../redis/queue-client.ts'
import type { DeliveryQueue, NumberedAnswer } from './delivery-queue.ts'
import type { Answer, DeliveryJob } from './job.ts'

/** Less than the time limit of a command. */
const BLOCK_MS = 1_000
const ANSWERS_MAX = 500
const OPEN_STATES = ['active', 'waiting', 'delayed', 'prioritized', 'waiting-children'] as const

export class BullQueue implements DeliveryQueue {
  readonly #spaceId: string
  readonly #redis: QueueClient
  /** A connection of its own, since it blocks while it waits for answers. */
  readonly #reader: QueueClient
  readonly #queues = new Map<string, Queue<DeliveryJob>>()

  /** @param address `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket */
  constructor(address: string, spaceId: string) {
    this.#spaceId = spaceId
    this.#redis = createQueueClient(address)
    this.#reader = createQueueClient(address)
  }

  async add(job: DeliveryJob): Promise<void> {
    await connectQueueClient(this.#redis)
    await this.#redis.hset(lanesKey(this.#spaceId), laneField(job), job.id)
    await this.queueOf(job.destinationId).add('deliver', job, { jobId: job.id })
  }

  async present(destinationId: string): Promise<readonly DeliveryJob[]> {
    await connectQueueClient(this.#redis)
    await this.#removeFormer(destinationId)
    const queue = this.queueOf(destinationId)
    const found: DeliveryJob[] = []
    for (const job of await queue.getJobs([...OPEN_STATES])) {
      // A job may have gone while it was looked for.
      if (!(job as Job<DeliveryJob> | undefined)?.data) continue
      const isCurrent = (await this.#redis.hget(lanesKey(this.#spaceId), laneField(job.data))) === job.data.id
      if (isCurrent) found.push(job.data)
    }
    return found
  }

  async has(destinationId: string, jobId: string): Promise<boolean> {
    await connectQueueClient(this.#redis)
    const state = await this.queueOf(destinationId).getJobState(jobId)
    return (OPEN_STATES as readonly string[]).includes(state)
  }

  async remove(destinationId: string): Promise<void> {
    await connectQueueClient(this.#redis)
    await this.queueOf(destinationId).obliterate({ force: true })
    this.#queues.delete(destinationId)
  }

  async answersAfter(id: string, waits: boolean): Promise<readonly NumberedAnswer[]> {
    await connectQueueClient(this.#reader)
    const key = answersKey(this.#spaceId)
    const found = waits
      ? await this.#reader.xread('COUNT', ANSWERS_MAX, 'BLOCK', BLOCK_MS, 'STREAMS', key, id)
      : await this.#reader.xread('COUNT', ANSWERS_MAX, 'STREAMS', key, id)
    return (found?.[0]?.[1] ?? []).map(([answerId, [, text]]) => ({
      id: answerId,
      answer: JSON.parse(text!) as Answer,
    }))
  }

  async trimAnswers(id: string): Promise<void> {
    await connectQueueClient(this.#redis)
    await this.#redis.xtrim(answersKey(this.#spaceId), 'MINID', id)
  }

  async close(): Promise<void> {
    for (const queue of this.#queues.values()) await queue.close().catch(() => undefined)
    this.#redis.disconnect()
    this.#reader.disconnect()
  }

  queueOf(destinationId: string): Queue<DeliveryJob> {
    const held = this.#queues.get(destinationId)
    if (held) return held
    const queue = this.#open(destinationId, queuePrefix(this.#spaceId, destinationId))
    this.#queues.set(destinationId, queue)
    return queue
  }

  /**
   * Removes the jobs of before a destination had a prefix of its own: no worker looks there any more, and the outbox
   * makes them again. Those that were answered are known: answers are read before the dispatcher looks for jobs.
   */
  async #removeFormer(destinationId: string): Promise<void> {
    const prefix = formerQueuePrefix(this.#spaceId)
    if ((await this.#redis.exists(`${prefix}:${destinationId}:meta`)) === 0) return
    const former = this.#open(destinationId, prefix)
    await former.obliterate({ force: true })
    await former.close()
  }

  #open(destinationId: string, prefix: string): Queue<DeliveryJob> {
    const queue = new Queue<DeliveryJob>(destinationId, {
      connection: this.#redis,
      prefix,
      skipVersionCheck: true,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
    })
    queue.on('error', () => undefined)
    return queue
  }
}

/** Names the field that holds the current job of a lane. */
export function laneField({ destinationId, lane }: Pick<DeliveryJob, 'destinationId' | 'lane'>): string {
  return `${destinationId} ${lane}`
}
