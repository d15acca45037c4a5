/** Reads actors without waking those at rest. */
import type { ActorDecoder } from './actor-codec.ts'
import { readFrame } from './actor-frame.ts'
import { PAGE_ACTORS } from './pages.ts'
import type { Plans } from '../compiler/compile.ts'
import type { Roster } from './roster.ts'
import type { SpaceActor } from '../actor/space-actor.ts'

export class ActorReader {
  readonly #roster: Roster
  readonly #decoder: ActorDecoder
  readonly #plans: () => Plans

  constructor(roster: Roster, decoder: ActorDecoder, plans: () => Plans) {
    this.#roster = roster
    this.#decoder = decoder
    this.#plans = plans
  }

  /** The number of pages of actors. */
  get pageCount(): number {
    return Math.ceil(this.#roster.nextOrdinal / PAGE_ACTORS)
  }

  /**
   * Shows an actor that is in memory: its ids, traits, accounts and defined values; what follows from its events may be
   * missing. The callback must not keep or change it. Returns false if there is none.
   */
  see(ordinal: number, look: (actor: SpaceActor) => void): boolean {
    const awake = this.#roster.awakeAt(ordinal)
    if (awake) {
      look(awake)
      return true
    }
    const bytes = this.#roster.bytesOf(ordinal)
    if (!bytes) return false
    const actor = this.#decoder.actorOf(readFrame(bytes), this.#plans())
    look(actor)
    if (actor.kind === 'user') actor.leaveMemory()
    return true
  }

  /** Shows the actors of some pages, which must be in memory, in order. */
  seePages({ from, to }: { readonly from: number; readonly to: number }, look: (actor: SpaceActor) => void): void {
    const end = Math.min(to * PAGE_ACTORS, this.#roster.nextOrdinal)
    for (let ordinal = from * PAGE_ACTORS; ordinal < end; ordinal++) this.see(ordinal, look)
  }
}
