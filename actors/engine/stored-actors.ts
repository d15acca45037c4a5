/** Actors as they go out of memory and come back: written to pages, let go, read again. Nothing of them changes. */
import type { ActorStore } from '../actor/actor-store.ts'
import { viewOf } from '../actor/views.ts'
import type { Scratch } from '../packing/scratch.ts'
import { writeRecord } from '../records/actor-record.ts'
import { admit } from '../records/admission.ts'
import { PagePartWriter, type StoredActor } from '../records/page-codec.ts'
import { PAGE_ACTORS } from '../records/pages.ts'
import type { Roster } from '../records/roster.ts'

export class StoredActors {
  readonly #store: ActorStore
  readonly #roster: Roster
  /** True while accounts and their users stay in memory. */
  areLinkedHeld = false

  constructor(store: ActorStore, roster: Roster) {
    this.#store = store
    this.#roster = roster
  }

  /**
   * Encodes all actors as they are now, page by page, without what follows from the rest. Throws an Error while a page
   * is out of memory.
   */
  encodeAll(): Uint8Array[] {
    const pages: Uint8Array[] = []
    for (let page = 0; page * PAGE_ACTORS < this.#roster.nextOrdinal; page++) {
      const part = new PagePartWriter(true)
      for (const ordinal of this.#roster.ordinalsOf(page))
        part.add(ordinal, (scratch) => {
          if (this.write(scratch, ordinal, true)) return true
          throw new Error(`page ${page} is not in memory: what is on it cannot be told`)
        })
      pages.push(part.end())
    }
    return pages
  }

  /** Writes an actor; returns false for one that is out of memory. */
  write(scratch: Scratch, ordinal: number, isBare: boolean): boolean {
    if (this.#store.rows.at(ordinal) === 0) return false
    writeRecord(scratch, this.#store, ordinal, { isAccount: this.#roster.isAccount(ordinal), isBare })
    return true
  }

  /** True for an actor that must stay in memory. */
  isHeld(ordinal: number): boolean {
    if (this.#store.watched.has(ordinal)) return true
    const isAccount = this.#roster.isAccount(ordinal)
    // How many users satisfy its conditions is stored with its states.
    if (isAccount && viewOf(this.#store, ordinal, true).isUnbuilt) return true
    return this.areLinkedHeld && this.#store.links.count(this.#store.rows.at(ordinal)) > 0
  }

  evict(ordinal: number): void {
    this.#move(() => {
      const isAccount = this.#roster.isAccount(ordinal)
      viewOf(this.#store, ordinal, isAccount).dropStates()
      this.#store.remove(ordinal, !isAccount)
    })
  }

  admit(actors: readonly StoredActor[], areStatesValid: boolean): void {
    this.#move(() => {
      for (const stored of actors) admit(this.#store, stored, areStatesValid)
    })
  }

  /** Lets actors leave memory or come back: nothing changes. */
  #move(act: () => void): void {
    this.#store.values.members.uncounted(() => {
      this.#store.write(act)
    })
  }
}
