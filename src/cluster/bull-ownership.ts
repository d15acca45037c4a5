/**
 * Ownership by BullMQ: a job for each space, which whoever has its lock owns. The job never ends.
 *
 * The jobs are fetched by hand (https://docs.bullmq.io/patterns/manually-fetching-jobs): a running worker notices that
 * it may take more only when a job of its own ends. Tests pin what this leans on: a renewal names the locks that were
 * lost, and a job whose lock has run out goes to the next claimant.
 */
import { type Job, Queue, Worker } from 'bullmq'
import { COMMAND_TIMEOUT_MS } from '../redis/client.ts'
import { NODES_PREFIX } from '../redis/keys.ts'
import { connectQueueClient, createQueueClient, createWorkerClient, type QueueClient } from '../redis/queue-client.ts'
import type { Claim, Ownership, Renewal } from './ownership.ts'

/** The share of a lock that a claim lasts. */
const LEASE_SHARE = 0.8
const STALLED_CHECK_MS = 250
const QUEUE = 'spaces'

interface SpaceJob {
  readonly spaceId: string
}

export interface BullOwnershipOptions {
  /** `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket. */
  readonly address: string
  /** Names this process among all that ever were. */
  readonly token: string
  /** A node that is silent for so long has lost its spaces, ms. */
  readonly lockMs: number
  /** The monotonic clock, ms. */
  readonly now: () => number
}

export class BullOwnership implements Ownership {
  readonly isFixed = false
  readonly leaseMs: number
  readonly #options: BullOwnershipOptions
  readonly #redis: QueueClient
  readonly #blocking: QueueClient
  readonly #queue: Queue<SpaceJob>
  readonly #worker: Worker<SpaceJob>
  readonly #jobs = new Map<string, Job<SpaceJob>>()

  constructor(options: BullOwnershipOptions) {
    const { address, lockMs } = options
    this.#options = options
    this.leaseMs = lockMs * LEASE_SHARE
    this.#redis = createQueueClient(address)
    this.#blocking = createWorkerClient(address, COMMAND_TIMEOUT_MS)
    const common = { prefix: NODES_PREFIX, skipVersionCheck: true }
    this.#queue = new Queue<SpaceJob>(QUEUE, { ...common, connection: this.#redis })
    this.#worker = new Worker<SpaceJob>(QUEUE, null, {
      ...common,
      connection: this.#blocking,
      autorun: false,
      lockDuration: lockMs,
      stalledInterval: STALLED_CHECK_MS,
      // A space whose node was killed goes to another, however often.
      maxStalledCount: 1_000_000_000,
    })
    this.#queue.on('error', () => undefined)
    this.#worker.on('error', () => undefined)
    void this.#worker.startStalledCheckTimer()
  }

  async offer(spaceIds: readonly string[]): Promise<void> {
    if (spaceIds.length === 0) return
    await connectQueueClient(this.#redis)
    const opts = { removeOnComplete: true, removeOnFail: true }
    await this.#queue.addBulk(
      spaceIds.map((spaceId) => ({ name: 'own', data: { spaceId }, opts: { ...opts, jobId: jobIdOf(spaceId) } })),
    )
  }

  async claim(): Promise<Claim | undefined> {
    const askedAt = this.#options.now()
    const job = (await this.#worker.getNextJob(this.#options.token, { block: false })) as Job<SpaceJob> | undefined
    if (!job) return undefined
    const { spaceId } = job.data
    this.#jobs.set(spaceId, job)
    return { spaceId, askedAt }
  }

  async renew(spaceIds: readonly string[]): Promise<Renewal> {
    const { now, token, lockMs } = this.#options
    const askedAt = now()
    if (spaceIds.length === 0) return { askedAt, lost: [] }
    const jobIds = spaceIds.map(jobIdOf)
    const failed = new Set(
      await this.#worker.extendJobLocks(jobIds, Array(jobIds.length).fill(token) as string[], lockMs),
    )
    return { askedAt, lost: spaceIds.filter((spaceId) => failed.has(jobIdOf(spaceId))) }
  }

  async release(spaceId: string): Promise<void> {
    const job = this.#jobs.get(spaceId)
    this.#jobs.delete(spaceId)
    await job?.moveToWait(this.#options.token)
  }

  async withdraw(spaceId: string): Promise<void> {
    const job = this.#jobs.get(spaceId)
    this.#jobs.delete(spaceId)
    await job?.moveToCompleted('', this.#options.token, false)
  }

  async close(): Promise<void> {
    await this.#worker.close(true).catch(() => undefined)
    await this.#queue.close().catch(() => undefined)
    this.#blocking.disconnect()
    this.#redis.disconnect()
  }
}

/** BullMQ takes no whole number, and no colon. */
function jobIdOf(spaceId: string): string {
  return `space-${spaceId}`
}
