/**
 * The destinations and connections of a space, by id, and the view of its actors: shared by the parts of the outbox.
 */
import type { DestinationRecord } from '../model/destination.ts'
import { Connection, type ConnectionState } from './connection.ts'
import type { Delivery } from './delivery.ts'
import type { DeliveryCounts } from './delivery-counts.ts'
import { DestinationState, type OutboxLimits, type StoredDestination } from './destination-state.ts'
import { NO_SPACE, type SpaceView } from './space-view.ts'

/** Returns how much may wait for a destination. */
export type LimitsOf = (record: DestinationRecord) => OutboxLimits

export class OutboxDirectory {
  readonly destinations = new Map<string, DestinationState>()
  readonly connections = new Map<string, Connection>()
  view: SpaceView = NO_SPACE
  /** Tells of a source that destinations are told nothing of. */
  isQuiet: (sourceId: string) => boolean = () => false
  readonly #limitsOf: LimitsOf

  constructor(limitsOf: LimitsOf) {
    this.#limitsOf = limitsOf
  }

  /** Puts destinations and connections back as a checkpoint has them. */
  restore(destinations: readonly StoredDestination[], connections: readonly ConnectionState[]): void {
    for (const state of destinations) {
      const { record } = state
      this.destinations.set(record.id, new DestinationState(record, this.#limitsOf(record), state))
    }
    for (const state of connections) this.connections.set(state.record.id, Connection.of(state))
  }

  /** Adds a destination, or changes the one that there is. */
  put(record: DestinationRecord): void {
    const known = this.destinations.get(record.id)
    if (known) known.record = record
    else this.destinations.set(record.id, new DestinationState(record, this.#limitsOf(record)))
  }

  /** Returns the destination of a connection: there is one as long as there is the connection. */
  destinationOf({ record }: Connection): DestinationState {
    return this.destinations.get(record.destinationId)!
  }

  /** Counts a delivery for its destination, and for its connection while there is that. */
  count(
    { counts }: DestinationState,
    { connectionId }: Pick<Delivery, 'connectionId'>,
    count: (counts: DeliveryCounts) => void,
  ): void {
    count(counts)
    const connection = this.connections.get(connectionId)
    if (connection) count(connection.counts)
  }
}
