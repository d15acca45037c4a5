/**
 * The outbox of a space: its destinations and connections, and the deliveries that still have to arrive. It is state as
 * the engine's is: it follows from the journal, and from what workers say has arrived.
 *
 * E1. Numbers of deliveries, and the ids of their calls, follow from the journal alone.
 * E2. A change that concerns more members than its connection allows waits for approval (`Approvals`).
 * E3. What waits is bounded: beyond the bound a destination is told everything anew (`Syncs`), instead of what waited.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Settled, SettlementObserver } from '../../actors/settlement/settlement-observer.ts'
import type { ActivationRecord } from '../model/activation.ts'
import type { DeliveryCommand, DestinationRecord, SyncScope } from '../model/destination.ts'
import { tellsUsers } from '../model/sending.ts'
import { Approvals } from './approvals.ts'
import { checkDeliveryCommand } from './check-command.ts'
import { Connection, type ConnectionState } from './connection.ts'
import { DeliveryMaker, type NewDelivery } from './delivery-maker.ts'
import { DeliveryResults } from './delivery-results.ts'
import type { ActorQueueState } from './actor-queue.ts'
import type { DestinationState, StoredDestination } from './destination-state.ts'
import { type LimitsOf, OutboxDirectory } from './outbox-directory.ts'
import type { SpaceView } from './space-view.ts'
import { Syncs } from './syncs.ts'

export interface SpaceOutboxState {
  readonly next: number
  readonly targets: readonly StoredDestination[]
  readonly connections: readonly ConnectionState[]
  /** The last answer of a worker that was taken up. */
  readonly answersUntil: string
}

/** Queues of a destination, as a checkpoint has them. */
export interface DestinationOutboxState {
  readonly destinationId: string
  readonly lines: readonly ActorQueueState[]
}

/** Comes before the first answer of a worker. */
export const NO_ANSWER = '0-0'

export class SpaceOutbox implements SettlementObserver {
  /** The last answer of a worker that was taken up. */
  answersUntil = NO_ANSWER
  readonly results: DeliveryResults
  readonly syncs: Syncs
  readonly #directory: OutboxDirectory
  readonly #approvals: Approvals
  readonly #maker: DeliveryMaker
  #next = 1
  /** Receive time of the entry that is being applied. */
  #receivedAt = 0
  /** Instant of the settlement that is being told. */
  #settledAt = 0

  constructor(limitsOf: LimitsOf) {
    this.#directory = new OutboxDirectory(limitsOf)
    this.#approvals = new Approvals(this.#directory)
    this.#maker = new DeliveryMaker(this.#directory, (delivery, connection) => this.#take(delivery, connection))
    this.results = new DeliveryResults(this.#directory)
    this.syncs = new Syncs({ directory: this.#directory, approvals: this.#approvals, maker: this.#maker })
  }

  static of({ next, targets, connections, answersUntil }: SpaceOutboxState, limitsOf: LimitsOf): SpaceOutbox {
    const outbox = new SpaceOutbox(limitsOf)
    outbox.#next = next
    outbox.answersUntil = answersUntil
    outbox.#directory.restore(targets, connections)
    return outbox
  }

  /** Returns all but the queues. */
  state(): SpaceOutboxState {
    const { destinations, connections } = this.#directory
    return {
      next: this.#next,
      answersUntil: this.answersUntil,
      targets: Array.from(destinations.values(), (destination) => destination.state()),
      connections: Array.from(connections.values(), (connection) => connection.state()),
    }
  }

  /** Returns the queues, by destination. */
  outboxes(): DestinationOutboxState[] {
    return Array.from(this.destinations(), ({ record, outbox }) => ({
      destinationId: record.id,
      lines: outbox.state(),
    }))
  }

  restore({ destinationId, lines }: DestinationOutboxState): void {
    this.destination(destinationId)?.outbox.restore(lines)
  }

  /** Names the space whose actors are looked at. */
  attach(view: SpaceView): void {
    this.#directory.view = view
    this.#maker.changed()
  }

  /** Names the sources that destinations are told nothing of. */
  quieten(isQuiet: (sourceId: string) => boolean): void {
    this.#directory.isQuiet = isQuiet
  }

  /** The number of the next delivery. */
  get nextNumber(): number {
    return this.#next
  }

  destinations(): IterableIterator<DestinationState> {
    return this.#directory.destinations.values()
  }

  destination(id: string): DestinationState | undefined {
    return this.#directory.destinations.get(id)
  }

  connections(): IterableIterator<Connection> {
    return this.#directory.connections.values()
  }

  connection(id: string): Connection | undefined {
    return this.#directory.connections.get(id)
  }

  /** True if the users of some accounts are told of values of theirs. */
  get areUsersTold(): boolean {
    for (const { record, sendings } of this.#directory.connections.values())
      if (record.type === 'ACCOUNTS' && sendings.some(tellsUsers)) return true
    return false
  }

  /**
   * Begins an entry: changes from here to `end` were received then.
   * @param switches instants since which definitions hold that actors are still being brought on to
   */
  begin({ receivedAt, switches }: { readonly receivedAt: number; readonly switches: readonly number[] }): void {
    this.#receivedAt = receivedAt
    // Nothing is settled yet: what a sync sends is not of a switch, whatever was settled before.
    this.#settledAt = 0
    this.#approvals.begin(switches)
  }

  /** @param isSwitched true if all actors have the present definitions */
  end(isSwitched: boolean): void {
    this.#approvals.end(isSwitched)
  }

  settled(settled: Settled): void {
    const { destinations, connections } = this.#directory
    if (connections.size === 0) return
    this.#settledAt = settled.at
    for (const { survivor, absorbed } of settled.united) {
      for (const { outbox } of destinations.values()) outbox.unite(survivor.ordinal, absorbed)
      for (const connection of connections.values()) connection.unite({ survivor: survivor.ordinal, absorbed })
    }
    for (const { ordinal } of settled.deleted) this.#approvals.reduce(ordinal)
    if (settled.sourceId === undefined || !this.#directory.isQuiet(settled.sourceId)) this.#maker.settled(settled)
  }

  /** True if a change of so many needs an approval. */
  isTooMany(told: number, connection: Connection): boolean {
    return this.#approvals.isTooMany(told, connection)
  }

  /** Throws an EngineError for a command that `apply` could not follow. */
  check(command: DeliveryCommand): void {
    checkDeliveryCommand(command, this.#directory)
  }

  apply(command: DeliveryCommand): void {
    switch (command.kind) {
      case 'put destination':
        this.#put(command.destination)
        return
      case 'remove destination':
        this.#directory.destinations.delete(command.id)
        return
      case 'connect':
        this.#connect(command)
        return
      case 'disconnect':
        this.#disconnect(command.id)
        return
      case 'resend': {
        const destination = this.destination(command.destinationId)
        if (destination) this.results.resend(destination, command.numbers)
        return
      }
      default: {
        const connection = this.connection(command.connectionId)
        if (connection) this.#applyTo(connection, command)
      }
    }
  }

  /** A definition has changed: other profiles may be addressed. */
  definitionChanged(definitionId: string, includesAnonymous: boolean): void {
    for (const connection of this.connections())
      if (connection.record.definitionId === definitionId) connection.addressAnonymous(includesAnonymous)
  }

  /** A definition is gone: so are its connections. */
  definitionRemoved(definitionId: string): void {
    for (const { record } of [...this.connections()])
      if (record.definitionId === definitionId) this.#disconnect(record.id)
  }

  #applyTo(connection: Connection, command: Extract<DeliveryCommand, { connectionId: string }>): void {
    switch (command.kind) {
      case 'put activation':
        this.#putActivation(connection, command)
        return
      case 'remove activation':
        this.#removeActivation(connection, command.id)
        return
      case 'sync':
        this.syncs.begin(connection, command.scope, false)
        return
      case 'sync step':
        this.syncs.step(connection, command)
        return
      case 'approve':
        this.#approvals.release(connection)
        this.syncs.approve(connection)
        return
      case 'reject':
        connection.release()
        this.syncs.reject(connection)
    }
  }

  /** Adds a destination, or changes it; one that asks for other consent is told again of all who were known to it. */
  #put(record: DestinationRecord): void {
    const before = this.destination(record.id)?.record
    this.#directory.put(record)
    if (!before || isDeepStrictEqual(before.consent, record.consent)) return
    for (const connection of this.connections())
      if (connection.record.destinationId === record.id && connection.record.enabled)
        this.syncs.begin(connection, 'known', false)
  }

  #connect({ connection: record, sync }: Extract<DeliveryCommand, { kind: 'connect' }>): void {
    const known = this.connection(record.id)
    const connection = known ?? new Connection(record)
    // Whoever asked for the change may not have known of the latest activations.
    if (known) connection.record = { ...record, activations: known.record.activations }
    this.#directory.connections.set(record.id, connection)
    this.#maker.changed()
    if (known && !record.enabled) {
      this.#forget(connection)
      connection.dropSyncs()
    }
    // One that was made disconnected has told nobody anything either.
    if (sync) this.syncs.begin(connection, sync, connection.resyncCount === 0)
  }

  #disconnect(id: string): void {
    const connection = this.connection(id)
    if (!connection) return
    this.#forget(connection)
    this.#directory.connections.delete(id)
    this.#maker.changed()
  }

  #putActivation(
    connection: Connection,
    { activation, sync }: { readonly activation: ActivationRecord; readonly sync?: SyncScope },
  ): void {
    const { record } = connection
    const { activations = [] } = record
    const isKnown = activations.some(({ id }) => id === activation.id)
    const changed = isKnown
      ? activations.map((one) => (one.id === activation.id ? activation : one))
      : [...activations, activation]
    connection.record = { ...record, activations: changed }
    if (!activation.enabled) this.#forgetActivation(connection, activation.id)
    else if (sync) this.syncs.begin(connection, sync, !isKnown, activation.id)
  }

  #removeActivation(connection: Connection, id: string): void {
    const { record } = connection
    connection.record = { ...record, activations: record.activations?.filter((one) => one.id !== id) }
    this.#forgetActivation(connection, id)
  }

  /** Drops what waits for an activation, or is kept back for it. */
  #forgetActivation(connection: Connection, id: string): void {
    const { id: connectionId, destinationId } = connection.record
    connection.forgetActivation(id)
    this.destination(destinationId)?.outbox.clear(
      (delivery) => delivery.connectionId === connectionId && delivery.activationId === id,
    )
  }

  /** Drops what waits for a connection, or is kept back for it. */
  #forget(connection: Connection): void {
    const { id, destinationId } = connection.record
    connection.release()
    this.destination(destinationId)?.outbox.clear(({ connectionId }) => connectionId === id)
  }

  /** Keeps E1. */
  #take(made: NewDelivery, connection: Connection): void {
    const delivery = { ...made, number: this.#next++, queuedAt: this.#receivedAt }
    const destination = this.#directory.destinationOf(connection)
    this.#directory.count(destination, delivery, (counts) => counts.created++)
    this.#approvals.take(delivery, connection, this.#settledAt)
  }
}
