/**
 * The actors that have changed, page by page. A cut is the state of the actors at one instant, taken without a pause:
 * its pages are encoded one by one while the space goes on.
 *
 * G1. Before an actor changes, `changing` is called; if its page is still to be taken, the actor is encoded then, as it
 *     still is. One actor, not its page: otherwise a burst over many pages would encode them all.
 * G2. An actor is in the next cut if it was touched since the last cut that was not dropped.
 * G3. A page is as the last stored cut has it (`isStored`) if none of it has changed since, and no open cut holds it.
 * G4. Of a space that follows another's checkpoints, what has changed is set aside instead of being cut: none of it is
 *     encoded, and it is kept, or taken back, as a cut is.
 */
import { Scratch } from '../packing/scratch.ts'
import { PagePartWriter, type WriteActor } from './page-codec.ts'

/** Actors of one page: few enough that encoding it takes far less than a millisecond. */
export const PAGE_ACTORS = 64

/** Integers with a bit for each actor of a page. */
const BIT_INTS = PAGE_ACTORS / 32

/** The state of a page, in bits: it has changed since the last cut; the open cut holds it. */
const DIRTY = 1
const CUT = 2
/** It is stored as an earlier version has it, or with states that cannot be read any more. */
const OLD = 4
/** All of it is to be stored anew, as nobody may find what it had; the same in the open cut. */
const WHOLE = 8
const WHOLE_CUT = 16

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
  /** By page: the actors that have changed since the last cut, and those that had before the open one. */
  #dirty = new Int32Array(64 * BIT_INTS)
  #held = new Int32Array(64 * BIT_INTS)
  #cut: OpenCut | undefined

  constructor(write: WriteActor) {
    this.#write = write
  }

  /** Records that an actor is about to change, to come, or to go. Keeps G1. */
  changing(ordinal: number): void {
    const page = Math.floor(ordinal / PAGE_ACTORS)
    if (page >= this.#pages.length) this.#grow(page + 1)
    this.#pages[page]! |= DIRTY
    this.#dirty[intOf(ordinal)]! |= bitOf(ordinal)
    const cut = this.#cut
    if (cut?.pending.has(page) && !cut.captured.has(ordinal)) cut.captured.set(ordinal, this.#capture(ordinal))
  }

  /** Opens a cut; the one before is dropped if it was not taken whole. */
  cut(): PageCut {
    this.takeBack()
    const pages: ChangedPage[] = []
    for (let page = 0; page < this.#pages.length; page++) {
      if ((this.#pages[page]! & DIRTY) === 0) continue
      const isOld = (this.#pages[page]! & (OLD | WHOLE)) !== 0
      const isWhole = (this.#pages[page]! & WHOLE) !== 0
      this.#pages[page] = CUT | (this.#pages[page]! & OLD) | (isWhole ? WHOLE_CUT : 0)
      let count = 0
      for (let int = page * BIT_INTS; int < (page + 1) * BIT_INTS; int++) {
        this.#held[int] = this.#dirty[int]!
        this.#dirty[int] = 0
        count += bitCount(this.#held[int]!)
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

  /** Tells what has changed up to now from what changes later. Keeps G4. */
  setAside(): void {
    this.cut()
    this.#cut!.pending.clear()
  }

  /** True if some page is stored as an earlier version has it, or with states that cannot be read. */
  get isAnyOld(): boolean {
    return this.#pages.some((page) => (page & OLD) !== 0)
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

  /** Lets all of an actor's page, which must be in memory, be stored anew with the next cut, as that has it. */
  storeWhole(ordinal: number): void {
    const page = Math.floor(ordinal / PAGE_ACTORS)
    if (page >= this.#pages.length) this.#grow(page + 1)
    this.#pages[page]! |= DIRTY | WHOLE
  }

  /** Lets a page be stored anew with the next cut. */
  renew(page: number): void {
    this.#pages[page]! |= DIRTY
  }

  /** Ends the cut as stored: pages that have not changed since need not be stored again. */
  keep(): void {
    for (const { page } of this.#cut?.pages ?? []) {
      this.#pages[page]! &= ~(CUT | OLD | WHOLE_CUT)
      this.#held.fill(0, page * BIT_INTS, (page + 1) * BIT_INTS)
    }
    this.#cut = undefined
  }

  /** Drops the open cut: its pages are in the next one again. Keeps G2. */
  takeBack(): void {
    for (const { page } of this.#cut?.pages ?? []) {
      const isWhole = (this.#pages[page]! & (WHOLE | WHOLE_CUT)) !== 0
      this.#pages[page] = (this.#pages[page]! & OLD) | DIRTY | (isWhole ? WHOLE : 0)
      for (let int = page * BIT_INTS; int < (page + 1) * BIT_INTS; int++) {
        this.#dirty[int]! |= this.#held[int]!
        this.#held[int] = 0
      }
    }
    this.#cut = undefined
  }

  /** Marks all pages as stored. */
  forget(): void {
    for (let page = 0; page < this.#pages.length; page++) this.#pages[page]! &= OLD
    this.#dirty.fill(0)
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
        const isChanged = (this.#held[intOf(ordinal)]! & bitOf(ordinal)) !== 0
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
    const pages = new Uint8Array(length)
    pages.set(this.#pages)
    this.#pages = pages
    this.#dirty = widened(this.#dirty, length)
    this.#held = widened(this.#held, length)
  }
}

function intOf(ordinal: number): number {
  return Math.floor(ordinal / 32)
}

function bitOf(ordinal: number): number {
  return 1 << (ordinal & 31)
}

/** Counts the bits that are set: in twos, in fours, in bytes, and together. */
function bitCount(int: number): number {
  const twos = int - ((int >>> 1) & 0x5555_5555)
  const fours = (twos & 0x3333_3333) + ((twos >>> 2) & 0x3333_3333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}

function widened(bits: Int32Array, pages: number): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(pages * BIT_INTS)
  wider.set(bits)
  return wider
}
