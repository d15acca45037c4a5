/**
 * The actors that have changed, page by page. A cut is the state of the actors at one instant, taken without a pause:
 * its pages are encoded one by one while the space goes on.
 *
 * G1. Before an actor changes, `changing` is called; if its page is still to be taken, the actor is encoded then, as it
 *     still is. One actor, not its page: otherwise a burst over many pages would encode them all.
 * G2. An actor is in the next cut if it was touched since the last cut that was not dropped.
 * G3. A page is as the last stored cut has it (`isStored`) if none of it has changed since, and no open cut holds it.
 */
import { Scratch } from '../packing/scratch.ts'
import { PagePartWriter, type WriteActor } from './page-codec.ts'

/** Actors of one page: few enough that encoding it takes far less than a millisecond. */
export const PAGE_ACTORS = 64

/** The state of a page or of an actor, in bits: it has changed since the last cut; the open cut holds it. */
const CLEAN = 0
const DIRTY = 1
const CUT = 2
/** A page is stored as an earlier version has it, or with states that cannot be read any more. */
const OLD = 4

const captureScratch = new Scratch()

/** A page that has changed. */
export interface ChangedPage {
  readonly page: number
  /** The number of its actors that have changed. */
  readonly count: number
  /** True if all of it must be stored anew. */
  readonly isOld: boolean
}

/** The changed pages, as they were when it was made. */
export interface PageCut {
  readonly pages: readonly ChangedPage[]
  /**
   * Returns the part of a page that was not given yet; undefined after the last.
   * @param isWhole tells if all of a page is wanted; otherwise the part has what has changed
   */
  take(isWhole: (page: number) => boolean): { readonly page: number; readonly bytes: Uint8Array } | undefined
}

interface OpenCut extends PageCut {
  readonly pending: Set<number>
  /** Actors of pending pages that have changed since, as they were. */
  readonly captured: Map<number, Uint8Array | undefined>
}

export class Pages {
  readonly #write: WriteActor
  #pages = new Uint8Array(64)
  #actors = new Uint8Array(64 * PAGE_ACTORS)
  #cut: OpenCut | undefined

  constructor(write: WriteActor) {
    this.#write = write
  }

  /** Records that an actor is about to change, to come, or to go. Keeps G1. */
  changing(ordinal: number): void {
    const page = Math.floor(ordinal / PAGE_ACTORS)
    if (page >= this.#pages.length) this.#grow(page + 1)
    this.#pages[page]! |= DIRTY
    this.#actors[ordinal]! |= DIRTY
    const cut = this.#cut
    if (cut?.pending.has(page) && !cut.captured.has(ordinal)) cut.captured.set(ordinal, this.#capture(ordinal))
  }

  /** Opens a cut; the one before is dropped if it was not taken whole. */
  cut(): PageCut {
    this.takeBack()
    const pages: ChangedPage[] = []
    for (let page = 0; page < this.#pages.length; page++) {
      if ((this.#pages[page]! & DIRTY) === 0) continue
      const isOld = (this.#pages[page]! & OLD) !== 0
      this.#pages[page] = isOld ? CUT | OLD : CUT
      let count = 0
      for (let ordinal = page * PAGE_ACTORS; ordinal < (page + 1) * PAGE_ACTORS; ordinal++) {
        if (this.#actors[ordinal] === CLEAN) continue
        this.#actors[ordinal] = CUT
        count++
      }
      pages.push({ page, count, isOld })
    }
    const cut: OpenCut = {
      pages,
      pending: new Set(pages.map(({ page }) => page)),
      captured: new Map<number, Uint8Array | undefined>(),
      take: (isWhole) => this.#take(cut, isWhole),
    }
    this.#cut = cut
    return cut
  }

  /** True if the last cut that was stored has the page as it is now. Keeps G3. */
  isStored(page: number): boolean {
    return page >= this.#pages.length || (this.#pages[page]! & (DIRTY | CUT)) === 0
  }

  /** True if the page is stored with states that cannot be read. */
  isOld(page: number): boolean {
    return page < this.#pages.length && (this.#pages[page]! & OLD) !== 0
  }

  /** Records that a page is stored as an earlier version has it, or with states that cannot be read. */
  setOld(page: number): void {
    if (page >= this.#pages.length) this.#grow(page + 1)
    this.#pages[page]! |= OLD
  }

  /** Lets a page be stored anew with the next cut. */
  renew(page: number): void {
    this.#pages[page]! |= DIRTY
  }

  /** Ends the cut as stored: pages that have not changed since need not be stored again. */
  keep(): void {
    for (const { page } of this.#cut?.pages ?? []) {
      this.#pages[page]! &= ~(CUT | OLD)
      this.#each(page, (ordinal) => (this.#actors[ordinal]! &= ~CUT))
    }
    this.#cut = undefined
  }

  /** Drops the open cut: its pages are in the next one again. Keeps G2. */
  takeBack(): void {
    for (const { page } of this.#cut?.pages ?? []) {
      this.#pages[page] = (this.#pages[page]! & OLD) | DIRTY
      this.#each(page, (ordinal) => {
        if (this.#actors[ordinal] !== CLEAN) this.#actors[ordinal] = DIRTY
      })
    }
    this.#cut = undefined
  }

  /** Marks all pages as stored. */
  forget(): void {
    for (let page = 0; page < this.#pages.length; page++) this.#pages[page]! &= OLD
    this.#actors.fill(CLEAN)
  }

  #take({ pending, captured }: OpenCut, isWhole: (page: number) => boolean): ReturnType<PageCut['take']> {
    const writeHeld: WriteActor = (scratch, ordinal) => {
      const bytes = captured.get(ordinal)
      if (bytes) scratch.raw(bytes)
      return bytes !== undefined
    }
    for (const page of pending) {
      pending.delete(page)
      const whole = isWhole(page)
      const part = new PagePartWriter(whole)
      this.#each(page, (ordinal) => {
        const isChanged = (this.#actors[ordinal]! & CUT) !== 0
        if (whole || isChanged) part.add(ordinal, captured.has(ordinal) ? writeHeld : this.#write)
      })
      this.#each(page, (ordinal) => captured.delete(ordinal))
      return { page, bytes: part.end() }
    }
    return undefined
  }

  #capture(ordinal: number): Uint8Array | undefined {
    captureScratch.length = 0
    return this.#write(captureScratch, ordinal) ? captureScratch.copy() : undefined
  }

  #each(page: number, visit: (ordinal: number) => void): void {
    for (let ordinal = page * PAGE_ACTORS; ordinal < (page + 1) * PAGE_ACTORS; ordinal++) visit(ordinal)
  }

  #grow(count: number): void {
    const length = Math.max(count, this.#pages.length * 2)
    const [pages, actors] = [new Uint8Array(length), new Uint8Array(length * PAGE_ACTORS)]
    pages.set(this.#pages)
    actors.set(this.#actors)
    this.#pages = pages
    this.#actors = actors
  }
}
