/**
 * The last transitions of a space, for readers of its feed that come back. They are state as the engine's is: the same
 * entries give the same, live or from the journal, and a checkpoint has them.
 *
 * T1. All transitions after `completeAfter` are here, in order.
 * T2. They are bounded by number and by size; beyond that, the oldest leave.
 * T3. A transition belongs to the actor that its profile is part of now: those of absorbed users to the survivor.
 * T4. Those of a deleted profile stay until the entry after its deletion, in no checkpoint: whoever follows has them.
 */
import Denque from 'denque'
import type { Settled, SettledChange, SettlementObserver } from '../../actors/settlement/settlement-observer.ts'
import type { DefinitionType } from '../model/definition.ts'
import type { JsonValue } from '../model/json.ts'
import type { Transition, TransitionType } from '../model/transition.ts'
import { compareTransitionIds, type TransitionId } from '../model/transition-feed.ts'

export interface RecentTransitionsLimits {
  readonly transitionsMax: number
  /** Estimated, in memory. */
  readonly bytesMax: number
}

export const RECENT_TRANSITIONS_LIMITS: RecentTransitionsLimits = { transitionsMax: 10_000, bytesMax: 8 * 1024 * 1024 }

export interface RecentTransition extends TransitionId {
  /** Undefined once its profile is deleted. */
  transition: Transition | undefined
  /** The type of the definition whose transition it is. */
  readonly type: DefinitionType
  /** The actor that has it now; `NOBODY` if that is deleted. */
  ordinal: number
  /** Its data for readers, once it has been asked for; it names the actor that has the transition now. */
  data: string | undefined
}

type StoredTransition = readonly [
  position: number,
  index: number,
  ordinal: number,
  type: DefinitionType,
  at: number,
  kind: TransitionType,
  key: string,
  profile: string,
  sequence: number,
  value?: JsonValue,
]

/** As a checkpoint has them. */
export interface RecentTransitionsState {
  readonly completeAfter: TransitionId
  readonly transitions: readonly StoredTransition[]
}

/** The actor of a transition whose profile is deleted. */
export const NOBODY = -1
/** The size of one transition beside its texts. */
const BASE_BYTES = 350

export class RecentTransitions implements SettlementObserver {
  readonly #limits: RecentTransitionsLimits
  readonly #transitions = new Denque<RecentTransition>()
  /** By ordinal, oldest first. */
  readonly #byActor = new Map<number, RecentTransition[]>()
  /** Position of the entry that is being applied, or else of the next. */
  #position: number
  /** Index of the last transition of that entry. */
  #index = 0
  /** Number of the first that is here, counted since the start of the process. */
  #first = 0
  #bytes = 0
  /** Those of profiles that are deleted, until the next entry. */
  #leaving: RecentTransition[] = []
  #completeAfter: TransitionId

  /** @param position of the first entry that is to be applied */
  constructor(position = 0, limits = RECENT_TRANSITIONS_LIMITS) {
    this.#position = position
    this.#completeAfter = { position, index: 0 }
    this.#limits = limits
  }

  /** @param position of the first entry that the checkpoint does not hold */
  static of(
    state: RecentTransitionsState | undefined,
    position: number,
    limits = RECENT_TRANSITIONS_LIMITS,
  ): RecentTransitions {
    const recent = new RecentTransitions(position, limits)
    if (!state) return recent
    recent.#completeAfter = state.completeAfter
    for (const stored of state.transitions) recent.#add(restored(stored))
    return recent
  }

  state(): RecentTransitionsState {
    return { completeAfter: this.#completeAfter, transitions: this.#transitions.toArray().flatMap(stored) }
  }

  /** The bare id before the next entry. */
  get present(): TransitionId {
    return { position: this.#position, index: 0 }
  }

  /** Keeps T1. */
  get completeAfter(): TransitionId {
    return this.#completeAfter
  }

  /** Number of the first transition that is here, and of the next that will be. */
  get first(): number {
    return this.#first
  }

  get next(): number {
    return this.#first + this.#transitions.length
  }

  /** Returns the transition of a number from `first` on and before `next`. */
  at(number: number): RecentTransition {
    return this.#transitions.peekAt(number - this.#first)!
  }

  /** Returns the number of the first transition that comes after an id, among those that are here. */
  numberAfter(id: TransitionId): number {
    let [low, high] = [this.first, this.next]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (compareTransitionIds(this.at(middle), id) > 0) high = middle
      else low = middle + 1
    }
    return low
  }

  settled({ changes, united, deleted }: Settled): void {
    for (const { survivor, absorbed } of united) this.#unite(survivor.ordinal, absorbed)
    for (const change of changes) this.#take(change)
    for (const { ordinal } of deleted) this.#delete(ordinal)
  }

  /** Begins an entry. Keeps T4. */
  begin(): void {
    for (const one of this.#leaving) {
      this.#bytes -= bytesOf(one)
      one.transition = one.data = undefined
      this.#bytes += bytesOf(one)
    }
    this.#leaving = []
  }

  /** Ends the entry that is being applied. */
  end(): void {
    this.#position++
    this.#index = 0
  }

  #take({ actor, transition }: SettledChange): void {
    this.#add({
      position: this.#position,
      index: ++this.#index,
      transition,
      type: actor.kind === 'user' ? 'USERS' : 'ACCOUNTS',
      ordinal: actor.ordinal,
      data: undefined,
    })
  }

  /** Keeps T2. */
  #add(added: RecentTransition): void {
    this.#transitions.push(added)
    this.#bytes += bytesOf(added)
    const others = this.#byActor.get(added.ordinal)
    if (others) others.push(added)
    else this.#byActor.set(added.ordinal, [added])
    while (this.#transitions.length > this.#limits.transitionsMax || this.#bytes > this.#limits.bytesMax) this.#drop()
  }

  #drop(): void {
    const dropped = this.#transitions.shift()!
    const { position, index, ordinal } = dropped
    this.#completeAfter = { position, index }
    this.#first++
    this.#bytes -= bytesOf(dropped)
    if (ordinal === NOBODY) return
    const others = this.#byActor.get(ordinal)!
    if (others.length === 1) this.#byActor.delete(ordinal)
    else others.shift()
  }

  #delete(ordinal: number): void {
    const theirs = this.#byActor.get(ordinal) ?? []
    this.#byActor.delete(ordinal)
    for (const one of theirs) give(one, NOBODY)
    this.#leaving = [...this.#leaving, ...theirs]
  }

  /** Keeps T3. */
  #unite(survivor: number, absorbed: readonly number[]): void {
    const theirs = absorbed.flatMap((ordinal) => this.#byActor.get(ordinal) ?? [])
    if (theirs.length === 0) return
    for (const ordinal of absorbed) this.#byActor.delete(ordinal)
    for (const one of theirs) give(one, survivor)
    const all = [...(this.#byActor.get(survivor) ?? []), ...theirs]
    this.#byActor.set(survivor, all.sort(compareTransitionIds))
  }
}

function give(one: RecentTransition, ordinal: number): void {
  one.ordinal = ordinal
  one.data = undefined
}

function bytesOf({ transition }: RecentTransition): number {
  if (!transition) return BASE_BYTES
  const { key, profile, value } = transition
  const ofValue = typeof value === 'object' && value !== null ? JSON.stringify(value).length : 0
  const ofText = typeof value === 'string' ? value.length : 0
  // The data for readers has all texts again.
  return BASE_BYTES + 2 * (key.length + profile.length + ofValue + ofText)
}

function stored({ position, index, ordinal, type, transition }: RecentTransition): StoredTransition[] {
  if (!transition || ordinal === NOBODY) return []
  const { at, type: kind, key, profile, sequence, value } = transition
  const all = [position, index, ordinal, type, at, kind, key, profile, sequence] as const
  return [value === undefined ? all : [...all, value]]
}

function restored(stored: StoredTransition): RecentTransition {
  const [position, index, ordinal, type, at, kind, key, profile, sequence, value] = stored
  const transition = { at, type: kind, key, profile, ...(value !== undefined && { value }), sequence }
  return { position, index, ordinal, type, transition, data: undefined }
}
