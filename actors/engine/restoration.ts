/** Restores an engine part by part. What follows from an actor's events is computed when it is first needed. */
import { viewOfAccount } from '../actor/views.ts'
import { haveLayouts } from '../compiler/compiled-plans.ts'
import { DefinedPlans } from '../compiler/defined-plans.ts'
import { Definitions } from '../compiler/definitions.ts'
import { NONE_PREPARED } from '../compiler/references.ts'
import { idsInTable } from '../identity/former-users.ts'
import { admit } from '../records/admission.ts'
import { actorsOfPage, isOldPart, type StoredActor } from '../records/page-codec.ts'
import { PAGE_ACTORS } from '../records/pages.ts'
import { BY_TIME } from '../settlement/causes.ts'
import type { ActorSystem } from './actor-system.ts'
import { plansBefore } from './changeover.ts'
import type { ShardHead, ShardRestoration } from './shard-state.ts'

export class Restoration<Shard> implements ShardRestoration<Shard> {
  readonly #shard: Shard
  readonly #system: ActorSystem
  readonly #areStatesValid: boolean
  /** Actors whose deadline is not known. */
  readonly #unscheduled: number[] = []

  /**
   * @param shard returned by `finish`, when it is whole
   * @param head of which the system, which must be new, takes over all
   */
  constructor(shard: Shard, system: ActorSystem, head: ShardHead) {
    this.#shard = shard
    this.#system = system
    for (const name of head.names) system.store.histories.names.numberOf(name)
    const wereValid = this.#restoreDefinitions(head)
    system.deduplication.restore(head.deduplication)
    system.suppressions.restore(head.suppressed ?? [])
    system.clock.now = head.clock
    system.calls.arrivals = head.arrivals
    system.roster.expect(head.ordinals)
    if (head.changeover) system.changeover.restore(head.changeover)
    const { layouts } = head
    // States that were written by other layouts than those of the plans are not read.
    this.#areStatesValid = wereValid && layouts !== undefined && haveLayouts(system.defined.plans, layouts)
  }

  /** @returns false if the states of before a change that is under way were written by other layouts */
  #restoreDefinitions(head: ShardHead): boolean {
    const { changeover, layouts } = head
    const system = this.#system
    system.defined = new DefinedPlans(
      changeover
        ? plansBefore(changeover)
        : { definitions: Definitions.restored(head), prepared: NONE_PREPARED, layouts },
    )
    system.store.plans = system.defined.plans
    return !changeover || haveLayouts(system.defined.plans, changeover.beforeLayouts)
  }

  addPage(parts: readonly Uint8Array[]): void {
    const isOld = !this.#areStatesValid || parts.some(isOldPart)
    // Accounts whose states are not stored count their users when all are there.
    if (isOld) this.#system.stored.areLinkedHeld = true
    this.#system.store.write(() => {
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
    this.#system.store.write(() => {
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
    this.#system.stored.areLinkedHeld = false
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
      this.#system.schedule.set(ordinal, Infinity)
    } else this.#system.schedule.set(ordinal, dueAt)
  }
}
