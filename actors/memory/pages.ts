/**
 * Actors as pages of bytes, and which pages have changed. A cut is what the actors were at one instant, taken without a
 * pause: its pages are encoded one by one while the space goes on.
 *
 * G1. Whoever is about to change an actor says so first (`changing`); while its page is still to be taken, the actor is
 *     encoded then, as it still is. One actor, not its page: else a burst over many pages would encode them all.
 * G2. A page is in the next cut if it was touched since the last one that was not taken back.
 * G3. A page is as the last stored cut has it (`isStored`) if neither it has changed since, nor a cut at hand has it.
 */

import { pack, unpack } from 'msgpackr'

/** Ordinals of one page: few enough that to encode it is far below a millisecond. */
export const PAGE_ACTORS = 64

/** What a page is, of bits: it has changed since the last cut; the cut at hand has it. */
const CLEAN = 0
const DIRTY = 1
const CUT = 2

/** An actor as a page has it. */
export interface PageActor {
  readonly bytes: Uint8Array
  /** Its next deadline, epoch ms; infinite where there is none. */
  readonly dueAt: number
}

/** What there is by an ordinal; undefined where there is none. */
export type EncodeActor = (ordinal: number) => PageActor | undefined

/** The changed pages, as they were when it was made. */
export interface PageCut {
  /** Which they are. */
  readonly pages: readonly number[]
  /** A page that was not given yet; undefined after the last. */
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

/** What actors are, without their deadlines, which can be found again from that. */
export function encodeBarePage(actors: readonly Uint8Array[]): Uint8Array {
  return pack(actors)
}

/** The actors; `dueAt` undefined: the page does not say when they are due. */
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
   * An actor is about to change, to come, or to go. Keeps G1.
   * @param before what it was, where it has changed already
   */
  changing(ordinal: number, before?: PageActor): void {
    const page = Math.floor(ordinal / PAGE_ACTORS)
    if (page >= this.#states.length) this.#grow(page + 1)
    this.#states[page]! |= DIRTY
    const cut = this.#cut
    if (cut?.pending.has(page) && !cut.captured.has(ordinal))
      cut.captured.set(ordinal, before ?? this.#capture(ordinal))
  }

  /** Begins a cut; the one before, if it was not taken whole, is taken back. */
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

  /** Whether the last cut that was stored has the page as it is now. Keeps G3. */
  isStored(page: number): boolean {
    return page >= this.#states.length || this.#states[page] === CLEAN
  }

  /** The cut was stored: what has not changed since need not be stored again. */
  keep(): void {
    for (const page of this.#cut?.pages ?? []) this.#states[page]! &= ~CUT
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

  /** With bytes of its own, as those of the actor change. */
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
