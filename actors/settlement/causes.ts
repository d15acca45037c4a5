/** Why the values of those who take part in a settlement change: each has one cause. */
import type { CauseKind, Transition } from '../../src/model/transition.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import type { StoredPast } from '../rows/past-transitions.ts'
import { Bag } from './bag.ts'

/** The reason for which actors settle. */
export interface SettlementCause {
  readonly kind: CauseKind
  /** The call, if it is one. */
  readonly call?: { readonly arrival: number; readonly messageId: string; readonly sourceId: string }
}

export const BY_TIME: SettlementCause = { kind: 'time' }
export const BY_DEFINITION: SettlementCause = { kind: 'definition' }
export const BY_DELETION: SettlementCause = { kind: 'deletion' }

const NONE_TIMED: ReadonlySet<number> = new Set<number>()

export class Causes {
  #cause = BY_TIME
  /** The user that keeps the call as an event; -1 if it is none. */
  #keeper = -1
  /** Actors that have part in what is settled because they are due. */
  #timed: ReadonlySet<number> = NONE_TIMED
  /** Users that others have become part of. */
  readonly #survivors = new Bag<number>()

  /** The cause of the settlement as a whole. */
  get first(): SettlementCause {
    return this.#cause
  }

  begin(cause: SettlementCause): void {
    this.#cause = cause
    this.#keeper = -1
  }

  clear(): void {
    this.#survivors.clear()
    this.#timed = NONE_TIMED
  }

  /** Records that a user keeps the call: there its messageId is found. */
  keeps(user: number): void {
    this.#keeper = user
  }

  /** Records that a user takes others over: that is why its values change. */
  unites(survivor: number): void {
    this.#survivors.add(survivor)
  }

  /** Records that some actors have part in it because they are due: time is why their values change. */
  byTime(due: readonly number[]): void {
    if (due.length > 0) this.#timed = new Set(due)
  }

  /** Returns a transition with what it came of, as its actor keeps it. */
  kept({ ordinal }: SpaceActor, { at, type, key, value }: Transition): StoredPast {
    const { kind, call } = this.#cause
    const isMerge = this.#survivors.count > 0 && this.#survivors.toArray().includes(ordinal)
    return {
      at,
      type,
      key,
      ...(value !== undefined && { value }),
      cause: isMerge ? 'merge' : this.#timed.has(ordinal) ? 'time' : kind,
      call: call && {
        arrival: call.arrival,
        messageId: ordinal === this.#keeper ? undefined : call.messageId,
      },
    }
  }
}
