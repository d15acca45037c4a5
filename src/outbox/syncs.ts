/**
 * Syncs: tell a destination about everybody whom a connection concerns. A sync goes over the actors a few pages at a
 * time, by commands of the journal: it counts first, waits for approval if there are too many, then sends.
 */
import type { DeliveryCommand, SyncScope } from '../model/destination.ts'
import type { Approvals } from './approvals.ts'
import type { Connection, Sync } from './connection.ts'
import type { DeliveryMaker } from './delivery-maker.ts'
import type { OutboxDirectory } from './outbox-directory.ts'

export interface SyncsOptions {
  readonly directory: OutboxDirectory
  readonly approvals: Approvals
  readonly maker: DeliveryMaker
}

export class Syncs {
  readonly #options: SyncsOptions

  constructor(options: SyncsOptions) {
    this.#options = options
  }

  /**
   * Begins a sync of a connection that is enabled; one that is under way is replaced. One by a single activation waits
   * for it instead.
   * @param isFirst nobody has been told anything through this connection, or activation
   */
  begin(connection: Connection, scope: SyncScope, isFirst: boolean, activationId?: string): void {
    if (!connection.record.enabled) return
    if (activationId === undefined) connection.isBehind = false
    connection.beginSync({ phase: 'counting', scope, isFirst, activationId, page: 0, members: 0 })
  }

  /** Sends what a sync has counted, if it waits for approval. */
  approve(connection: Connection): void {
    if (connection.sync?.phase === 'waiting') this.#beginSending(connection, connection.sync)
  }

  /** Ends a sync that waits for approval. */
  reject(connection: Connection): void {
    if (connection.sync?.phase === 'waiting') connection.endSync()
  }

  /** Goes over some pages of actors; a step that is not the next of its sync changes nothing. */
  step(connection: Connection, { from, to }: { readonly from: number; readonly to: number }): void {
    const { directory, approvals, maker } = this.#options
    const { sync } = connection
    if (sync?.page !== from || sync.phase === 'waiting') return
    const isCounted = sync.phase === 'counting'
    const found = maker.sync(connection, { from, to }, { ...sync, isCounted })
    const members = isCounted ? sync.members + found : sync.members
    if (to < directory.view.pageCount) connection.sync = { ...sync, page: to, members }
    else if (!isCounted) connection.endSync()
    else if (approvals.isTooMany(members, connection)) connection.sync = { ...sync, phase: 'waiting', page: 0, members }
    else this.#beginSending(connection, { ...sync, members })
  }

  /**
   * Returns the next step of any sync; undefined if there is none, or if enough waits for its destination already.
   * @param pages of the step
   * @param waitingMax deliveries that may wait for a destination while another step is sent to it
   */
  nextStep({
    pages,
    waitingMax,
  }: {
    readonly pages: number
    readonly waitingMax: number
  }): DeliveryCommand | undefined {
    const { directory } = this.#options
    for (const connection of directory.connections.values()) {
      const { record, sync } = connection
      if (!record.enabled || !sync || sync.phase === 'waiting') continue
      if (sync.phase === 'sending' && directory.destinationOf(connection).outbox.size > waitingMax) continue
      return { kind: 'sync step', connectionId: record.id, from: sync.page, to: sync.page + pages }
    }
    return undefined
  }

  /** Lists the connections that are to be synced anew, now that little waits for their destination any more. */
  *behind(waitingMax = 0): Generator<Connection> {
    const { directory } = this.#options
    for (const connection of directory.connections.values()) {
      const { record, isBehind, sync } = connection
      if (!isBehind || sync || !record.enabled) continue
      const destination = directory.destinationOf(connection)
      if (destination.record.enabled && !destination.isStuck && destination.outbox.size <= waitingMax) yield connection
    }
  }

  #beginSending(connection: Connection, sync: Sync): void {
    connection.resyncCount++
    connection.sync = { ...sync, phase: 'sending', page: 0 }
  }
}
