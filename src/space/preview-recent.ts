/** The changes of the last minutes, had a definition been there: from some people, for all. */
import type { Draft, Flip } from '../../actors/engine/draft.ts'
import type { Shard } from '../../actors/engine/shard.ts'
import { PAGE_ACTORS } from '../../actors/records/pages.ts'
import type { ActorWalk } from './actor-walk.ts'
import type { RecentStep } from '../model/preview.ts'

const STEP_MS = 60_000
const STEPS = 10

class Recent {
  /** From where to where it looks, epoch ms. */
  readonly start: number
  readonly end: number
  readonly #entered = Array<number>(STEPS).fill(0)
  readonly #left = Array<number>(STEPS).fill(0)
  #found = 0

  /** @param asOf the end of the last minute, epoch ms */
  constructor(asOf: number) {
    this.start = asOf - STEPS * STEP_MS
    this.end = asOf
  }

  /** Takes up one user's changes. */
  add(flips: readonly Flip[]): void {
    this.#found++
    for (const { at, isMember } of flips) {
      const step = Math.min(STEPS - 1, Math.floor((at - this.start) / STEP_MS))
      const counts = isMember ? this.#entered : this.#left
      counts[step]!++
    }
  }

  /** Lists the minutes, as many as `all` would have. */
  list(all: number): RecentStep[] {
    const share = this.#found === 0 ? 0 : all / this.#found
    return this.#entered.map((entered, step) => ({
      at: this.start + step * STEP_MS,
      entered: Math.round(entered * share),
      left: Math.round(this.#left[step]! * share),
    }))
  }
}

interface LookBackOptions {
  readonly shard: Shard
  readonly walk: ActorWalk
  readonly draft: Draft
  /** Some that were drawn at random; undefined: everybody. */
  readonly ordinals: readonly number[] | undefined
  /** The end of the last minute, epoch ms. */
  readonly asOf: number
  readonly isOver: () => boolean
}

/** Looks at users one after another; resolves with the last minutes, as they would have been for all. */
export async function lookBack({ shard, walk, draft, ordinals, asOf, isOver }: LookBackOptions): Promise<RecentStep[]> {
  const recent = new Recent(asOf)
  const { start, end } = recent
  const look = (ordinal: number): void =>
    void shard.reader.see(ordinal, (actor) => {
      if (actor.kind === 'user') recent.add(draft.flips(actor, start, end))
    })
  await walk.each(ordinals ?? upTo(shard.reader.pageCount * PAGE_ACTORS), look, isOver)
  return recent.list(shard.profileCount)
}

function* upTo(end: number): Generator<number> {
  for (let ordinal = 0; ordinal < end; ordinal++) yield ordinal
}
