/**
 * Actors as pages of bytes, and which pages have changed. A cut is what the actors were at one instant, taken without a
 * pause: its pages are encoded one by one while the space goes on.
 *
 * G1. Whoever is about to change an actor says so first (`changing`); so a page of a cut that was not encoded yet is
 *     encoded as it still is.
 * G2. A page is in the next cut if it was touched since the last one that was not taken back.
 */

/** Ordinals of one page: few enough that to encode it is far below a millisecond. */
export const PAGE_ACTORS = 64

const CLEAN = 0
const DIRTY = 1

export type EncodePage = (page: number) => Uint8Array

/** The changed pages, as they were when it was made. */
export interface PageCut {
  /** Which they are. */
  readonly pages: readonly number[]
  /** A page that was not given yet; undefined after the last. The work of one call is at most one page. */
  take(): { readonly page: number; readonly bytes: Uint8Array } | undefined
}

interface OpenCut extends PageCut {
  readonly pending: Set<number>
  readonly captured: { readonly page: number; readonly bytes: Uint8Array }[]
}

export class Pages {
  readonly #encode: EncodePage
  #states = new Uint8Array(64)
  #cut: OpenCut | undefined

  constructor(encode: EncodePage) {
    this.#encode = encode
  }

  /** An actor is about to change, to come, or to go. Keeps G1. */
  changing(ordinal: number): void {
    const page = Math.floor(ordinal / PAGE_ACTORS)
    if (page >= this.#states.length) this.#grow(page + 1)
    if (this.#states[page] === DIRTY) return
    this.#states[page] = DIRTY
    const cut = this.#cut
    if (cut?.pending.delete(page)) cut.captured.push({ page, bytes: this.#encode(page) })
  }

  /** Begins a cut; the one before, if it was not taken whole, is taken back. */
  cut(): PageCut {
    this.takeBack()
    const pages: number[] = []
    for (let page = 0; page < this.#states.length; page++) if (this.#states[page] === DIRTY) pages.push(page)
    this.#states.fill(CLEAN)
    const pending = new Set(pages)
    const captured: { page: number; bytes: Uint8Array }[] = []
    const take = () => captured.shift() ?? this.#next(pending)
    this.#cut = { pages, pending, captured, take }
    return this.#cut
  }

  /** The cut was stored: what has not changed since need not be stored again. */
  keep(): void {
    this.#cut = undefined
  }

  /** The cut at hand will not be stored: its pages are in the next one again. Keeps G2. */
  takeBack(): void {
    for (const page of this.#cut?.pages ?? []) this.#states[page] = DIRTY
    this.#cut = undefined
  }

  /** Nothing is to be stored that is not changed from now on. */
  forget(): void {
    this.#states.fill(CLEAN)
  }

  #next(pending: Set<number>): { page: number; bytes: Uint8Array } | undefined {
    for (const page of pending) {
      pending.delete(page)
      return { page, bytes: this.#encode(page) }
    }
    return undefined
  }

  #grow(count: number): void {
    const states = new Uint8Array(Math.max(count, this.#states.length * 2))
    states.set(this.#states)
    this.#states = states
  }
}
