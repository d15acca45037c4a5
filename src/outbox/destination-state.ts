/** A destination as the space has it: its record, the deliveries that wait for it, and the results of the others. */
import type { DestinationRecord } from '../model/destination.ts'
import type { Delivery } from './delivery.ts'
import { type Failure, Failures } from './failures.ts'
import { DestinationOutbox } from './destination-outbox.ts'
import { DeliveryCounts, type DeliveryCountsState } from './delivery-counts.ts'

export interface StoredDestination {
  readonly record: DestinationRecord
  readonly failures: readonly Failure[]
  readonly tally: DeliveryCountsState
}

export interface OutboxLimits {
  /** Jobs that are under way at once, each for actors of its own. */
  readonly lanes: number
  /**
   * Most deliveries that wait; beyond that all are dropped, and everything is sent again once those under way have
   * arrived.
   */
  readonly waitingMax: number
  /** A delivery that has waited longer is replaced by a later one of the same name, ms. */
  readonly collapseMs: number
}

export class DestinationState {
  record: DestinationRecord
  readonly outbox: DestinationOutbox
  readonly failures: Failures
  readonly counts: DeliveryCounts
  readonly #limits: OutboxLimits
  /** True while nothing arrives there: all that waits collapses. */
  isStuck = false

  constructor(record: DestinationRecord, limits: OutboxLimits, state?: StoredDestination) {
    this.record = record
    this.#limits = limits
    this.outbox = new DestinationOutbox(limits.lanes)
    this.failures = Failures.of(state?.failures ?? [])
    this.counts = state ? DeliveryCounts.of(state.tally) : new DeliveryCounts()
  }

  state(): StoredDestination {
    return { record: this.record, failures: this.failures.list(), tally: this.counts.state() }
  }

  /** Returns true if so many deliveries are more than may wait. */
  isTooMuch(waiting: number): boolean {
    return waiting > this.#limits.waitingMax
  }

  /** Adds a delivery; returns how many it replaced. */
  queue(delivery: Delivery): number {
    const isStuck = this.isStuck || !this.record.enabled
    const before = isStuck || delivery.isFinal ? Infinity : delivery.queuedAt - this.#limits.collapseMs
    const collapsed = this.outbox.collapse(delivery, before)
    this.outbox.add(delivery)
    return collapsed
  }
}
