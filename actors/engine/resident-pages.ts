/**
 * Keeps track of the pages of actors that are in memory. Beyond a bound, pages that a checkpoint has leave memory: ids
 * and deadlines stay, and an actor must be brought back before it is touched.
 *
 * P1. The actors that an entry may touch are known before it is applied: those that its calls name, those that are due
 *     before it, and whom these reach (`TouchedPages`). Commands touch all. A page that is looked at afterwards counts as
 *     touched, so that this entry cannot evict it.
 */
import type { Call } from '../../src/model/call.ts'
import type { CallsEntry, CheckedCall, Command, CommandEntry, PeopleCommand, TickEntry } from '../../src/model/entry.ts'
import { isAboutPeople } from '../../src/model/entry.ts'
import type { Identity } from '../identity/identity.ts'
import { actorsOfPage, type StoredActor } from '../records/page-codec.ts'
import { PAGE_ACTORS } from '../records/pages.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'
import { TouchedPages, type TouchedPagesOptions } from './touched-pages.ts'

/** An entry whose calls have been read: it says which actors it touches. */
export type ReadEntry = (CallsEntry<CheckedCall> | TickEntry | CommandEntry) & {
  /** Pages that are looked at after the entry is applied. */
  readonly looksAt?: readonly number[]
  /** True if what changes of accounts is told to their users. */
  readonly areUsersTold?: boolean
}

const NO_PAGES: readonly number[] = []

/** The part of an entry in a changeover, or in what becomes of people. */
interface Steps {
  /** Actors that it may look at. */
  readonly rows: number
  readonly maySwitch: boolean
  readonly people: PeopleCommand | undefined
}

const NO_STEPS: Steps = { rows: 0, maySwitch: false, people: undefined }
/** The most pages that are looked at after an entry, to find some that can go. */
const LOOKS = 32
/** The bound right after a checkpoint: ten thousand users go in some milliseconds. */
const LOOKS_MANY = 1_024

export interface ResidentPagesOptions extends TouchedPagesOptions {
  readonly identity: Identity
  readonly wheel: TimingWheel
  /** Returns the present: an entry of an instant before it is applied at it. */
  readonly now: () => number
  /** Lists the actors that a command is about, and those that they have taken over, by their ordinals. */
  readonly actorsOf: (command: PeopleCommand) => readonly number[]
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

  /**
   * Lists pages that must be brought back before an entry is applied, once all before it are. To be asked again once
   * they are back, until there is none: whom an actor reaches is known when it is in memory. Keeps P1.
   */
  pagesFor(entry: ReadEntry): readonly number[] {
    const { roster, wheel, now } = this.#options
    const { looksAt = NO_PAGES, areUsersTold = false } = entry
    // Whoever is looked at afterwards must be touched, though nobody is out of memory yet.
    if (roster.coldCount === 0 && looksAt.length === 0) return NO_PAGES
    const instant = Math.max(now(), entry.receivedAt)
    const steps = entry.kind === 'command' ? stepsOf(entry.command) : NO_STEPS
    if (!steps) return [...roster.coldPages()]
    const touched = new TouchedPages(this.#options, { areUsersTold, areLinkedSettled: false })
    this.#addRows(steps.rows, touched)
    for (const page of looksAt) this.#addPage(page, areUsersTold, touched)
    for (const ordinal of wheel.dueUntil(instant - 1)) touched.add(ordinal)
    if (entry.kind === 'calls') {
      // A new actor gets an ordinal on the last page.
      touched.look(roster.nextOrdinal)
      for (const { call } of entry.calls) for (const ordinal of this.namedBy(call)) touched.add(ordinal)
    }
    // A switch settles all that are due at its very instant, with whom they are linked to.
    const settled = new TouchedPages(this.#options, { areUsersTold, areLinkedSettled: true })
    if (steps.maySwitch) for (const ordinal of wheel.dueUntil(instant)) settled.add(ordinal)
    const left = this.#touchedBy(steps.people, instant)
    return [...new Set([...touched.coldPages, ...settled.coldPages, ...left.coldPages])]
  }

  /**
   * Lists pages that must be brought back before an actor can be looked at: its own, and those of the accounts whose
   * audiences a user is in. To be asked again once they are back.
   * @param withUsers true to look at the users of an account too
   */
  pagesOf(ordinal: number | undefined, withUsers = false): readonly number[] {
    const { roster, store } = this.#options
    if (ordinal === undefined || ordinal < 0 || roster.coldCount === 0) return NO_PAGES
    const touched = new TouchedPages(this.#options, { areUsersTold: false, isLasting: false })
    if (store.laggards) touched.add(ordinal)
    else if (touched.look(ordinal) && roster.has(ordinal)) {
      if (!roster.isAccount(ordinal))
        for (const account of store.links.keys(store.rows.at(ordinal))) touched.look(account)
      else if (withUsers) touched.addUsersOf(ordinal)
    }
    return [...touched.coldPages]
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

  /** True while more is held than the bound. */
  isOver(bytesMax: number): boolean {
    return this.#options.usedBytes() > bytesMax
  }

  /** Lets many pages go after the next entry, as somebody has asked for many. */
  lookFurther(): void {
    this.#areManyStored = true
  }

  /** The current cut is stored: many pages may go after the next entry. */
  stored(): void {
    this.#options.roster.pages.keep()
    this.#areManyStored = true
  }

  /**
   * Takes over a checkpoint that another shard of the same entries has made: changes from before the call before this
   * one need not be stored again, and must all be in the checkpoint. To be called between two entries. Returns false if
   * it cannot be taken over, as some of the state was read as an earlier version has it.
   */
  takeCheckpointOver(): boolean {
    const { pages } = this.#options.roster
    if (pages.isAnyOld) return false
    pages.keep()
    pages.setAside()
    return true
  }

  /** Lists the actors that a call names, by their ordinals. */
  namedBy({ ids, groupId }: Call): number[] {
    const { roster, identity } = this.#options
    const named = ids.map(({ type, value }) => identity.ordinalOf(type, value)).filter((ordinal) => ordinal >= 0)
    const account = groupId === undefined ? undefined : roster.account(groupId)
    return account === undefined ? named : [...named, account]
  }

  /** Finds the pages of whom a command is about, and of all that are due at its instant: they settle with it. */
  #touchedBy(command: PeopleCommand | undefined, instant: number): TouchedPages {
    const { actorsOf, wheel } = this.#options
    // An account without one of its users is computed anew from what the others have.
    const options = { ...this.#options, doAccountsReadUsers: () => true }
    const touched = new TouchedPages(options, { areUsersTold: true })
    if (!command) return touched
    for (const ordinal of [...wheel.dueUntil(instant), ...actorsOf(command)]) touched.add(ordinal)
    return touched
  }

  /** Adds the actors that a step of a changeover may look at. */
  #addRows(rows: number, touched: TouchedPages): void {
    const { roster, store } = this.#options
    const { next, end } = store.laggards ?? { next: 0, end: 0 }
    for (let ordinal = next; ordinal < Math.min(next + rows, end); ordinal++)
      if (roster.has(ordinal)) touched.add(ordinal)
  }

  /** Adds the actors of a page, and the users of its accounts if they are told of them. */
  #addPage(page: number, areUsersTold: boolean, touched: TouchedPages): void {
    const { roster, store } = this.#options
    if (!touched.look(page * PAGE_ACTORS)) return
    for (const ordinal of roster.ordinalsOf(page))
      // Whoever is behind is looked at as it will be.
      if (store.laggards) touched.add(ordinal)
      else if (areUsersTold && roster.isAccount(ordinal)) touched.addUsersOf(ordinal)
  }
}

/** Returns undefined for a command that may touch all actors. */
function stepsOf(command: Command): Steps | undefined {
  if (command.kind === 'proceed') return { ...NO_STEPS, rows: command.slice.rows, maySwitch: true }
  if (isAboutPeople(command)) return { ...NO_STEPS, people: command }
  const isInSteps = (command.kind === 'define' || command.kind === 'remove') && command.inSteps === true
  return isInSteps ? { ...NO_STEPS, maySwitch: true } : undefined
}
