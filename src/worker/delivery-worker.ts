/**
 * Works on the jobs of all destinations, in a process of its own, and answers each.
 *
 * W1. A job is worked on only while it is its lane's current one: an outdated one is dropped.
 * W2. A worker paused for longer than its lock abandons its jobs: another worker may have them.
 * W3. A job is done once its answer is stored; otherwise it comes again, with the same ids.
 */
import { setMaxListeners } from 'node:events'
import { type Job, Worker } from 'bullmq'
import type { Destination, DestinationContext, DestinationLimits } from '../../destinations/contract/destination.ts'
import { destinationType, parseSettings } from '../../destinations/registry.ts'
import type { JsonObject } from '../model/json.ts'
import { answersKey, lanesKey, listsKey, queuePrefix } from '../redis/keys.ts'
import { askUntilAnswered } from '../redis/ask-until-answered.ts'
import { connectQueueClient, createQueueClient, createWorkerClient, type QueueClient } from '../redis/queue-client.ts'
import { attempt } from './attempt.ts'
import { AudienceLists } from './audience-lists.ts'
import { attemptWithDeletions } from './deletions.ts'
import { callsOfJob } from '../calls/calls.ts'
import { laneField } from '../queue/bull-queue.ts'
import type { Answer, DeliveryJob } from '../queue/job.ts'
import { jobSizeOf } from '../queue/job-size.ts'

/** A destination with its secrets, as a worker needs it. */
export interface WorkerDestination {
  readonly id: string
  readonly type: string
  readonly settings: JsonObject
  /** Jobs that are under way at once. */
  readonly lanes: number
}

export interface DeliveryWorkerOptions {
  /** `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket. */
  readonly address: string
  readonly spaceId: string
  readonly contextOf: (destinationId: string) => DestinationContext
  readonly onFault: (cause: unknown, destinationId: string) => void
}

/** A job whose worker has been silent for so long is given to another, which is looked for so often. */
const LOCK_MS = 10_000
const STALLED_CHECK_MS = 5_000
const BEAT_MS = 1_000

interface Connected {
  readonly destination: Destination
  readonly limits: DestinationLimits
  /** The name of the destination in `integrations`. */
  readonly name: string
}

interface Opened {
  readonly given: string
  readonly destination: Destination
  readonly worker: Worker<DeliveryJob>
}

export class DeliveryWorker {
  readonly #options: DeliveryWorkerOptions
  readonly #redis: QueueClient
  /** Connection of BullMQ's workers, which wait for Redis where others fail. */
  readonly #patient: QueueClient
  readonly #opened = new Map<string, Opened>()
  readonly #lists: AudienceLists
  readonly #closing = new AbortController()
  #alive = aliveController()
  #beatAt = performance.now()
  readonly #beating: NodeJS.Timeout

  constructor(options: DeliveryWorkerOptions) {
    this.#options = options
    this.#redis = createQueueClient(options.address)
    this.#patient = createWorkerClient(options.address)
    this.#lists = new AudienceLists({
      get: (field) => this.#ask(() => this.#redis.hget(this.#listsKey, field)),
      set: (field, list) => this.#ask(() => this.#redis.hset(this.#listsKey, field, list)),
    })
    this.#beating = setInterval(() => this.#beat(), BEAT_MS)
  }

  /** Works for these destinations from now on, and for no others. */
  async open(destinations: readonly WorkerDestination[]): Promise<void> {
    const wanted = new Map(destinations.map((destination) => [destination.id, destination]))
    const ended = [...this.#opened].filter(([id, { given }]) => given !== JSON.stringify(wanted.get(id)))
    await Promise.all(ended.map(([id, opened]) => this.#end(id, opened)))
    for (const destination of destinations) if (!this.#opened.has(destination.id)) this.#begin(destination)
  }

  /** Finds the list of an audience at a destination; undefined if none has been created. */
  listOf(destinationId: string, audienceKey: string): Promise<string | undefined> {
    return this.#lists.known(destinationId, audienceKey)
  }

  /** Ends jobs under way in order. */
  async close(): Promise<void> {
    clearInterval(this.#beating)
    await Promise.all([...this.#opened].map(([id, opened]) => this.#end(id, opened)))
    this.#closing.abort(new Error('worker: closed'))
    this.#redis.disconnect()
    this.#patient.disconnect()
  }

  #begin(given: WorkerDestination): void {
    const type = destinationType(given.type)
    if (!type) return
    const settings = parseSettings(type, given.settings)
    const limits = type.limits(settings)
    const destination = type.connect(settings, this.#options.contextOf(given.id))
    const shape = jobSizeOf(limits)
    const connected = { destination, limits, name: type.name }
    const worker = new Worker<DeliveryJob>(given.id, (job) => this.#work(job, connected), {
      connection: this.#patient,
      prefix: queuePrefix(this.#options.spaceId, given.id),
      concurrency: given.lanes,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      // A job whose worker was killed is worked on again, however often.
      maxStalledCount: 1_000_000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      skipVersionCheck: true,
      ...(shape.jobEveryMs > 0 && { limiter: { max: 1, duration: shape.jobEveryMs } }),
    })
    worker.on('error', () => undefined)
    this.#opened.set(given.id, { given: JSON.stringify(given), destination, worker })
  }

  async #end(id: string, { worker, destination }: Opened): Promise<void> {
    this.#opened.delete(id)
    await worker.close()
    await destination.close?.()
  }

  async #work({ data }: Job<DeliveryJob>, { destination, limits, name }: Connected): Promise<void> {
    const { spaceId, onFault } = this.#options
    if ((await this.#ask(() => this.#redis.hget(lanesKey(spaceId), laneField(data)))) !== data.id) return
    const signal = this.#alive.signal
    const calls = callsOfJob(data, { destinationName: name, spaceId })
    const options = { destination, limits, signal, onFault: (cause: unknown) => onFault(cause, data.destinationId) }
    const outcomes = await attemptWithDeletions(data.items, calls, {
      options,
      attempt: (some) =>
        destination.createAudience ? this.#lists.attempt(some, data.destinationId, options) : attempt(some, options),
    })
    const answer: Answer = {
      jobId: data.id,
      destinationId: data.destinationId,
      lane: data.lane,
      items: data.items.map(({ number, actor }, index) => ({ number, actor, outcome: outcomes[index]! })),
    }
    await this.#ask(() => this.#redis.xadd(answersKey(spaceId), '*', 'answer', JSON.stringify(answer)))
  }

  get #listsKey(): string {
    return listsKey(this.#options.spaceId)
  }

  #ask<Result>(ask: () => Promise<Result>): Promise<Result> {
    const connected = async (): Promise<Result> => {
      await connectQueueClient(this.#redis)
      return ask()
    }
    return askUntilAnswered(connected, { signal: this.#closing.signal, onTrouble: () => undefined })
  }

  /** Renews the locks. A beat that comes too late shows that the process was paused. Keeps W2. */
  #beat(): void {
    const now = performance.now()
    const stoodStillMs = now - this.#beatAt - BEAT_MS
    this.#beatAt = now
    if (stoodStillMs < LOCK_MS / 2) return
    this.#alive.abort(new Error('worker: it has stood still for longer than its locks may last'))
    this.#alive = aliveController()
  }
}

/** Makes a controller whose signal every request under way listens to. */
function aliveController(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}
