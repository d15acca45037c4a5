/** Reads actors that are in memory, and finds out which there are. */
import { canonicalId } from '../../src/model/external-id.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { formerId, isFormerType } from '../identity/former-users.ts'
import type { Identity } from '../identity/identity.ts'
import { PAGE_ACTORS } from './pages.ts'
import type { MemberCounts } from '../rows/member-counts.ts'
import type { Roster } from './roster.ts'

const NOBODY = -1

export interface ActorReaderOptions {
  readonly roster: Roster
  readonly identity: Identity
  readonly members: MemberCounts
  /** Returns a view of an actor that is in memory. */
  readonly viewOf: (ordinal: number) => SpaceActor | undefined
}

export class ActorReader {
  readonly #options: ActorReaderOptions

  constructor(options: ActorReaderOptions) {
    this.#options = options
  }

  /** The number of pages of actors. */
  get pageCount(): number {
    return Math.ceil(this.#options.roster.nextOrdinal / PAGE_ACTORS)
  }

  /** The ordinal of the next new actor. */
  get nextOrdinal(): number {
    return this.#options.roster.nextOrdinal
  }

  /** Counts the members of an audience by its number; those that an edit has still to reach are as they were. */
  membersOf(definition: number): number {
    return this.#options.members.of(definition)
  }

  /** Tells users from accounts, in memory or not; undefined if there is no actor with this ordinal. */
  kindAt(ordinal: number): SpaceActor['kind'] | undefined {
    if (!this.#options.roster.has(ordinal)) return undefined
    return this.#options.roster.isAccount(ordinal) ? 'account' : 'user'
  }

  /** Shows an actor that is in memory. The callback must not change it. Returns false if there is none. */
  see(ordinal: number, look: (actor: SpaceActor) => void): boolean {
    const actor = this.#options.viewOf(ordinal)
    if (!actor) return false
    look(actor)
    return true
  }

  /** Shows the actors of some pages, which must be in memory, in order. */
  seePages({ from, to }: { readonly from: number; readonly to: number }, look: (actor: SpaceActor) => void): void {
    const end = Math.min(to * PAGE_ACTORS, this.#options.roster.nextOrdinal)
    for (let ordinal = from * PAGE_ACTORS; ordinal < end; ordinal++) this.see(ordinal, look)
  }

  /** Returns a view of an actor that is in memory, and keeps its page from being the next to leave. */
  view(ordinal: number): SpaceActor | undefined {
    const { roster, viewOf } = this.#options
    roster.touch(Math.floor(ordinal / PAGE_ACTORS))
    return viewOf(ordinal)
  }

  /** Returns the ordinal of an actor, or of the user that it has become; -1 if there is none. */
  presentOrdinal(ordinal: number): number {
    const { roster, identity } = this.#options
    if (roster.has(ordinal)) return ordinal
    const { type, value } = formerId(ordinal)
    return identity.ordinalOf(type, value)
  }

  /** Lists the ordinals of the users that have an id of this value, whatever its type. */
  usersNamed(value: string): number[] {
    const { identity } = this.#options
    const found = new Set<number>()
    for (const type of identity.types())
      if (!isFormerType(type)) found.add(identity.ordinalOf(type, canonicalId(type, value)))
    found.delete(NOBODY)
    return [...found]
  }

  isAccount(ordinal: number): boolean {
    return this.#options.roster.isAccount(ordinal)
  }

  /** Lists the ordinals of users, or of accounts, from one on: so many at most, in order, in memory or not. */
  ordinalsFrom(first: number, areAccounts: boolean, count: number): number[] {
    const ordinals: number[] = []
    const { roster } = this.#options
    for (let next = roster.nextOf(first, areAccounts); next >= 0; next = roster.nextOf(next + 1, areAccounts)) {
      ordinals.push(next)
      if (ordinals.length === count) break
    }
    return ordinals
  }
}
