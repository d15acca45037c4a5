/** Reads actors that are in memory. */
import type { SpaceActor } from '../actor/space-actor.ts'
import { PAGE_ACTORS } from './pages.ts'
import type { Roster } from './roster.ts'

export class ActorReader {
  readonly #roster: Roster
  readonly #viewOf: (ordinal: number) => SpaceActor | undefined

  /** @param viewOf returns a view of an actor that is in memory */
  constructor(roster: Roster, viewOf: (ordinal: number) => SpaceActor | undefined) {
    this.#roster = roster
    this.#viewOf = viewOf
  }

  /** The number of pages of actors. */
  get pageCount(): number {
    return Math.ceil(this.#roster.nextOrdinal / PAGE_ACTORS)
  }

  /** The ordinal of the next new actor. */
  get nextOrdinal(): number {
    return this.#roster.nextOrdinal
  }

  /** Tells users from accounts, in memory or not; undefined if there is no actor with this ordinal. */
  kindAt(ordinal: number): SpaceActor['kind'] | undefined {
    if (!this.#roster.has(ordinal)) return undefined
    return this.#roster.isAccount(ordinal) ? 'account' : 'user'
  }

  /** Shows an actor that is in memory. The callback must not change it. Returns false if there is none. */
  see(ordinal: number, look: (actor: SpaceActor) => void): boolean {
    const actor = this.#viewOf(ordinal)
    if (!actor) return false
    look(actor)
    return true
  }

  /** Shows the actors of some pages, which must be in memory, in order. */
  seePages({ from, to }: { readonly from: number; readonly to: number }, look: (actor: SpaceActor) => void): void {
    const end = Math.min(to * PAGE_ACTORS, this.#roster.nextOrdinal)
    for (let ordinal = from * PAGE_ACTORS; ordinal < end; ordinal++) this.see(ordinal, look)
  }
}
