/** A connection as the space has it: what was asked for, its sync, and what waits for consent. */
import type { ConnectionRecord, SyncScope } from '../model/destination.ts'
import { type Delivery, nameOf } from './delivery.ts'
import { DeliveryCounts, type DeliveryCountsState } from './delivery-counts.ts'

/** Everyone whom a connection concerns is told, page of actors by page. */
export interface Sync {
  /** How many it would tell is found first; beyond the limits it waits for consent; then it tells. */
  readonly phase: 'counting' | 'waiting' | 'sending'
  readonly scope: SyncScope
  /** Nobody has been told anything before it: changes while it counts or waits are none. */
  readonly isFirst: boolean
  /** The next page. */
  readonly page: number
  /** Actors that are told, as far as they are counted. */
  readonly members: number
}

/** Since when, and why, what changes is kept back. */
export interface Hold {
  readonly since: number
  readonly reason: 'edit'
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
  readonly hold: Hold | undefined
  readonly held: readonly Delivery[]
  readonly heldUnions: readonly UnitedOrdinals[]
  readonly isBehind: boolean
  readonly tally: DeliveryCountsState
}

export class Connection {
  record: ConnectionRecord
  /** How often all was sent anew; part of the id of every call. */
  resyncCount = 0
  sync: Sync | undefined = undefined
  hold: Hold | undefined = undefined
  /** More was to be told than could be kept: all must be told anew. */
  isBehind = false
  counts = new DeliveryCounts()
  /** What is kept back: the latest of each name. */
  readonly #held = new Map<string, Delivery>()
  /** Users that became one while something of them was kept back, in order; and the actors that it was of. */
  #heldUnions: UnitedOrdinals[] = []
  readonly #heldActors = new Set<number>()

  constructor(record: ConnectionRecord) {
    this.record = record
  }

  static of({ record, held, heldUnions, tally, resync, ...state }: ConnectionState): Connection {
    const connection = Object.assign(new Connection(record), { ...state, resyncCount: resync })
    connection.counts = DeliveryCounts.of(tally)
    for (const delivery of held) connection.keepBack(delivery)
    for (const united of heldUnions) connection.unite(united)
    return connection
  }

  state(): ConnectionState {
    const { record, resyncCount: resync, sync, hold, isBehind } = this
    const [held, heldUnions] = [[...this.#held.values()], [...this.#heldUnions]]
    return { record, resync, sync, hold, isBehind, held, heldUnions, tally: this.counts.state() }
  }

  /** Whether a change is to be told: not while it is disconnected, or a first sync will tell it. */
  get takesChanges(): boolean {
    return this.record.enabled && (!this.sync?.isFirst || this.sync.phase === 'sending')
  }

  get status(): 'connected' | 'disconnected' | 'syncing' | 'waiting for approval' {
    if (!this.record.enabled) return 'disconnected'
    if (this.hold || this.sync?.phase === 'waiting') return 'waiting for approval'
    return this.sync ? 'syncing' : 'connected'
  }

  /** Whether users known by `anonymous_id` alone are addressed from now on. */
  addressAnonymous(includesAnonymous: boolean): void {
    this.record = { ...this.record, includesAnonymous }
  }

  get heldCount(): number {
    return this.#held.size
  }

  /** Gives how many gave way. */
  keepBack(delivery: Delivery): number {
    const name = `${delivery.actor} ${nameOf(delivery)}`
    const collapsed = this.#held.delete(name) ? 1 : 0
    this.#held.set(name, delivery)
    this.#heldActors.add(delivery.actor)
    return collapsed
  }

  /** Users have become one: what is kept back of them goes in order once it is released. */
  unite({ survivor, absorbed }: UnitedOrdinals): void {
    if (!absorbed.some((actor) => this.#heldActors.has(actor))) return
    this.#heldUnions.push({ survivor, absorbed })
    this.#heldActors.add(survivor)
  }

  /** Too much is kept back: all will be told anew instead. Gives how many went. */
  giveUpHeld(): number {
    const count = this.#held.size
    this.#forgetHeld()
    this.isBehind = true
    return count
  }

  /** Gives what was kept back, in order, and who became one meanwhile; nothing is any more. */
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
