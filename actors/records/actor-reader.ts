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
