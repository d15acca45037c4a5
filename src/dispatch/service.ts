/**
 * Deliveries, put together: the dispatcher, the queue and its answers, the workers, and the syncs under way. It starts
 * with the first destination: a space without any has neither queue nor workers.
 */
import { destinationType, parseSettings } from '../../destinations/registry.ts'
import type { DeliveryCommand, DestinationRecord } from '../model/destination.ts'
import type { TriedSettings } from '../model/destination-admin.ts'
import type { DestinationAnswer, DestinationQuestion } from '../model/destination-question.ts'
import type { JsonObject } from '../model/json.ts'
import type { SetTimer } from '../model/timer.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import type { DeliveryQueue } from '../queue/delivery-queue.ts'
import type { WorkerDestination } from '../worker/delivery-worker.ts'
import { type AnsweredJob, Dispatcher } from './dispatcher.ts'
import type { JobSize } from '../queue/job-size.ts'
import type { Secrets } from './secrets.ts'
import { jobSizeOf } from '../queue/job-size.ts'

export interface DeliveryWorkers {
  /** Work for these destinations from now on, and for no others. */
  open(destinations: readonly WorkerDestination[]): void
  /** Resolves with a failure for what the destination refuses. */
  ask<Kind extends DestinationQuestion['kind']>(
    destination: TriedSettings,
    question: Extract<DestinationQuestion, { kind: Kind }>,
  ): Promise<DestinationAnswer<Kind>>
  stop(): Promise<void>
}

/** Called with settings that a destination has renewed itself. */
export type SaveSettings = (destinationId: string, settings: JsonObject) => void

export interface DeliveryServiceOptions {
  readonly outbox: SpaceOutbox
  readonly secrets: Secrets
  /** Resolves when the command is durable and applied. */
  readonly command: (command: DeliveryCommand) => Promise<void>
  /** Opens the queue and the workers; called when there is the first destination. */
  readonly open: (save: SaveSettings) => Promise<{ readonly queue: DeliveryQueue; readonly workers: DeliveryWorkers }>
  readonly clock: () => number
  readonly timer: SetTimer
  /** From 0 to 1. */
  readonly random: () => number
  readonly onTrouble: (cause: unknown) => void
  /** Called whenever the queue has answered. */
  readonly onWell: () => void
  /** Called for each job that a worker has answered. */
  readonly onJob?: ((job: AnsweredJob) => void) | undefined
}

/** Pages of actors that one step of a sync goes over: few, so that it does not hold up others for long. */
const SYNC_PAGES = 16
/** A sync waits while so many deliveries wait for its destination. */
const SYNC_WAITING_MAX = 20_000
const TRY_AGAIN_MS = 500

interface Running {
  readonly queue: DeliveryQueue
  readonly workers: DeliveryWorkers
  readonly dispatcher: Dispatcher
}

export class DeliveryService {
  readonly #options: DeliveryServiceOptions
  #starting: Promise<void> | undefined
  #running: Running | undefined
  #reading: Promise<void> | undefined
  #isStopped = false
  #isDispatching = false
  #isStepping = false
  /** The destinations that the workers know, as JSON, and their ids. */
  #opened = ''
  #known: readonly string[] = []
  readonly #sizes = new WeakMap<DestinationRecord, JobSize>()
  /** The last answer at each of the newest two checkpoints: answers up to the older one may go. */
  #answersHeld: readonly string[] = []

  constructor(options: DeliveryServiceOptions) {
    this.#options = options
  }

  /** Called when an entry has been applied: there may be more to send. */
  changed(): void {
    if (this.#isStopped || this.#isDispatching) return
    if (!this.#starting && this.#options.outbox.destinations().next().done) return
    this.#isDispatching = true
    // Changes of one turn of the loop go together.
    setImmediate(() => {
      this.#isDispatching = false
      if (this.#isStopped) return
      this.#starting ??= this.#start()
      this.#openDestinations()
      this.#running?.dispatcher.dispatch()
      this.#step()
    })
  }

  /** Asks a destination, or settings on trial, in the process of the workers. */
  async ask<Kind extends DestinationQuestion['kind']>(
    destination: TriedSettings,
    question: Extract<DestinationQuestion, { kind: Kind }>,
  ): Promise<DestinationAnswer<Kind>> {
    this.#starting ??= this.#start()
    await this.#starting
    return this.#running!.workers.ask(destination, question)
  }

  /** Returns the settings with the secrets of a destination. Throws an Error if they were sealed under another key. */
  settingsOf({ id, settings, sealed }: DestinationRecord): JsonObject {
    return { ...settings, ...this.#options.secrets.open(sealed, id) }
  }

  /** Returns a destination with settings that its user has not given: secret ones are sealed, and missing no more. */
  withSettings(record: DestinationRecord, settings: JsonObject): DestinationRecord {
    const { secrets, clock } = this.#options
    const known = destinationType(record.type)?.secrets ?? []
    const [secret, plain] = [true, false].map((isSecret) =>
      Object.fromEntries(Object.entries(settings).filter(([name]) => known.includes(name) === isSecret)),
    )
    return {
      ...record,
      settings: { ...record.settings, ...plain },
      sealed: secrets.seal({ ...secrets.open(record.sealed, record.id), ...secret }, record.id),
      missing: record.missing.filter((name) => !Object.hasOwn(settings, name)),
      updatedAt: clock(),
    }
  }

  /** True while the destination cannot be reached, as far as is known. */
  isOpen(destinationId: string): boolean {
    return this.#running?.dispatcher.isOpen(destinationId) ?? false
  }

  /** Called when a checkpoint is stored: forgets answers that neither it nor the one before needs. */
  checkpointed(): void {
    const [before, ...rest] = [...this.#answersHeld, this.#options.outbox.answersUntil].slice(-3)
    this.#answersHeld = [before!, ...rest]
    if (rest.length < 2 || before === '0-0') return
    this.#running?.queue.trimAnswers(before!).catch((cause: unknown) => this.#options.onTrouble(cause))
  }

  /** Ends jobs under way in order; what waits is there when it starts again. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#starting
    const running = this.#running
    if (!running) return
    running.dispatcher.stop()
    await running.workers.stop()
    await running.queue.close()
    await this.#reading
  }

  async #start(): Promise<void> {
    const { outbox, open, clock, timer, random, onTrouble, onJob } = this.#options
    const { queue, workers } = await open((destinationId, settings) => this.#save(destinationId, settings))
    const sizeOf = (record: DestinationRecord): JobSize | undefined => this.#sizeOf(record)
    const dispatcher = new Dispatcher({ outbox, queue, sizeOf, clock, timer, random, onTrouble, onJob })
    this.#running = { queue, workers, dispatcher }
    while (!this.#isStopped && (await this.#readAnswers(this.#running, false)));
    if (this.#isStopped) return
    await dispatcher.start()
    this.#reading = this.#keepReading(this.#running)
    this.changed()
  }

  /** Keeps what a destination has renewed; it must be one of its secrets. */
  #save(destinationId: string, settings: JsonObject): void {
    const { outbox, command, onTrouble } = this.#options
    const record = outbox.destination(destinationId)?.record
    const known = record && destinationType(record.type)?.secrets
    if (!record || !Object.keys(settings).every((name) => known?.includes(name))) return
    command({ kind: 'put destination', destination: this.withSettings(record, settings) }).catch(onTrouble)
  }

  async #keepReading(running: Running): Promise<void> {
    while (!this.#isStopped) {
      await this.#readAnswers(running, true)
      this.#step()
    }
  }

  /** Reads answers; returns true if there may be more. Those that cannot be read now are read later. */
  async #readAnswers({ queue, dispatcher }: Running, waits: boolean): Promise<boolean> {
    const { outbox, timer, onTrouble, onWell } = this.#options
    try {
      const answers = await queue.answersAfter(outbox.answersUntil, waits)
      onWell()
      for (const { id, answer } of answers) {
        dispatcher.answered(answer)
        outbox.answersUntil = id
      }
      return answers.length > 0
    } catch (cause) {
      if (this.#isStopped) return false
      onTrouble(cause)
      await new Promise<void>((resolve) => timer(resolve, TRY_AGAIN_MS))
      return true
    }
  }

  /** Tells the workers about the destinations, if those have changed. */
  #openDestinations(): void {
    const running = this.#running
    if (!running) return
    const { outbox, onTrouble } = this.#options
    const destinations: WorkerDestination[] = []
    for (const { record, outbox: own } of outbox.destinations())
      try {
        if (!this.#sizeOf(record)) continue
        destinations.push({
          id: record.id,
          type: record.type,
          settings: this.settingsOf(record),
          lanes: own.lanes,
        })
      } catch (cause) {
        onTrouble(cause)
      }
    const text = JSON.stringify(destinations)
    if (text === this.#opened) return
    this.#opened = text
    running.workers.open(destinations)
    const ids = Array.from(outbox.destinations(), ({ record }) => record.id)
    for (const id of this.#known) if (!ids.includes(id)) running.queue.remove(id).catch(onTrouble)
    this.#known = ids
  }

  /** Makes the next step of a sync; one at a time. */
  #step(): void {
    if (this.#isStepping || this.#isStopped || !this.#running) return
    const { outbox, command, timer, onTrouble } = this.#options
    const [behind] = outbox.syncs.behind(SYNC_WAITING_MAX)
    const step: DeliveryCommand | undefined = behind
      ? { kind: 'sync', connectionId: behind.record.id, scope: 'known' }
      : outbox.syncs.nextStep({ pages: SYNC_PAGES, waitingMax: SYNC_WAITING_MAX })
    if (!step) return
    this.#isStepping = true
    command(step).then(
      () => {
        this.#isStepping = false
        this.changed()
      },
      (cause: unknown) => {
        onTrouble(cause)
        timer(() => {
          this.#isStepping = false
          this.changed()
        }, TRY_AGAIN_MS)
      },
    )
  }

  #sizeOf(record: DestinationRecord): JobSize | undefined {
    const held = this.#sizes.get(record)
    if (held) return held
    const type = destinationType(record.type)
    if (!type || record.missing.length > 0) return undefined
    try {
      const size = jobSizeOf(type.limits(parseSettings(type, this.settingsOf(record))))
      this.#sizes.set(record, size)
      return size
    } catch {
      // Sealed under another key, or by a version with other settings: the destination's status says so.
      return undefined
    }
  }
}
