/**
 * Keeps track of the pages of users that are in memory. Beyond a bound, pages that a checkpoint has leave memory: their
 * ids and deadlines stay, and a user must be brought back before it is touched.
 *
 * P1. The users that an entry will touch are known before it is applied: those that its calls' ids name, and those that
 *     are due before it. Commands touch all. A page that is looked at afterwards counts as touched, so that this entry
 *     cannot evict it.
 * P2. Users that belong to accounts stay in memory: whatever reaches their accounts reaches them.
 */
import type { CallsEntry, CheckedCall, CommandEntry, TickEntry } from '../../src/model/entry.ts'
import type { Identity } from '../identity/identity.ts'
import { actorsOfPage, type StoredActor } from '../records/page-codec.ts'
import { PAGE_ACTORS } from '../records/pages.ts'
import type { Roster } from '../records/roster.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'

/** An entry whose calls have been read: it says which users it touches. */
export type ReadEntry = (CallsEntry<CheckedCall> | TickEntry | CommandEntry) & {
  /** Pages that are looked at after the entry is applied. */
  readonly looksAt?: readonly number[]
}

const NO_PAGES: readonly number[] = []
/** The most pages that are looked at after an entry, to find some that can go. */
const LOOKS = 32
/** The bound right after a checkpoint: ten thousand users go in some milliseconds. */
const LOOKS_MANY = 1_024

export interface ResidentPagesOptions {
  readonly roster: Roster
  readonly identity: Identity
  readonly wheel: TimingWheel
  /** Returns the memory that actors take up. */
  readonly usedBytes: () => number
  /** Puts the actors of a page into memory. */
  readonly admit: (actors: readonly StoredActor[], areStatesValid: boolean) => void
}

export class ResidentPages {
  readonly #options: ResidentPagesOptions
  #areManyStored = false

  constructor(options: ResidentPagesOptions) {
    this.#options = options
  }

  /** Memory that actors take up. */
  get bytes(): number {
    return this.#options.usedBytes()
  }

  /** The number of pages that are not in memory. */
  get coldPages(): number {
    return this.#options.roster.coldCount
  }

  /** Lists the pages that must be brought back before an entry is applied, once all before it are. Keeps P1. */
  pagesFor(entry: ReadEntry): readonly number[] {
    const { roster, identity, wheel } = this.#options
    const { looksAt = NO_PAGES } = entry
    for (const page of looksAt) roster.touch(page)
    if (roster.coldCount === 0) return NO_PAGES
    const pages = new Set<number>()
    if (entry.kind === 'command') for (const page of roster.coldPages()) pages.add(page)
    for (const page of looksAt) this.#addCold(page * PAGE_ACTORS, pages)
    for (const ordinal of wheel.dueUntil(entry.receivedAt - 1)) this.#addCold(ordinal, pages)
    if (entry.kind === 'calls') {
      // A new user gets an ordinal on the last page.
      this.#addCold(roster.nextOrdinal, pages)
      for (const { call } of entry.calls)
        for (const { type, value } of call.ids) this.#addCold(identity.ordinalOf(type, value), pages)
    }
    return [...pages]
  }

  /** Returns the page that must be brought back before a profile can be looked at; undefined if there is none. */
  pageOf(type: string, value: string): number | undefined {
    const { roster, identity } = this.#options
    const ordinal = identity.ordinalOf(type, value)
    return ordinal >= 0 && roster.isCold(ordinal) ? Math.floor(ordinal / PAGE_ACTORS) : undefined
  }

  /** Puts a page back into memory, if it is not there. @param parts from the whole page on */
  admit(page: number, parts: readonly Uint8Array[]): void {
    const { roster, admit } = this.#options
    if (!roster.isCold(page * PAGE_ACTORS)) return
    const [ordinals, actors] = [[...roster.ordinalsOf(page)], actorsOfPage(parts)]
    if (actors.length !== ordinals.length) throw new Error(`page ${page} has ${actors.length} of ${ordinals.length}`)
    admit(actors, !roster.pages.isOld(page))
    roster.warm(page)
  }

  /**
   * Lets pages leave memory that nobody has touched for long, while more than so many bytes are held. To be called only
   * right after an entry: a user that is in memory when the pages for the next entry are asked for must still be there
   * when that entry is applied.
   */
  release(bytesMax: number): void {
    const { roster, usedBytes } = this.#options
    roster.releasePages(() => usedBytes() > bytesMax, this.#areManyStored ? LOOKS_MANY : LOOKS)
    this.#areManyStored = false
  }

  /** The current cut is stored: many pages may go after the next entry. */
  stored(): void {
    this.#options.roster.pages.keep()
    this.#areManyStored = true
  }

  #addCold(ordinal: number, pages: Set<number>): void {
    if (ordinal >= 0 && this.#options.roster.isCold(ordinal)) pages.add(Math.floor(ordinal / PAGE_ACTORS))
  }
}
