/** Deliveries without Redis and without a process of their own: a queue in memory, and workers that answer at once. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DestinationContext } from '../../destinations/contract/destination.ts'
import { destinationType, parseSettings } from '../../destinations/registry.ts'
import type { DeliverySetup } from '../../src/server/deliveries.ts'
import { contextFor } from '../../src/worker/deliver.ts'
import { attempt } from '../../src/worker/attempt.ts'
import { callsOfJob } from '../../src/calls/calls.ts'
import type { DeliveryQueue, NumberedAnswer } from '../../src/queue/delivery-queue.ts'
import type { DeliveryWorkers } from '../../src/dispatch/service.ts'
import type { WorkerDestination } from '../../src/worker/delivery-worker.ts'
import type { Answer, DeliveryJob } from '../../src/queue/job.ts'
import { Secrets } from '../../src/dispatch/secrets.ts'
import { answerQuestion } from '../../src/worker/answer-question.ts'

export class MemoryQueue implements DeliveryQueue {
  readonly jobs = new Map<string, DeliveryJob>()
  readonly answers: NumberedAnswer[] = []
  /** Told of every job that comes. */
  onJob: (job: DeliveryJob) => void = () => undefined
  #isClosed = false
  #came: () => void = () => undefined

  add(job: DeliveryJob): Promise<void> {
    if (!this.jobs.has(job.id)) {
      this.jobs.set(job.id, structuredClone(job))
      this.onJob(job)
    }
    return Promise.resolve()
  }

  answer(answer: Answer): void {
    this.jobs.delete(answer.jobId)
    this.answers.push({ id: `${this.answers.length + 1}-0`, answer })
    this.#came()
  }

  present(destinationId: string): Promise<readonly DeliveryJob[]> {
    return Promise.resolve([...this.jobs.values()].filter((job) => job.destinationId === destinationId))
  }

  has(_destinationId: string, jobId: string): Promise<boolean> {
    return Promise.resolve(this.jobs.has(jobId))
  }

  remove(destinationId: string): Promise<void> {
    for (const [id, job] of this.jobs) if (job.destinationId === destinationId) this.jobs.delete(id)
    return Promise.resolve()
  }

  async answersAfter(id: string, waits: boolean): Promise<readonly NumberedAnswer[]> {
    const found = (): readonly NumberedAnswer[] => this.answers.slice(Number.parseInt(id, 10))
    if (found().length === 0 && waits && !this.#isClosed)
      await new Promise<void>((resolve) => {
        this.#came = resolve
      })
    return found()
  }

  trimAnswers(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#came()
    return Promise.resolve()
  }
}

/** Works on the jobs of a queue in this process; private addresses may be reached. */
export class MemoryWorkers implements DeliveryWorkers {
  readonly printed: string[] = []
  destinations: readonly WorkerDestination[] = []
  /** Parts of the process in place of its own, where questions are answered. */
  replaced: Partial<DestinationContext> = {}
  /** Lists that there are, by the keys of their audiences. */
  readonly lists = new Map<string, string>()
  readonly #queue: MemoryQueue
  readonly #spaceId: string
  readonly #contextOf: ReturnType<typeof contextFor>

  constructor(queue: MemoryQueue, spaceId: string) {
    this.#queue = queue
    this.#spaceId = spaceId
    const directory = mkdtempSync(join(tmpdir(), 'destinations-'))
    this.#contextOf = contextFor({ directory, allowPrivate: true }, (told) => {
      if (told.kind === 'print') this.printed.push(told.line)
    })
    queue.onJob = (job) => void this.#work(job)
  }

  /** The folder of a destination's files. */
  directoryOf(id: string): string {
    return this.#contextOf(id).directory
  }

  open(destinations: readonly WorkerDestination[]): void {
    this.destinations = destinations
  }

  ask: DeliveryWorkers['ask'] = async (tried, question) => {
    const context = { ...this.#contextOf(tried.id), ...this.replaced }
    const listOf = (key: string): Promise<string | undefined> => Promise.resolve(this.lists.get(key))
    return (await answerQuestion(tried, question, { context, listOf })) as never
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  async #work(job: DeliveryJob): Promise<void> {
    const given = this.destinations.find(({ id }) => id === job.destinationId)!
    const type = destinationType(given.type)!
    const settings = parseSettings(type, given.settings)
    const destination = type.connect(settings, this.#contextOf(job.destinationId))
    const calls = callsOfJob(job, { destinationName: type.name, spaceId: this.#spaceId })
    const outcomes = await attempt(calls, {
      destination,
      limits: type.limits(settings),
      signal: new AbortController().signal,
      onFault: (cause) => {
        throw cause
      },
    })
    const items = job.items.map(({ number, actor }, place) => ({ number, actor, outcome: outcomes[place]! }))
    this.#queue.answer({ jobId: job.id, destinationId: job.destinationId, lane: job.lane, items })
  }
}

export interface MemoryDelivery extends DeliverySetup {
  readonly queue: MemoryQueue
  readonly workers: MemoryWorkers
}

export function memoryDelivery(spaceId: string): MemoryDelivery {
  const queue = new MemoryQueue()
  const workers = new MemoryWorkers(queue, spaceId)
  return { queue, workers, secrets: new Secrets(Buffer.alloc(32, 7)), open: () => Promise.resolve({ queue, workers }) }
}
