/** Restores an engine part by part. What follows from an actor's events is computed when it is first needed. */
import { viewOfAccount } from '../actor/views.ts'
import { decodeActor } from '../records/actor-codec.ts'
import { ACCOUNT, readFrame } from '../records/actor-frame.ts'
import { actorsOfPage } from '../records/pages.ts'
import type { ActorSystem } from './actor-system.ts'
import type { ShardRestoration } from './shard-state.ts'

export class Restoration<Shard> implements ShardRestoration<Shard> {
  readonly #shard: Shard
  readonly #system: ActorSystem
  /** Actors whose deadline is not known. */
  readonly #unscheduled: number[] = []

  /** @param shard returned by `finish`, when it is whole */
  constructor(shard: Shard, system: ActorSystem) {
    this.#shard = shard
    this.#system = system
  }

  addPage(page: Uint8Array): void {
    this.#system.write(() => {
      for (const { bytes, dueAt } of actorsOfPage(page)) this.#admit(bytes, dueAt)
    })
    if (this.#unscheduled.length === 0) this.#system.release()
  }

  addFingerprints(chunk: Uint8Array): void {
    this.#system.deduplication.restoreChunk(chunk)
  }

  finish(): Shard {
    const { roster, deduplication, store, settlement, clock } = this.#system
    deduplication.restored()
    this.#system.write(() => {
      for (const account of roster.accounts()) viewOfAccount(store, account).countUsers(store.plans.user.conditions)
    })
    for (const ordinal of this.#unscheduled) {
      // Deadlines of the very instant of the last input may not have fired yet.
      settlement.begin(clock.now - 1)
      settlement.join(ordinal)
      settlement.finish([])
    }
    roster.pages.forget()
    return this.#shard
  }

  #admit(bytes: Uint8Array, dueAt = -Infinity): void {
    const { roster, identity, store, clock } = this.#system
    const frame = readFrame(bytes)
    const { ordinal } = frame
    decodeActor(store, frame)
    if (frame.kind === ACCOUNT) roster.addAccount(ordinal, frame.groupId)
    else {
      roster.addUser(ordinal)
      const { ids } = frame
      for (let at = 0; at < ids.length; at += 2) identity.assign({ type: ids[at]!, value: ids[at + 1]! }, ordinal)
    }
    if (dueAt < clock.now) {
      this.#unscheduled.push(ordinal)
      this.#system.setDeadline(ordinal, Infinity)
    } else this.#system.setDeadline(ordinal, dueAt)
  }
}
