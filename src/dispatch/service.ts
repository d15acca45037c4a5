/**
 * Deliveries, put together: the dispatcher, the queue and its answers, the workers, and the syncs under way. It begins
 * when there is a destination, so that a space without any has neither queue nor workers.
 */
import { destinationType, parseSettings } from '../../destinations/registry.ts'
import type { DeliveryCommand, DestinationRecord } from '../model/destination.ts'
import type { JsonObject } from '../model/json.ts'
import type { SetTimer } from '../model/timer.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import type { DeliveryQueue } from '../queue/delivery-queue.ts'
import type { WorkerDestination } from '../worker/delivery-worker.ts'
import { Dispatcher } from './dispatcher.ts'
import type { JobSize } from '../queue/job-size.ts'
import type { Secrets } from './secrets.ts'
import { jobSizeOf } from '../queue/job-size.ts'

export interface DeliveryWorkers {
  /** Work for these from now on, and for no others. */
  open(destinations: readonly WorkerDestination[]): void
  test(type: string, settings: JsonObject): Promise<{ reason: string; message: string } | undefined>
  stop(): Promise<void>
}

export interface DeliveryServiceOptions {
  readonly outbox: SpaceOutbox
  readonly secrets: Secrets
  /** Resolves when the command is durable and applied. */
  readonly command: (command: DeliveryCommand) => Promise<void>
  /** What delivers: made when there is the first destination. */
  readonly open: () => Promise<{ readonly queue: DeliveryQueue; readonly workers: DeliveryWorkers }>
  readonly clock: () => number
  readonly timer: SetTimer
  /** From 0 to 1. */
  readonly random: () => number
  readonly onTrouble: (cause: unknown) => void
  /** Told whenever the queue has answered. */
  readonly onWell: () => void
}

/** Pages of actors that a sync goes over at once, so that it holds nobody up for long. */
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
  /** Which destinations the workers know, and as what. */
  #opened = ''
  #known: readonly string[] = []
  readonly #shapes = new WeakMap<DestinationRecord, JobSize>()
  /** Of the two checkpoints before the next: answers up to there may go, one behind. */
  #answersHeld: readonly string[] = []

  constructor(options: DeliveryServiceOptions) {
    this.#options = options
  }

  /** An entry has been applied: there may be more to send. */
  changed(): void {
    if (this.#isStopped || this.#isDispatching) return
    if (!this.#starting && this.#options.outbox.destinations().next().done) return
    this.#isDispatching = true
    // What comes within one turn of the loop goes together.
    setImmediate(() => {
      this.#isDispatching = false
      if (this.#isStopped) return
      this.#starting ??= this.#start()
      this.#openDestinations()
      this.#running?.dispatcher.dispatch()
      this.#step()
    })
  }

  /** What is wrong with settings; undefined where they work. */
  async test(type: string, settings: JsonObject): Promise<{ reason: string; message: string } | undefined> {
    this.#starting ??= this.#start()
    await this.#starting
    return this.#running!.workers.test(type, settings)
  }

  /** With the secrets of a destination. Throws where they were sealed under another key. */
  settingsOf({ id, settings, sealed }: DestinationRecord): JsonObject {
    return { ...settings, ...this.#options.secrets.open(sealed, id) }
  }

  /** Whether nothing arrives there at present, as far as is known. */
  isOpen(destinationId: string): boolean {
    return this.#running?.dispatcher.isOpen(destinationId) ?? false
  }

  /** A checkpoint is stored: answers that neither it nor the one before needs are forgotten. */
  checkpointed(): void {
    const [before, ...rest] = [...this.#answersHeld, this.#options.outbox.answersUntil].slice(-3)
    this.#answersHeld = [before!, ...rest]
    if (rest.length < 2 || before === '0-0') return
    this.#running?.queue.trimAnswers(before!).catch((cause: unknown) => this.#options.onTrouble(cause))
  }

  /** Ends what is under way in order; what waits is there when it starts again. */
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
    const { outbox, open, clock, timer, random, onTrouble } = this.#options
    const { queue, workers } = await open()
    const shapeOf = (record: DestinationRecord): JobSize | undefined => this.#shapeOf(record)
    const dispatcher = new Dispatcher({ outbox, queue, shapeOf, clock, timer, random, onTrouble })
    this.#running = { queue, workers, dispatcher }
    while (!this.#isStopped && (await this.#readAnswers(this.#running, false)));
    if (this.#isStopped) return
    await dispatcher.start()
    this.#reading = this.#keepReading(this.#running)
    this.changed()
  }

  async #keepReading(running: Running): Promise<void> {
    while (!this.#isStopped) {
      await this.#readAnswers(running, true)
      this.#step()
    }
  }

  /** Whether there may be more; one that cannot be read now is read later. */
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

  /** Tells the workers whom to work for, where that has changed. */
  #openDestinations(): void {
    const running = this.#running
    if (!running) return
    const { outbox, onTrouble } = this.#options
    const destinations: WorkerDestination[] = []
    for (const { record, outbox: own } of outbox.destinations())
      try {
        if (!this.#shapeOf(record)) continue
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

  /** The next step of a sync; one at a time. */
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

  #shapeOf(record: DestinationRecord): JobSize | undefined {
    const held = this.#shapes.get(record)
    if (held) return held
    const type = destinationType(record.type)
    if (!type || record.missing.length > 0) return undefined
    try {
      const shape = jobSizeOf(type.limits(parseSettings(type, this.settingsOf(record))))
      this.#shapes.set(record, shape)
      return shape
    } catch {
      // Sealed under another key, or by a version that knew other settings: it says so where it is shown.
      return undefined
    }
  }
}
