/**
 * The actors of a space by their ordinals: which there are, which accounts by their ids, and whose pages are in memory.
 * An ordinal is not used again.
 */
import type { WriteActor } from './page-codec.ts'
import { PAGE_ACTORS, Pages } from './pages.ts'

/** There is no actor with this ordinal. */
const NOBODY = 0
const USER = 1
const ACCOUNT = 2

export interface RosterOptions {
  readonly write: WriteActor
  /** True for an actor that cannot leave memory now. */
  readonly isHeld: (ordinal: number) => boolean
  /** Lets an actor leave memory. */
  readonly evict: (ordinal: number) => void
}

export class Roster {
  readonly pages: Pages
  readonly #options: RosterOptions
  #kinds = new Uint8Array(1024)
  #count = 0
  readonly #accounts = new Map<string, number>()
  #userCount = 0
  readonly #watchers = new Set<(ordinal: number) => void>()
  /** By page: is it out of memory, and was one of its actors touched since it was last looked at? */
  #cold = new Uint8Array(16)
  #touched = new Uint8Array(16)
  #coldCount = 0
  /** The next page to be looked at. */
  #hand = 0

  constructor(options: RosterOptions) {
    this.#options = options
    this.pages = new Pages(options.write)
  }

  /** The ordinal of the next new actor. */
  get nextOrdinal(): number {
    return this.#count
  }

  get userCount(): number {
    return this.#userCount
  }

  get accountCount(): number {
    return this.#accounts.size
  }

  get coldCount(): number {
    return this.#coldCount
  }

  has(ordinal: number): boolean {
    return ordinal < this.#count && this.#kinds[ordinal] !== NOBODY
  }

  isAccount(ordinal: number): boolean {
    return this.#kinds[ordinal] === ACCOUNT
  }

  /** Returns the ordinal of the account of a group. */
  account(groupId: string): number | undefined {
    return this.#accounts.get(groupId)
  }

  accounts(): IterableIterator<number> {
    return this.#accounts.values()
  }

  /** Yields the ordinals of all actors, in order. */
  *ordinals(): Generator<number> {
    for (let ordinal = 0; ordinal < this.#count; ordinal++) if (this.#kinds[ordinal] !== NOBODY) yield ordinal
  }

  /** Returns the first ordinal of a user, or of an account, from one on; -1 if there is none. */
  nextOf(ordinal: number, isAccount: boolean): number {
    const next = this.#kinds.indexOf(isAccount ? ACCOUNT : USER, ordinal)
    return next < this.#count ? next : -1
  }

  /** Calls back before an actor changes, comes or goes, until the returned function is called. */
  watch(changing: (ordinal: number) => void): () => void {
    this.#watchers.add(changing)
    return () => void this.#watchers.delete(changing)
  }

  /** Called before an actor changes. */
  changing(ordinal: number): void {
    this.pages.changing(ordinal)
    if (this.#watchers.size > 0) for (const changing of this.#watchers) changing(ordinal)
    this.#touched[pageOf(ordinal)] = 1
  }

  /** Adds a user under its ordinal. */
  addUser(ordinal: number): void {
    this.#arrive(ordinal, USER)
    this.#userCount++
  }

  /** Adds an account under its ordinal. */
  addAccount(ordinal: number, groupId: string): void {
    this.#arrive(ordinal, ACCOUNT)
    this.#accounts.set(groupId, ordinal)
  }

  removeUser(ordinal: number): void {
    this.#kinds[ordinal] = NOBODY
    this.#userCount--
  }

  /** Undoes that the newest actor was added. @param groupId of an account */
  takeBack(ordinal: number, groupId?: string): void {
    if (groupId === undefined) this.#userCount--
    else this.#accounts.delete(groupId)
    this.#kinds[ordinal] = NOBODY
    this.#count = ordinal
  }

  /** Sets how many actors there have ever been; those that are not added are no more. */
  expect(count: number): void {
    this.#count = count
    this.#reach(count)
  }

  isCold(ordinal: number): boolean {
    return this.#cold[pageOf(ordinal)] === 1
  }

  *coldPages(): Generator<number> {
    for (let page = 0; page * PAGE_ACTORS < this.#count; page++) if (this.#cold[page] === 1) yield page
  }

  /** Keeps a page from being the next to leave memory. */
  touch(page: number): void {
    if (page < this.#touched.length) this.#touched[page] = 1
  }

  /** Records that a page that had left is in memory again. */
  warm(page: number): void {
    this.#cold[page] = 0
    this.#touched[page] = 1
    this.#coldCount--
  }

  /** Lets pages go while there are too many: those that a checkpoint has, and nobody has touched. */
  releasePages(areTooMany: () => boolean, looks: number): void {
    const pages = Math.ceil(this.#count / PAGE_ACTORS)
    for (let look = 0; look < Math.min(looks, pages) && areTooMany(); look++) {
      const page = this.#hand % pages
      this.#hand = page + 1
      if (this.#touched[page] === 1) this.#touched[page] = 0
      else if (this.#cold[page] !== 1 && this.#mayGo(page)) {
        for (const ordinal of this.ordinalsOf(page)) this.#options.evict(ordinal)
        this.#cold[page] = 1
        this.#coldCount++
      }
    }
  }

  /** Yields the ordinals of a page's actors, in order. */
  *ordinalsOf(page: number): Generator<number> {
    const end = Math.min((page + 1) * PAGE_ACTORS, this.#count)
    for (let ordinal = page * PAGE_ACTORS; ordinal < end; ordinal++) if (this.#kinds[ordinal] !== NOBODY) yield ordinal
  }

  #mayGo(page: number): boolean {
    if (!this.pages.isStored(page)) return false
    // An empty page may not have been read yet: it would be taken for one that has left.
    let isAnybodyThere = false
    for (const ordinal of this.ordinalsOf(page)) {
      if (this.#options.isHeld(ordinal)) return false
      isAnybodyThere = true
    }
    return isAnybodyThere
  }

  #arrive(ordinal: number, kind: number): void {
    this.#count = Math.max(this.#count, ordinal + 1)
    this.#reach(this.#count)
    this.#kinds[ordinal] = kind
  }

  #reach(count: number): void {
    if (count <= this.#kinds.length) return
    this.#kinds = extended(this.#kinds, Math.max(count, this.#kinds.length * 2))
    const pages = Math.ceil(this.#kinds.length / PAGE_ACTORS)
    this.#cold = extended(this.#cold, pages)
    this.#touched = extended(this.#touched, pages)
  }
}

function pageOf(ordinal: number): number {
  return Math.floor(ordinal / PAGE_ACTORS)
}

function extended(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(length)
  longer.set(bytes)
  return longer
}
