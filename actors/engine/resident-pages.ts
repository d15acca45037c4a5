/**
 * Which pages of users are in memory. Beyond a bound, pages that a checkpoint has leave memory: their ids and deadlines
 * stay, and whoever is to be touched must be brought back first.
 *
 * P1. What an entry will touch is known before it is applied: the users that its calls' ids name, and whoever is due
 *     before it. Commands touch all. A page that is looked at afterwards counts as touched, so that what the entry
 *     itself makes leave memory is another.
 * P2. Users that belong to accounts stay: what reaches their accounts reaches them.
 */
import type { CallsEntry, CheckedCall, CommandEntry, TickEntry } from '../../src/model/entry.ts'
import type { Identity } from '../identity/identity.ts'
import { PAGE_ACTORS } from '../memory/pages.ts'
import type { Roster } from '../memory/roster.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'

/** An entry that says whom it touches: its calls have been read. */
export type ReadEntry = (CallsEntry<CheckedCall> | TickEntry | CommandEntry) & {
  /** Pages that are looked at once it is applied. */
  readonly looksAt?: readonly number[]
}

const NO_PAGES: readonly number[] = []
/** Pages that are looked at after an entry, at most, to find some that can go. */
const LOOKS = 32
/** Not all of them: ten thousand users go in some milliseconds. */
const LOOKS_MANY = 1_024

export class ResidentPages {
  readonly #roster: Roster
  readonly #identity: Identity
  readonly #wheel: TimingWheel
  #areManyStored = false

  constructor(roster: Roster, identity: Identity, wheel: TimingWheel) {
    this.#roster = roster
    this.#identity = identity
    this.#wheel = wheel
  }

  /** Users that are objects. */
  get awakeCount(): number {
    return this.#roster.awakeCount
  }

  /** Memory that the bytes of users take up. */
  get bytes(): number {
    return this.#roster.restingBytes
  }

  /** Pages that are not in memory. */
  get coldPages(): number {
    return this.#roster.coldCount
  }

  /** Pages that must be brought back before an entry is applied, if nothing else is before. Keeps P1. */
  pagesFor(entry: ReadEntry): readonly number[] {
    const { looksAt = NO_PAGES } = entry
    for (const page of looksAt) this.#roster.touch(page)
    if (this.#roster.coldCount === 0) return NO_PAGES
    const pages = new Set<number>()
    if (entry.kind === 'command') for (const page of this.#roster.coldPages()) pages.add(page)
    for (const page of looksAt) this.#addCold(page * PAGE_ACTORS, pages)
    for (const ordinal of this.#wheel.dueUntil(entry.receivedAt - 1)) this.#addCold(ordinal, pages)
    if (entry.kind === 'calls') {
      // Who is new has a place on the last page.
      this.#addCold(this.#roster.nextOrdinal, pages)
      for (const { call } of entry.calls)
        for (const { type, value } of call.ids) this.#addCold(this.#identity.ordinalOf(type, value), pages)
    }
    return [...pages]
  }

  /** The page that must be brought back before a profile can be looked at; undefined where none must. */
  pageOf(type: string, value: string): number | undefined {
    const ordinal = this.#identity.ordinalOf(type, value)
    return ordinal >= 0 && this.#roster.isCold(ordinal) ? Math.floor(ordinal / PAGE_ACTORS) : undefined
  }

  /** A page is back. */
  admit(page: number, bytes: Uint8Array): void {
    this.#roster.admitPage(page, bytes)
  }

  /**
   * Lets pages go that nobody has touched for long, while more than so many bytes are held. Only right after an entry:
   * who is there when the pages for the next are asked for must be there still when it is applied.
   */
  release(bytesMax: number): void {
    this.#roster.releasePages(bytesMax, this.#areManyStored ? LOOKS_MANY : LOOKS)
    this.#areManyStored = false
  }

  /** The cut at hand is stored: many may go after the next entry. */
  stored(): void {
    this.#roster.pages.keep()
    this.#areManyStored = true
  }

  #addCold(ordinal: number, pages: Set<number>): void {
    if (ordinal >= 0 && this.#roster.isCold(ordinal)) pages.add(Math.floor(ordinal / PAGE_ACTORS))
  }
}
