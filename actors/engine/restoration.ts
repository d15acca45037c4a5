/** Restores an engine part by part. What follows from an actor's events is computed when it is first needed. */
import { viewOfAccount } from '../actor/views.ts'
import { idsInTable } from '../identity/former-users.ts'
import { admit } from '../records/admission.ts'
import { actorsOfPage, isOldPart, type StoredActor } from '../records/page-codec.ts'
import { PAGE_ACTORS } from '../records/pages.ts'
import { BY_TIME } from '../settlement/settlement.ts'
import type { ActorSystem } from './actor-system.ts'
import type { ShardRestoration } from './shard-state.ts'

export class Restoration<Shard> implements ShardRestoration<Shard> {
  readonly #shard: Shard
  readonly #system: ActorSystem
  readonly #areStatesValid: boolean
  /** Actors whose deadline is not known. */
  readonly #unscheduled: number[] = []

  /**
   * @param shard returned by `finish`, when it is whole
   * @param areStatesValid false if states were written by other layouts than those of the plans
   */
  constructor(shard: Shard, system: ActorSystem, areStatesValid: boolean) {
    this.#shard = shard
    this.#system = system
    this.#areStatesValid = areStatesValid
  }

  addPage(parts: readonly Uint8Array[]): void {
    const isOld = !this.#areStatesValid || parts.some(isOldPart)
    // Accounts whose states are not stored count their users when all are there.
    if (isOld) this.#system.areLinkedHeld = true
    this.#system.write(() => {
      for (const stored of actorsOfPage(parts)) this.#admit(stored, isOld)
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
      for (const ordinal of roster.accounts()) {
        const account = viewOfAccount(store, ordinal)
        if (account.isUnbuilt) account.countUsers(store.plansOf(ordinal).user.conditions)
      }
    })
    this.#system.isRestoring = true
    for (const ordinal of this.#unscheduled) {
      // Deadlines of the very instant of the last input may not have fired yet.
      settlement.begin(clock.now - 1, BY_TIME)
      settlement.join(ordinal)
      settlement.finish([])
    }
    this.#system.isRestoring = false
    this.#system.areLinkedHeld = false
    roster.pages.forget()
    for (const ordinal of roster.ordinals()) {
      const page = Math.floor(ordinal / PAGE_ACTORS)
      if (roster.pages.isOld(page) && !roster.isCold(ordinal)) roster.pages.renew(page)
    }
    return this.#shard
  }

  #admit(stored: StoredActor, isOld: boolean): void {
    const { roster, identity, store, clock } = this.#system
    const { ordinal, isAccount, dueAt = -Infinity } = admit(store, stored, !isOld)
    if (isOld) roster.pages.setOld(Math.floor(ordinal / PAGE_ACTORS))
    const row = store.rows.at(ordinal)
    if (isAccount) roster.addAccount(ordinal, store.ids.readTexts(row)[0]!)
    else {
      roster.addUser(ordinal)
      const user = { ids: store.ids.read(row), formerOrdinals: store.origins.former(row) }
      for (const id of idsInTable(user)) identity.assign(id, ordinal)
    }
    if (dueAt < clock.now) {
      this.#unscheduled.push(ordinal)
      this.#system.setDeadline(ordinal, Infinity)
    } else this.#system.setDeadline(ordinal, dueAt)
  }
}
