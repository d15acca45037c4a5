/**
 * Decides whether new deliveries are queued at once or kept back. A change that concerns more members than its
 * connection allows, as a mistaken edit may, waits for somebody's approval.
 */
import { SHARE_COUNTS_FROM } from '../model/destination.ts'
import type { Connection } from './connection.ts'
import { asFinal, type Delivery, isMoot } from './delivery.ts'
import type { DestinationState } from './destination-state.ts'
import type { OutboxDirectory } from './outbox-directory.ts'

const NO_SWITCHES: readonly number[] = []

export class Approvals {
  readonly #directory: OutboxDirectory
  /** Instants since which definitions hold that actors are still being brought on to. */
  #switches: readonly number[] = []

  constructor(directory: OutboxDirectory) {
    this.#directory = directory
  }

  /** Begins an entry: what is settled at these instants comes from other definitions. */
  begin(switches: readonly number[]): void {
    this.#switches = switches
  }

  /** Ends an entry. With `isSwitched` all is known that other definitions make: too much of it is kept back. */
  end(isSwitched: boolean): void {
    this.#switches = NO_SWITCHES
    if (!isSwitched) return
    for (const connection of this.#directory.connections.values()) {
      const { hold } = connection
      if (hold?.reason !== 'switch') continue
      if (this.isTooMany(connection.heldMemberCount, connection)) connection.hold = { ...hold, reason: 'edit' }
      else this.release(connection)
    }
  }

  /** Takes a new delivery that was settled at an instant: what a switch makes is kept back until all of it is known. */
  take(delivery: Delivery, connection: Connection, settledAt: number): void {
    if (!delivery.isFinal && this.#switches.includes(settledAt))
      connection.hold ??= { since: settledAt, reason: 'switch' }
    this.#queue(delivery, connection)
  }

  /** Queues the deliveries that were kept back for a connection. */
  release(connection: Connection): void {
    const { deliveries, unions } = connection.release()
    for (const delivery of deliveries) this.#queue(delivery, connection)
    const { outbox } = this.#directory.destinationOf(connection)
    for (const { survivor, absorbed } of unions) outbox.unite(survivor, absorbed)
  }

  /** Lets go what waits of an actor whose profile is deleted: no approval is needed for that. */
  reduce(actor: number): void {
    const { destinations, connections } = this.#directory
    for (const connection of connections.values())
      for (const delivery of connection.releaseOf(actor))
        if (!isMoot(delivery)) this.#queue(asFinal(delivery), connection)
    for (const { outbox, failures } of destinations.values()) {
      outbox.reduce(actor)
      failures.forget(actor)
    }
  }

  /** True if so many actors need an approval. */
  isTooMany(actors: number, { record }: Connection): boolean {
    const { members, share } = record.approval
    const { profileCount } = this.#directory.view
    return actors > members || (profileCount >= SHARE_COUNTS_FROM && actors > share * profileCount)
  }

  #queue(delivery: Delivery, connection: Connection): void {
    const destination = this.#directory.destinationOf(connection)
    if (connection.hold && !delivery.isFinal) {
      let collapsed = connection.keepBack(delivery)
      if (destination.isTooMuch(connection.heldCount)) collapsed += connection.giveUpHeld()
      this.#countCollapsed(destination, delivery, collapsed)
      return
    }
    this.#countCollapsed(destination, delivery, destination.queue(delivery))
    if (destination.isTooMuch(destination.outbox.size)) this.#giveUp(destination)
  }

  /** Drops all that waits for a destination: its connections are behind, and it is told everything anew. */
  #giveUp(destination: DestinationState): void {
    destination.outbox.clear((delivery) => {
      // Whoever is deleted is told nothing anew.
      if (delivery.isFinal) return false
      this.#countCollapsed(destination, delivery, 1)
      return true
    })
    for (const connection of this.#directory.connections.values())
      if (connection.record.destinationId === destination.record.id) connection.isBehind = true
  }

  #countCollapsed(destination: DestinationState, delivery: Delivery, collapsed: number): void {
    this.#directory.count(destination, delivery, (counts) => (counts.collapsed += collapsed))
  }
}
