/**
 * Decides whether new deliveries are queued at once or kept back. A change that concerns more members than its
 * connection allows, as a mistaken edit may, waits for somebody's approval.
 */
import { addToGroup } from '../model/groups.ts'
import { SHARE_COUNTS_FROM } from '../model/destination.ts'
import type { Connection } from './connection.ts'
import type { Delivery } from './delivery.ts'
import type { DestinationState } from './destination-state.ts'
import type { OutboxDirectory } from './outbox-directory.ts'

export class Approvals {
  readonly #directory: OutboxDirectory
  /** Deliveries that an edit has made so far, by connection, until all of them are known. */
  #staged: Map<Connection, Delivery[]> | undefined

  constructor(directory: OutboxDirectory) {
    this.#directory = directory
  }

  /** Begins an entry. The deliveries of an edit are gathered until its end. */
  begin(isEdit: boolean): void {
    this.#staged = isEdit ? new Map<Connection, Delivery[]>() : undefined
  }

  /** Ends an entry: an edit that concerns too many is kept back. */
  end(receivedAt: number): void {
    const staged = this.#staged
    this.#staged = undefined
    for (const [connection, deliveries] of staged ?? []) {
      const actors = new Set(deliveries.map(({ actor }) => actor)).size
      if (this.isTooMany(actors, connection)) connection.hold ??= { since: receivedAt, reason: 'edit' }
      for (const delivery of deliveries) this.#queue(delivery, connection)
    }
  }

  /** Takes a new delivery. */
  take(delivery: Delivery, connection: Connection): void {
    if (!this.#staged) {
      this.#queue(delivery, connection)
      return
    }
    addToGroup(this.#staged, connection, delivery)
  }

  /** Queues the deliveries that were kept back for a connection. */
  release(connection: Connection): void {
    const { deliveries, unions } = connection.release()
    for (const delivery of deliveries) this.#queue(delivery, connection)
    const { outbox } = this.#directory.destinationOf(connection)
    for (const { survivor, absorbed } of unions) outbox.unite(survivor, absorbed)
  }

  /** True if so many actors need an approval. */
  isTooMany(actors: number, { record }: Connection): boolean {
    const { members, share } = record.approval
    const { profileCount } = this.#directory.view
    return actors > members || (profileCount >= SHARE_COUNTS_FROM && actors > share * profileCount)
  }

  #queue(delivery: Delivery, connection: Connection): void {
    const destination = this.#directory.destinationOf(connection)
    if (connection.hold) {
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
