/** Records the results of deliveries, as workers answer: arrived, failed for good, to be tried again, or sent again. */
import { sendingOf } from '../model/sending.ts'
import type { Failure } from './failures.ts'
import type { DestinationState } from './destination-state.ts'
import type { Tried } from './actor-queue.ts'
import type { OutboxDirectory } from './outbox-directory.ts'

/** Identifies a delivery, as a worker's answer does. */
export interface DeliveryName {
  readonly number: number
  readonly actor: number
}

export class DeliveryResults {
  readonly #directory: OutboxDirectory

  constructor(directory: OutboxDirectory) {
    this.#directory = directory
  }

  /** Removes a delivery that has arrived. @param now epoch ms */
  delivered(destination: DestinationState, name: DeliveryName, now: number): Tried | undefined {
    const tried = destination.outbox.finish(name)
    if (tried)
      this.#directory.count(destination, tried.delivery, (counts) => counts.arrived(now - tried.delivery.queuedAt))
    return tried
  }

  /** Removes a delivery that has failed for good, and lists it among the failures. */
  failed(
    destination: DestinationState,
    name: DeliveryName,
    { reason, message, now }: { readonly reason: string; readonly message: string; readonly now: number },
  ): void {
    const tried = destination.outbox.finish(name)
    if (!tried) return
    const { delivery, attempts } = tried
    this.#directory.count(destination, delivery, (counts) => counts.failedBy(reason))
    const failure = { delivery, reason, message, attempts, failedAt: now }
    // Of a profile that is deleted, nothing stays.
    if (delivery.isFinal) return
    if (destination.failures.add(failure)) this.#sendAgain(destination, failure)
  }

  /** Removes a delivery that addresses nobody, or for which the destination has no use. */
  filtered(destination: DestinationState, name: DeliveryName): void {
    const tried = destination.outbox.finish(name)
    if (tried) this.#directory.count(destination, tried.delivery, (counts) => counts.filtered++)
  }

  /** Lets a delivery wait until it is tried again. @param at epoch ms */
  retry(destination: DestinationState, { number }: DeliveryName, at: number): void {
    const tried = destination.outbox.triedOf(number)
    if (!tried) return
    destination.outbox.retry(number, at)
    this.#directory.count(destination, tried.delivery, (counts) => counts.retries++)
  }

  /** Queues deliveries again that have failed for good. */
  resend(destination: DestinationState, numbers: readonly number[]): void {
    for (const failure of destination.failures.take(numbers)) this.#sendAgain(destination, failure)
  }

  /**
   * Queues a delivery again, unless its value is another by now: then a later delivery says so. Its owner must be in
   * memory.
   */
  #sendAgain(destination: DestinationState, failure: Failure): void {
    const { connections, view } = this.#directory
    const { delivery } = failure
    const record = connections.get(delivery.connectionId)?.record
    const isSent = record?.enabled && sendingOf(record, delivery.activationId)
    const definition = isSent ? view.numberOf(record.type, record.key) : undefined
    if (definition === undefined) return
    const isSeen = view.see(delivery.owner, (actor) => {
      if (actor.defined.get(definition)?.sequence === delivery.sequence) destination.queue(delivery)
    })
    if (!isSeen) destination.failures.add(failure)
  }
}
