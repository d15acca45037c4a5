/**
 * Actors as pages of bytes, with the pages that have changed. A cut is the state of the actors at one instant, taken
 * without a pause: its pages are encoded one by one while the space goes on.
 *
 * G1. Before an actor changes, `changing` is called; if its page is still to be taken, the actor is encoded then, as it
 *     still is. One actor, not its page: otherwise a burst over many pages would encode them all.
 * G2. A page is in the next cut if it was touched since the last cut that was not dropped.
 * G3. A page is as the last stored cut has it (`isStored`) if it has not changed since, and no open cut holds it.
 */

import { pack, unpack } from 'msgpackr'

/** Actors of one page: few enough that encoding it takes far less than a millisecond. */
export const PAGE_ACTORS = 64

/** The state of a page, in bits: it has changed since the last cut; the open cut holds it. */
const CLEAN = 0
const DIRTY = 1
const CUT = 2

/** An actor as a page has it. */
export interface PageActor {
  readonly bytes: Uint8Array
  /** Its next deadline, epoch ms; infinite if it has none. */
  readonly dueAt: number
}

/** Encodes the actor of an ordinal; undefined if there is none. */
export type EncodeActor = (ordinal: number) => PageActor | undefined

/** The changed pages, as they were when it was made. */
export interface PageCut {
  /** The numbers of the pages. */
  readonly pages: readonly number[]
  /** Returns a page that was not given yet; undefined after the last. */
  take(): { readonly page: number; readonly bytes: Uint8Array } | undefined
}

interface OpenCut extends PageCut {
  readonly pending: Set<number>
  /** Actors of pending pages that have changed since, as they were. */
  readonly captured: Map<number, PageActor | undefined>
}

/** Version 1 was the list of actors alone. */
type PageParts = readonly Uint8Array[] | readonly [actors: readonly Uint8Array[], dueAt: readonly number[]]

export function encodePage(actors: readonly PageActor[]): Uint8Array {
  const parts: PageParts = [actors.map(({ bytes }) => bytes), actors.map(({ dueAt }) => dueAt)]
  return pack(parts)
}

/** Encodes actors without their deadlines, which can be computed again. */
export function encodeBarePage(actors: readonly Uint8Array[]): Uint8Array {
  return pack(actors)
}

/** Lists the actors of a page; `dueAt` is undefined if the page does not hold deadlines. */
export function actorsOfPage(page: Uint8Array): readonly { readonly bytes: Uint8Array; readonly dueAt?: number }[] {
  const parts = unpack(page) as PageParts
  const [actors, dueAt] = Array.isArray(parts[0])
    ? (parts as readonly [readonly Uint8Array[], readonly number[]])
    : [parts as readonly Uint8Array[], []]
  return actors.map((bytes, index) => ({ bytes, ...(index in dueAt && { dueAt: dueAt[index]! }) }))
}

export class Pages {
  readonly #encode: EncodeActor
  #states = new Uint8Array(64)
  #cut: OpenCut | undefined

  constructor(encode: EncodeActor) {
    this.#encode = encode
  }

  /**
   * Records that an actor is about to change, to come, or to go. Keeps G1.
   * @param before its state before, if it has changed already
   */
  changing(ordinal: number, before?: PageActor): void {
    const page = Math.floor(ordinal / PAGE_ACTORS)
    if (page >= this.#states.length) this.#grow(page + 1)
    this.#states[page]! |= DIRTY
    const cut = this.#cut
    if (cut?.pending.has(page) && !cut.captured.has(ordinal))
      cut.captured.set(ordinal, before ?? this.#capture(ordinal))
  }

  /** Opens a cut; the one before is dropped if it was not taken whole. */
  cut(): PageCut {
    this.takeBack()
    const pages: number[] = []
    for (let page = 0; page < this.#states.length; page++) {
      if (this.#states[page] !== DIRTY) continue
      pages.push(page)
      this.#states[page] = CUT
    }
    const cut: OpenCut = {
      pages,
      pending: new Set(pages),
      captured: new Map<number, PageActor | undefined>(),
      take: () => this.#take(cut),
    }
    this.#cut = cut
    return cut
  }

  /** True if the last cut that was stored has the page as it is now. Keeps G3. */
  isStored(page: number): boolean {
    return page >= this.#states.length || this.#states[page] === CLEAN
  }

  /** Ends the cut as stored: pages that have not changed since need not be stored again. */
  keep(): void {
    for (const page of this.#cut?.pages ?? []) this.#states[page]! &= ~CUT
    this.#cut = undefined
  }

  /** Drops the open cut: its pages are in the next one again. Keeps G2. */
  takeBack(): void {
    for (const page of this.#cut?.pages ?? []) this.#states[page] = DIRTY
    this.#cut = undefined
  }

  /** Marks all pages as stored. */
  forget(): void {
    this.#states.fill(CLEAN)
  }

  #take({ pending, captured }: OpenCut): { page: number; bytes: Uint8Array } | undefined {
    for (const page of pending) {
      pending.delete(page)
      const actors: PageActor[] = []
      for (let ordinal = page * PAGE_ACTORS; ordinal < (page + 1) * PAGE_ACTORS; ordinal++) {
        const actor = captured.has(ordinal) ? captured.get(ordinal) : this.#encode(ordinal)
        captured.delete(ordinal)
        if (actor) actors.push(actor)
      }
      return { page, bytes: encodePage(actors) }
    }
    return undefined
  }

  /** Encodes an actor into bytes of its own, since the actor's own bytes change. */
  #capture(ordinal: number): PageActor | undefined {
    const actor = this.#encode(ordinal)
    return actor && { ...actor, bytes: Buffer.from(actor.bytes) }
  }

  #grow(count: number): void {
    const states = new Uint8Array(Math.max(count, this.#states.length * 2))
    states.set(this.#states)
    this.#states = states
  }
}
