/**
 * The outbox of a space: destinations, connections, and what is still to be told. It is state as the engine's is: it
 * follows from the journal, and from what workers say has arrived.
 *
 * E1. Numbers of deliveries, and the ids of their calls, follow from the journal alone.
 * E2. A change that moves more than its connection allows is kept back until somebody consents.
 * E3. What waits is bounded: beyond the bound a destination is told everything anew, instead of what waited.
 */
import type { Settled, SettlementObserver } from '../../actors/settlement/settlement-observer.ts'
import {
  type DeliveryCommand,
  type DestinationRecord,
  SHARE_COUNTS_FROM,
  type SyncScope,
} from '../model/destination.ts'
import { checkDeliveryCommand } from './check-command.ts'
import { Connection, type ConnectionState } from './connection.ts'
import type { Delivery } from './delivery.ts'
import type { Failure } from './failures.ts'
import type { ActorQueueState, Tried } from './destination-outbox.ts'
import { NO_SPACE, type SpaceView } from './space-view.ts'
import type { DeliveryCounts } from './delivery-counts.ts'
import { DestinationState, type OutboxLimits, type StoredDestination } from './destination-state.ts'
import { type NewDelivery, DeliveryMaker } from './delivery-maker.ts'

export interface SpaceOutboxState {
  readonly next: number
  readonly targets: readonly StoredDestination[]
  readonly connections: readonly ConnectionState[]
  /** The last answer of a worker that was taken up. */
  readonly answersUntil: string
}

/** Lines of a destination, as a checkpoint has them. */
export interface DestinationOutboxState {
  readonly destinationId: string
  readonly lines: readonly ActorQueueState[]
}

/** Before the first one. */
export const NO_ANSWER = '0-0'

export type LimitsOf = (record: DestinationRecord) => OutboxLimits

/** Who a delivery has to do with, as a worker's answer names it. */
export interface DeliveryName {
  readonly number: number
  readonly actor: number
}

export class SpaceOutbox implements SettlementObserver {
  /** The last answer of a worker that was taken up; see `Answers`. */
  answersUntil = NO_ANSWER
  readonly #limitsOf: LimitsOf
  readonly #destinations = new Map<string, DestinationState>()
  readonly #connections = new Map<string, Connection>()
  readonly #maker: DeliveryMaker
  #view: SpaceView = NO_SPACE
  #next = 1
  /** Receive time of the entry at hand. */
  #receivedAt = 0
  /** What an edit moves, by connection, until all of it is known. */
  #staged: Map<Connection, Delivery[]> | undefined

  constructor(limitsOf: LimitsOf) {
    this.#limitsOf = limitsOf
    this.#maker = new DeliveryMaker(
      NO_SPACE,
      () => this.#connections.values(),
      (delivery, connection) => this.#take(delivery, connection),
    )
  }

  static of({ next, targets, connections, answersUntil }: SpaceOutboxState, limitsOf: LimitsOf): SpaceOutbox {
    const deliveries = new SpaceOutbox(limitsOf)
    deliveries.#next = next
    deliveries.answersUntil = answersUntil
    for (const state of targets)
      deliveries.#destinations.set(state.record.id, new DestinationState(state.record, limitsOf(state.record), state))
    for (const state of connections) deliveries.#connections.set(state.record.id, Connection.of(state))
    return deliveries
  }

  /** All but the lines. */
  state(): SpaceOutboxState {
    return {
      next: this.#next,
      answersUntil: this.answersUntil,
      targets: Array.from(this.#destinations.values(), (destination) => destination.state()),
      connections: Array.from(this.#connections.values(), (connection) => connection.state()),
    }
  }

  outboxes(): DestinationOutboxState[] {
    return Array.from(this.#destinations, ([destinationId, { outbox }]) => ({ destinationId, lines: outbox.state() }))
  }

  restore({ destinationId, lines }: DestinationOutboxState): void {
    this.#destinations.get(destinationId)?.outbox.restore(lines)
  }

  /** The space that the actors are of. */
  attach(view: SpaceView): void {
    this.#view = view
    this.#maker.view = view
  }

  destinations(): IterableIterator<DestinationState> {
    return this.#destinations.values()
  }

  destination(id: string): DestinationState | undefined {
    return this.#destinations.get(id)
  }

  connections(): IterableIterator<Connection> {
    return this.#connections.values()
  }

  connection(id: string): Connection | undefined {
    return this.#connections.get(id)
  }

  /** An entry is about to be applied; what changes now was received then. */
  begin({ receivedAt, isEdit }: { readonly receivedAt: number; readonly isEdit: boolean }): void {
    this.#receivedAt = receivedAt
    this.#staged = isEdit ? new Map<Connection, Delivery[]>() : undefined
  }

  /** All of an entry is applied. Keeps E2. */
  end(): void {
    const staged = this.#staged
    this.#staged = undefined
    for (const [connection, deliveries] of staged ?? []) {
      const actors = new Set(deliveries.map(({ actor }) => actor)).size
      if (this.#isTooMany(actors, connection)) connection.hold ??= { since: this.#receivedAt, reason: 'edit' }
      for (const delivery of deliveries) this.#queue(delivery, connection)
    }
  }

  settled(settled: Settled): void {
    if (this.#connections.size === 0) return
    for (const { survivor, absorbed } of settled.united) {
      for (const { outbox } of this.#destinations.values()) outbox.unite(survivor.ordinal, absorbed)
      for (const connection of this.#connections.values()) connection.unite({ survivor: survivor.ordinal, absorbed })
    }
    this.#maker.settled(settled)
  }

  /** Throws an EngineError for a command that `apply` could not follow. */
  check(command: DeliveryCommand): void {
    checkDeliveryCommand(command, { destinations: this.#destinations, connections: this.#connections })
  }

  apply(command: DeliveryCommand): void {
    switch (command.kind) {
      case 'put destination':
        this.#put(command.destination)
        return
      case 'remove destination':
        this.#destinations.delete(command.id)
        return
      case 'connect':
        this.#connect(command)
        return
      case 'disconnect':
        this.#disconnect(command.id)
        return
      case 'sync':
        this.#sync(this.#connections.get(command.connectionId), command.scope, false)
        return
      case 'sync step':
        this.#syncStep(command)
        return
      case 'approve':
        this.#approve(command.connectionId)
        return
      case 'reject':
        this.#reject(command.connectionId)
        return
      case 'resend':
        this.#resend(command)
    }
  }

  /** A definition has changed: who is addressed may be others. */
  definitionChanged(definitionId: string, includesAnonymous: boolean): void {
    for (const connection of this.#connections.values())
      if (connection.record.definitionId === definitionId) connection.addressAnonymous(includesAnonymous)
  }

  /** A definition is gone: so is what was connected to it. */
  definitionRemoved(definitionId: string): void {
    for (const { record } of [...this.#connections.values()])
      if (record.definitionId === definitionId) this.#disconnect(record.id)
  }

  /** The next step of a sync; undefined while there is none to make, or enough waits for its destination already. */
  nextStep({
    pages,
    waitingMax,
  }: {
    readonly pages: number
    readonly waitingMax: number
  }): DeliveryCommand | undefined {
    for (const { record, sync } of this.#connections.values()) {
      if (!record.enabled || !sync || sync.phase === 'waiting') continue
      if (sync.phase === 'sending' && this.#destinations.get(record.destinationId)!.outbox.size > waitingMax) continue
      return { kind: 'sync step', connectionId: record.id, from: sync.page, to: sync.page + pages }
    }
    return undefined
  }

  /** Connections whose destination is to be told everything anew, now that little waits there any more. Keeps E3. */
  *behind(waitingMax = 0): Generator<Connection> {
    for (const connection of this.#connections.values()) {
      const { record, isBehind, sync } = connection
      if (!isBehind || sync || !record.enabled) continue
      const destination = this.#destinations.get(record.destinationId)!
      if (destination.record.enabled && !destination.isStuck && destination.outbox.size <= waitingMax) yield connection
    }
  }

  /** It has arrived. @param now epoch ms */
  delivered(destination: DestinationState, name: DeliveryName, now: number): Tried | undefined {
    const tried = destination.outbox.settle(name)
    if (tried) this.#count(destination, tried.delivery, (counts) => counts.arrived(now - tried.delivery.queuedAt))
    return tried
  }

  /** It has failed for good. */
  failed(
    destination: DestinationState,
    name: DeliveryName,
    { reason, message, now }: { readonly reason: string; readonly message: string; readonly now: number },
  ): void {
    const tried = destination.outbox.settle(name)
    if (!tried) return
    const { delivery, attempts } = tried
    this.#count(destination, delivery, (counts) => counts.failedBy(reason))
    const failure = { delivery, reason, message, attempts, failedAt: now }
    if (destination.failures.add(failure)) this.#sendAgain(destination, failure)
  }

  /** It addressed nobody. */
  filtered(destination: DestinationState, name: DeliveryName): void {
    const tried = destination.outbox.settle(name)
    if (tried) this.#count(destination, tried.delivery, (counts) => counts.filtered++)
  }

  /** It is to be tried again, at an instant, epoch ms. */
  retry(destination: DestinationState, { number }: DeliveryName, at: number): void {
    const tried = destination.outbox.triedOf(number)
    if (!tried) return
    destination.outbox.retry(number, at)
    this.#count(destination, tried.delivery, (counts) => counts.retries++)
  }

  #put(record: DestinationRecord): void {
    const known = this.#destinations.get(record.id)
    if (known) known.record = record
    else this.#destinations.set(record.id, new DestinationState(record, this.#limitsOf(record)))
  }

  #connect({ connection: record, sync }: Extract<DeliveryCommand, { kind: 'connect' }>): void {
    const known = this.#connections.get(record.id)
    const connection = known ?? new Connection(record)
    connection.record = record
    this.#connections.set(record.id, connection)
    this.#maker.reconnected()
    if (known && !record.enabled) {
      this.#forget(connection)
      connection.sync = undefined
    }
    // One that was made disconnected has told nobody anything either.
    if (sync) this.#sync(connection, sync, connection.resync === 0)
  }

  #disconnect(id: string): void {
    const connection = this.#connections.get(id)
    if (!connection) return
    this.#forget(connection)
    this.#connections.delete(id)
    this.#maker.reconnected()
  }

  /** What waits for it, or is kept back, is not sent any more. */
  #forget(connection: Connection): void {
    const { id, destinationId } = connection.record
    connection.release()
    this.#destinations.get(destinationId)?.outbox.clear(({ connectionId }) => connectionId === id)
  }

  #sync(connection: Connection | undefined, scope: SyncScope, isFirst: boolean): void {
    if (!connection?.record.enabled) return
    connection.isBehind = false
    connection.sync = { phase: 'counting', scope, isFirst, page: 0, members: 0 }
  }

  #syncStep({ connectionId, from, to }: Extract<DeliveryCommand, { kind: 'sync step' }>): void {
    const connection = this.#connections.get(connectionId)
    const sync = connection?.sync
    if (!connection || sync?.page !== from || sync.phase === 'waiting') return
    const isCounted = sync.phase === 'counting'
    const found = this.#maker.sync(connection, { from, to }, { scope: sync.scope, isCounted })
    const members = isCounted ? sync.members + found : sync.members
    if (to < this.#view.pageCount) connection.sync = { ...sync, page: to, members }
    else if (!isCounted) connection.sync = undefined
    else if (this.#isTooMany(members, connection)) connection.sync = { ...sync, phase: 'waiting', page: 0, members }
    else this.#beginSending(connection, { ...sync, members })
  }

  #beginSending(connection: Connection, sync: NonNullable<Connection['sync']>): void {
    connection.resync++
    connection.sync = { ...sync, phase: 'sending', page: 0 }
  }

  #approve(connectionId: string): void {
    const connection = this.#connections.get(connectionId)
    if (!connection) return
    const { deliveries, unions } = connection.release()
    for (const delivery of deliveries) this.#queue(delivery, connection)
    const { outbox } = this.#destinations.get(connection.record.destinationId)!
    for (const { survivor, absorbed } of unions) outbox.unite(survivor, absorbed)
    if (connection.sync?.phase === 'waiting') this.#beginSending(connection, connection.sync)
  }

  #reject(connectionId: string): void {
    const connection = this.#connections.get(connectionId)
    connection?.release()
    if (connection?.sync?.phase === 'waiting') connection.sync = undefined
  }

  #resend({ destinationId, numbers }: Extract<DeliveryCommand, { kind: 'resend' }>): void {
    const destination = this.#destinations.get(destinationId)
    for (const failure of destination?.failures.take(numbers) ?? []) this.#sendAgain(destination!, failure)
  }

  /** Unless its value is another by now: then a later delivery has said so, or will. Whose it is must be in memory. */
  #sendAgain(destination: DestinationState, failure: Failure): void {
    const { delivery } = failure
    const record = this.#connections.get(delivery.connectionId)?.record
    const definition = record?.enabled ? this.#view.numberOf(record.type, record.key) : undefined
    if (definition === undefined) return
    const isSeen = this.#view.see(delivery.owner, (actor) => {
      if (actor.defined.get(definition)?.sequence === delivery.sequence) destination.queue(delivery)
    })
    if (!isSeen) destination.failures.add(failure)
  }

  #isTooMany(actors: number, { record }: Connection): boolean {
    const { members, share } = record.approval
    const { profileCount } = this.#view
    return actors > members || (profileCount >= SHARE_COUNTS_FROM && actors > share * profileCount)
  }

  #take(told: NewDelivery, connection: Connection): void {
    const delivery: Delivery = { ...told, number: this.#next++, queuedAt: this.#receivedAt }
    const destination = this.#destinations.get(connection.record.destinationId)!
    this.#count(destination, delivery, (counts) => counts.created++)
    if (!this.#staged) {
      this.#queue(delivery, connection)
      return
    }
    const others = this.#staged.get(connection)
    if (others) others.push(delivery)
    else this.#staged.set(connection, [delivery])
  }

  #queue(delivery: Delivery, connection: Connection): void {
    const destination = this.#destinations.get(connection.record.destinationId)!
    if (connection.hold) {
      let collapsed = connection.keepBack(delivery)
      if (destination.isTooMuch(connection.heldCount)) collapsed += connection.giveUpHeld()
      this.#count(destination, delivery, (counts) => (counts.collapsed += collapsed))
      return
    }
    const collapsed = destination.queue(delivery)
    this.#count(destination, delivery, (counts) => (counts.collapsed += collapsed))
    if (destination.isTooMuch(destination.outbox.size)) this.#giveUp(destination)
  }

  /** Keeps E3. */
  #giveUp(destination: DestinationState): void {
    destination.outbox.clear((delivery) => {
      this.#count(destination, delivery, (counts) => counts.collapsed++)
      return true
    })
    for (const connection of this.#connections.values())
      if (connection.record.destinationId === destination.record.id) connection.isBehind = true
  }

  /** For its destination, and for its connection while there is that. */
  #count({ counts }: DestinationState, { connectionId }: Delivery, count: (counts: DeliveryCounts) => void): void {
    count(counts)
    const connection = this.#connections.get(connectionId)
    if (connection) count(connection.counts)
  }
}
