/** Restores an engine part by part. Users come back at rest: only their ids are looked at. */
import type { ActorDecoder } from '../memory/actor-codec.ts'
import { ACCOUNT, readFrame } from '../memory/actor-frame.ts'
import type { Actor } from '../actor/actor.ts'
import type { Identity } from '../identity/identity.ts'
import { actorsOfPage } from '../memory/pages.ts'
import type { Deduplication } from '../deduplication/deduplication.ts'
import type { ShardRestoration } from './shard-state.ts'
import type { Plans } from '../compiler/compile.ts'
import type { Roster } from '../memory/roster.ts'
import { settledAt } from '../actor/settled-at.ts'
import type { Settlement } from '../settlement/settlement.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'

export interface RestorationOptions {
  readonly roster: Roster
  readonly identity: Identity
  readonly wheel: TimingWheel
  readonly settlement: Settlement
  readonly decoder: ActorDecoder
  readonly plans: Plans
  readonly deduplication: Deduplication
  /** The space's present, epoch ms. */
  readonly clock: number
  /** Computes and stores the next deadline of an actor. */
  readonly schedule: (actor: Actor) => void
  readonly rest: () => void
  /** Lets pages go while there are too many for the memory. */
  readonly release: () => void
}

export class Restoration<Shard> implements ShardRestoration<Shard> {
  readonly #shard: Shard
  readonly #options: RestorationOptions
  /** Actors whose deadline is not known. */
  readonly #unscheduled: number[] = []

  /** @param shard returned by `finish`, when it is whole */
  constructor(shard: Shard, options: RestorationOptions) {
    this.#shard = shard
    this.#options = options
  }

  addPage(page: Uint8Array): void {
    for (const { bytes, dueAt } of actorsOfPage(page)) this.#admit(bytes, dueAt)
    if (this.#unscheduled.length === 0) this.#options.release()
  }

  addFingerprints(chunk: Uint8Array): void {
    this.#options.deduplication.restoreChunk(chunk)
  }

  finish(): Shard {
    const { roster, wheel, clock, schedule, rest, deduplication } = this.#options
    deduplication.restored()
    for (const account of roster.accounts()) {
      account.dueAt = wheel.deadlineOf(account.ordinal)
      this.#restore(account, settledAt(clock, account.dueAt))
    }
    for (const ordinal of this.#unscheduled) {
      const actor = roster.at(ordinal)!
      // Deadlines of the very instant of the last input may not have fired yet.
      this.#restore(actor, clock - 1)
      schedule(actor)
      rest()
    }
    roster.pages.forget()
    return this.#shard
  }

  #admit(bytes: Uint8Array, dueAt = -Infinity): void {
    const { roster, identity, wheel, decoder, plans, clock } = this.#options
    const frame = readFrame(bytes)
    const { ordinal } = frame
    if (frame.kind === ACCOUNT) roster.add(decoder.actorOf(frame, plans))
    else {
      const { ids, accounts } = frame
      roster.addResting(ordinal, bytes, accounts.length > 0)
      for (let at = 0; at < ids.length; at += 2) identity.assign({ type: ids[at]!, value: ids[at + 1]! }, ordinal)
    }
    if (dueAt < clock) this.#unscheduled.push(ordinal)
    else wheel.set(ordinal, dueAt)
  }

  #restore(actor: Actor, instant: number): void {
    this.#options.settlement.quietly(() => actor.restore(instant))
  }
}
