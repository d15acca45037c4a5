/**
 * Keeps the outbox of a space that another process has as it is there: by the answers of that one's workers. It sends
 * nothing.
 *
 * A1. An answer is noted once its deliveries are there: it may come before the entry that made them.
 * A2. What the other has found to address nobody has no answer: it is dropped here too.
 */
import { callCountOf } from '../calls/calls.ts'
import type { SetTimer } from '../model/timer.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import type { DeliveryQueue } from '../queue/delivery-queue.ts'
import type { Answer } from '../queue/job.ts'
import { noteOutcome } from './outcomes.ts'

export interface AnswerFollowerOptions {
  readonly outbox: SpaceOutbox
  /** Opens the queue; called when there is the first destination. */
  readonly open: () => Promise<Pick<DeliveryQueue, 'answersAfter' | 'close'>>
  /** Epoch ms. */
  readonly clock: () => number
  readonly timer: SetTimer
  /** From 0 to 1. */
  readonly random: () => number
  readonly onTrouble: (cause: unknown) => void
}

/** The wait for a first destination, for entries, and for a queue that does not answer. */
const AGAIN_MS = 100

export class AnswerFollower {
  readonly #options: AnswerFollowerOptions
  #isStopped = false
  #queue: Pick<DeliveryQueue, 'answersAfter' | 'close'> | undefined

  constructor(options: AnswerFollowerOptions) {
    this.#options = options
  }

  /** Follows the answers until it is stopped. */
  async follow(): Promise<void> {
    const { outbox, open, onTrouble } = this.#options
    while (this.#isFollowing())
      try {
        if (outbox.destinations().next().done) {
          await this.#pause()
          continue
        }
        this.#queue ??= await open()
        for (const { id, answer } of await this.#queue.answersAfter(outbox.answersUntil, true)) {
          while (this.#isFollowing() && !this.#isKnown(answer)) await this.#pause()
          if (!this.#isFollowing()) break
          this.#note(answer)
          outbox.answersUntil = id
        }
        if (this.#isFollowing()) this.#dropUnaddressed()
      } catch (cause) {
        if (!this.#isFollowing()) break
        onTrouble(cause)
        await this.#pause()
      }
    await this.#queue?.close()
  }

  /** Changes nothing from now on. */
  stop(): void {
    this.#isStopped = true
  }

  /** It may have been stopped while it waited. */
  #isFollowing(): boolean {
    return !this.#isStopped
  }

  /** Keeps A1. */
  #isKnown({ items }: Answer): boolean {
    return items.every(({ number }) => number < this.#options.outbox.nextNumber)
  }

  #note({ destinationId, items }: Answer): void {
    const { outbox, clock, random } = this.#options
    const destination = outbox.destination(destinationId)
    if (!destination) return
    const now = clock()
    for (const { outcome, ...name } of items) {
      // As it is where it was sent: only what is under way can be tried again.
      destination.outbox.adopt(name, now)
      noteOutcome(outbox, destination, { name, outcome, now, random: random() })
    }
  }

  /** Keeps A2. */
  #dropUnaddressed(): void {
    const { outbox, clock } = this.#options
    const now = clock()
    for (const destination of outbox.destinations()) {
      if (!destination.record.enabled) continue
      destination.outbox.wake(now)
      for (let lane = 0; lane < destination.outbox.lanes; lane++) {
        let isAnyDropped: boolean
        do {
          isAnyDropped = false
          for (const delivery of destination.outbox.begin(lane, () => false, now)) {
            const connection = outbox.connection(delivery.connectionId)?.record
            if (connection && callCountOf(delivery, connection) > 0) destination.outbox.putBack(delivery.number)
            else {
              outbox.results.filtered(destination, delivery)
              isAnyDropped = true
            }
          }
        } while (isAnyDropped)
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#options.timer(resolve, AGAIN_MS))
  }
}
