/** A connection as the space has it: its record, its sync, and the deliveries that wait for approval. */
import type { ConnectionRecord, SyncScope } from '../model/destination.ts'
import type { JsonValue } from '../model/json.ts'
import { isSentBy, type Sending, sendingsOf } from '../model/sending.ts'
import { type Delivery, nameOf } from './delivery.ts'
import { DeliveryCounts, type DeliveryCountsState } from './delivery-counts.ts'

/** A sync: it goes over all members, page of actors by page. */
export interface Sync {
  /** It counts the members first; if there are too many it waits for approval; then it sends. */
  readonly phase: 'counting' | 'waiting' | 'sending'
  readonly scope: SyncScope
  /** True for the first sync of a connection or activation: changes while it counts or waits are not sent. */
  readonly isFirst: boolean
  /** It sends by this activation alone; undefined: by all of its connection. */
  readonly activationId?: string | undefined
  /** The next page. */
  readonly page: number
  /** Members counted so far. */
  readonly members: number
}

/** Since when, and why, deliveries are kept back. */
export interface Hold {
  readonly since: number
  /** `switch`: until all actors have been gone over for definitions that have just gone live. */
  readonly reason: 'edit' | 'switch'
}

/** Users that have become one, by ordinals. */
export interface UnitedOrdinals {
  readonly survivor: number
  readonly absorbed: readonly number[]
}

export interface ConnectionState {
  readonly record: ConnectionRecord
  readonly resync: number
  readonly sync: Sync | undefined
  /** Absent in checkpoints of before there were activations. */
  readonly laterSyncs?: readonly Sync[]
  readonly hold: Hold | undefined
  readonly held: readonly Delivery[]
  readonly heldUnions: readonly UnitedOrdinals[]
  readonly isBehind: boolean
  readonly tally: DeliveryCountsState
}

export class Connection {
  #record: ConnectionRecord
  #sendings: readonly Sending[]
  /** Counts how often everything was sent again; part of the id of every call. */
  resyncCount = 0
  sync: Sync | undefined = undefined
  /** Syncs by single activations that wait for the one under way, at most one of each. */
  #laterSyncs: readonly Sync[] = []
  hold: Hold | undefined = undefined
  /** True if more waited than could be kept: everything must be sent again. */
  isBehind = false
  counts = new DeliveryCounts()
  /** The deliveries that are kept back: the latest of each name. */
  readonly #held = new Map<string, Delivery>()
  /** Users that became one while deliveries of theirs were kept back, in order; and the actors of those deliveries. */
  #heldUnions: UnitedOrdinals[] = []
  readonly #heldActors = new Set<number>()

  constructor(record: ConnectionRecord) {
    this.#record = record
    this.#sendings = sendingsOf(record)
  }

  static of({ record, held, heldUnions, tally, resync, laterSyncs = [], ...state }: ConnectionState): Connection {
    const connection = Object.assign(new Connection(record), { ...state, resyncCount: resync })
    connection.#laterSyncs = laterSyncs
    connection.counts = DeliveryCounts.of(tally)
    for (const delivery of held) connection.keepBack(delivery)
    for (const united of heldUnions) connection.unite(united)
    return connection
  }

  state(): ConnectionState {
    const { record, resyncCount: resync, sync, hold, isBehind } = this
    const [held, heldUnions] = [[...this.#held.values()], [...this.#heldUnions]]
    const laterSyncs = this.#laterSyncs
    return { record, resync, sync, laterSyncs, hold, isBehind, held, heldUnions, tally: this.counts.state() }
  }

  get record(): ConnectionRecord {
    return this.#record
  }

  set record(record: ConnectionRecord) {
    this.#record = record
    this.#sendings = sendingsOf(record)
  }

  /** All by which it sends, whether or not changes are delivered at present. */
  get sendings(): readonly Sending[] {
    return this.#sendings
  }

  /**
   * Lists all by which a new value is sent: nothing by which a first sync will deliver it.
   * @param only the activation that is asked about; undefined: all
   */
  sendingsFor(value: JsonValue, only?: string): readonly Sending[] {
    if (!this.takesChanges) return []
    return this.#sendings.filter(
      (sending) =>
        isSentBy(sending, value) &&
        (only === undefined || sending.activationId === only) &&
        !this.#isAwaited(sending.activationId),
    )
  }

  /** True if changes are delivered: not while it is disconnected, or a first sync will deliver them. */
  get takesChanges(): boolean {
    return this.record.enabled && !this.#isAwaited(undefined)
  }

  /** True if a sync by an activation is under way, or is still to come. */
  isSyncedBy(activationId: string): boolean {
    return (
      this.sync?.activationId === activationId || this.#laterSyncs.some((sync) => sync.activationId === activationId)
    )
  }

  /** Begins a sync. One of the whole connection comes instead of all others, one by an activation after the others. */
  beginSync(sync: Sync): void {
    const { activationId } = sync
    if (activationId === undefined) this.#laterSyncs = []
    const isNext = activationId === undefined || !this.sync || this.sync.activationId === activationId
    if (isNext) this.sync = sync
    else this.#laterSyncs = [...this.#laterSyncs.filter((other) => other.activationId !== activationId), sync]
  }

  /** Ends the sync under way, and begins the next one that waits for that. */
  endSync(): void {
    const [next, ...later] = this.#laterSyncs
    this.sync = next
    this.#laterSyncs = later
  }

  /** Ends all syncs. */
  dropSyncs(): void {
    this.#laterSyncs = []
    this.sync = undefined
  }

  /** Ends the syncs by an activation, and drops what is kept back of it: it is gone, or sends nothing any more. */
  forgetActivation(activationId: string): void {
    this.#laterSyncs = this.#laterSyncs.filter((sync) => sync.activationId !== activationId)
    if (this.sync?.activationId === activationId) this.endSync()
    if (this.#held.size === 0) return
    for (const [name, delivery] of this.#held) if (delivery.activationId === activationId) this.#held.delete(name)
    if (this.#held.size === 0) this.release()
  }

  /** True while a first sync by the activation, or of the connection itself, counts, waits, or has not begun. */
  #isAwaited(activationId: string | undefined): boolean {
    const { sync } = this
    if (sync?.isFirst && sync.activationId === activationId && sync.phase !== 'sending') return true
    return this.#laterSyncs.some((later) => later.isFirst && later.activationId === activationId)
  }

  get status(): 'connected' | 'disconnected' | 'syncing' | 'waiting for approval' {
    if (!this.record.enabled) return 'disconnected'
    if (this.hold?.reason === 'edit' || this.sync?.phase === 'waiting') return 'waiting for approval'
    return this.sync ? 'syncing' : 'connected'
  }

  /** Sets if users known by `anonymous_id` alone are addressed from now on. */
  addressAnonymous(includesAnonymous: boolean): void {
    if (this.record.includesAnonymous !== includesAnonymous) this.record = { ...this.record, includesAnonymous }
  }

  get heldCount(): number {
    return this.#held.size
  }

  /** Counts whom the deliveries that are kept back are about: once, by however many activations they are sent. */
  get heldMemberCount(): number {
    const names = Array.from(this.#held.values(), (delivery) => {
      return `${delivery.actor} ${nameOf({ ...delivery, activationId: undefined })}`
    })
    return new Set(names).size
  }

  /** Keeps a delivery back; returns how many it replaced. */
  keepBack(delivery: Delivery): number {
    const name = `${delivery.actor} ${nameOf(delivery)}`
    const collapsed = this.#held.delete(name) ? 1 : 0
    this.#held.set(name, delivery)
    this.#heldActors.add(delivery.actor)
    return collapsed
  }

  /** Records that users have become one: their deliveries stay in order once they are released. */
  unite({ survivor, absorbed }: UnitedOrdinals): void {
    if (!absorbed.some((actor) => this.#heldActors.has(actor))) return
    this.#heldUnions.push({ survivor, absorbed })
    this.#heldActors.add(survivor)
  }

  /** Returns and removes the deliveries of an actor that are kept back. */
  releaseOf(actor: number): Delivery[] {
    if (!this.#heldActors.delete(actor)) return []
    const released = [...this.#held].filter(([, delivery]) => delivery.actor === actor)
    for (const [name] of released) this.#held.delete(name)
    return released.map(([, delivery]) => delivery)
  }

  /** Drops the deliveries that are kept back: there are too many, and everything is sent again. Returns how many. */
  giveUpHeld(): number {
    const count = this.#held.size
    this.#forgetHeld()
    this.isBehind = true
    return count
  }

  /** Returns and clears the deliveries that were kept back, in order, and the users that became one meanwhile. */
  release(): { readonly deliveries: readonly Delivery[]; readonly unions: readonly UnitedOrdinals[] } {
    const released = { deliveries: [...this.#held.values()], unions: this.#heldUnions }
    this.#forgetHeld()
    this.hold = undefined
    return released
  }

  #forgetHeld(): void {
    this.#held.clear()
    this.#heldActors.clear()
    this.#heldUnions = []
  }
}
