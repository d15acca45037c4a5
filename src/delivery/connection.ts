/** A connection as the space has it: what was asked for, its sync, and what waits for consent. */
import type { ConnectionRecord, SyncScope } from '../model/destination.ts'
import { type Delivery, nameOf } from './delivery.ts'
import { Tally, type TallyState } from './tally.ts'

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

export interface ConnectionState {
  readonly record: ConnectionRecord
  readonly resync: number
  readonly sync: Sync | undefined
  readonly hold: Hold | undefined
  readonly held: readonly Delivery[]
  readonly isBehind: boolean
  readonly tally: TallyState
}

export class Connection {
  record: ConnectionRecord
  /** How often all was sent anew; part of the id of every call. */
  resync = 0
  sync: Sync | undefined = undefined
  hold: Hold | undefined = undefined
  /** More was to be told than could be kept: all must be told anew. */
  isBehind = false
  tally = new Tally()
  /** What is kept back: the latest of each name. */
  readonly #held = new Map<string, Delivery>()

  constructor(record: ConnectionRecord) {
    this.record = record
  }

  static of({ record, held, tally, ...state }: ConnectionState): Connection {
    const connection = Object.assign(new Connection(record), state)
    connection.tally = Tally.of(tally)
    for (const delivery of held) connection.keepBack(delivery)
    return connection
  }

  state(): ConnectionState {
    const { record, resync, sync, hold, isBehind } = this
    return { record, resync, sync, hold, isBehind, held: [...this.#held.values()], tally: this.tally.state() }
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

  get heldCount(): number {
    return this.#held.size
  }

  keepBack(delivery: Delivery): void {
    const name = `${delivery.actor} ${nameOf(delivery)}`
    this.#held.delete(name)
    this.#held.set(name, delivery)
  }

  /** Too much is kept back: all will be told anew instead. */
  giveUpHeld(): void {
    this.#held.clear()
    this.isBehind = true
  }

  /** Gives what was kept back, in order; nothing is any more. */
  release(): Delivery[] {
    const held = [...this.#held.values()]
    this.#held.clear()
    this.hold = undefined
    return held
  }
}
