/**
 * A walk over the actors of a space in short turns of the event loop, whether they are in memory or not.
 *
 * W1. Between two turns of the event loop it works for `SLICE_MS` at most, but for one actor more.
 * W2. An actor is looked at while it is in memory, with whatever its values are read from.
 */
import type { Shard } from '../../actors/engine/shard.ts'

const SLICE_MS = 1
/** So many pages are brought back before others are let go. */
const RELIEF_PAGES = 32

export interface WalkContext {
  readonly shard: Shard
  /** Resolves when the pages are in memory. */
  readonly load: (pages: readonly number[]) => Promise<void>
  /** Lets pages leave memory that were brought back; resolves when they have. */
  readonly relieve: () => Promise<void>
  readonly elapsedMs: () => number
  /** Lets the event loop go round. */
  readonly breathe: () => Promise<void>
}

export class ActorWalk {
  readonly #context: WalkContext
  readonly #withUsers: boolean
  /** Pages that were brought back since some were last let go. */
  #loaded = 0
  /** The time that looking has taken so far. */
  spentMs = 0

  /** @param withUsers true if the users of an account are looked at with it */
  constructor(context: WalkContext, withUsers: boolean) {
    this.#context = context
    this.#withUsers = withUsers
  }

  /** Looks at one actor after another, until it is over. Keeps W1 and W2. */
  async each(ordinals: Iterable<number>, look: (ordinal: number) => void, isOver: () => boolean): Promise<void> {
    const { elapsedMs, breathe } = this.#context
    let start = elapsedMs()
    for (const ordinal of ordinals) {
      if (isOver()) return
      if (this.isAway(ordinal)) {
        await this.bring(ordinal)
        start = elapsedMs()
      }
      look(ordinal)
      const spentMs = elapsedMs() - start
      if (spentMs < SLICE_MS) continue
      this.spentMs += spentMs
      await breathe()
      start = elapsedMs()
    }
    this.spentMs += elapsedMs() - start
  }

  /** Brings an actor back into memory, with whatever its values are read from. */
  async bring(ordinal: number): Promise<void> {
    const { shard, load, relieve } = this.#context
    if (this.#loaded >= RELIEF_PAGES && shard.isOverMemory) {
      await relieve()
      this.#loaded = 0
    }
    for (let pages = this.#pagesOf(ordinal); pages.length > 0; pages = this.#pagesOf(ordinal)) {
      await load(pages)
      this.#loaded += pages.length
    }
  }

  /** True if something of an actor has left memory. */
  isAway(ordinal: number): boolean {
    return this.#pagesOf(ordinal).length > 0
  }

  #pagesOf(ordinal: number): readonly number[] {
    return this.#context.shard.residentPages.pagesOf(ordinal, this.#withUsers)
  }
}
