/**
 * An actor beside the space whose time goes on: from one due instant to the next, while nothing else happens. The
 * definitions that are read begin with the values that they have in the space, and change with time as well.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { BesideActor } from './beside-actor.ts'
import { type DefinitionNode, emptyValueOf, type Plan } from '../plan/plan.ts'
import { DUE_AT } from '../rows/row.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import { sameValue } from '../values/values.ts'

/** The number of no definition. */
const NONE = -1

/** The values of definitions since an instant, as far as they are others than in the space. */
export interface ReadingStep {
  readonly at: number
  readonly values: ReadonlyMap<number, JsonValue>
}

export interface Played {
  readonly events: readonly ProfileEvent[]
  /** Numbers of definitions that are computed on as time goes on. */
  readonly followed: ReadonlySet<number>
  /** Their values, if they do not follow from the events, in the order of time. */
  readonly readings?: readonly ReadingStep[] | undefined
  /** By condition: the users of an account that satisfy it; it may change between two steps. */
  readonly satisfying: ReadonlyMap<number, number>
  /** True if totals count the events that are no longer kept. */
  readonly areForgottenCounted: boolean
}

export class PlayedActor extends BesideActor {
  readonly #played: Played
  /** The bytes of the store when it had no states. */
  readonly #emptyBytes: number
  readonly #followed: readonly DefinitionNode[]
  /** The values of followed definitions as their states gave them at first. */
  readonly #first = new Map<number, JsonValue>()
  /** Counts that have been at least 1 since. */
  readonly #counted = new Set<number>()
  /** True while something is due by now that has not happened in the space yet: it is what happens first. */
  #isBehind = false
  /** The number of readings that were taken over. */
  #read = 0
  /** Values that have changed since. */
  readonly #values = new Map<number, JsonValue>()

  constructor(store: ActorStore, plan: Plan, of: SpaceActor, played: Played) {
    super(store, plan, of, NONE)
    this.#played = played
    this.#emptyBytes = store.memory.usedBytes
    this.#followed = plan.definitions.filter(({ id }) => played.followed.has(id))
  }

  /** Computes all states at an instant. */
  play(now: number): void {
    this.begin(now)
    this.recompute()
    for (const { id, dependents } of this.plan.definitions)
      if ((this.definedValue(id) ?? null) !== null) this.markDependents(dependents)
    this.closeStates()
    this.#isBehind = this.of.dueAt <= now
    if (this.#isBehind) return
    for (const node of this.#followed) this.#first.set(node.id, this.#valueNow(node))
  }

  override schedule(): number {
    if (this.#isBehind) return this.now
    const next = this.#played.readings?.[this.#read]?.at ?? Infinity
    return Math.min(super.schedule(), next)
  }

  /** Values of followed definitions that have changed since. */
  get changedValues(): ReadonlyMap<number, JsonValue> {
    return this.#values
  }

  /** Returns the bytes that its states take. */
  stateBytes(): number {
    const { store } = this
    // What was replaced on the way is given back, and objects become bytes.
    store.commit()
    store.packStates(0)
    const all = store.memory.usedBytes
    store.memory.barrier.begin()
    store.rows.touch(this.row)
    return all - this.#emptyBytes
  }

  /** Moves on to an instant at which something is due, here or among the users of an account. */
  moveTo(now: number): void {
    this.#isBehind = false
    this.store.memory.state.doubles[this.row + DUE_AT] = now
    this.advance(now)
    if (this.#played.readings) this.#readOn(this.#played.readings, now)
    else for (const node of this.#followed) this.#follow(node)
    this.closeStates()
  }

  override definedValue(id: number): JsonValue | undefined {
    return this.#values.has(id) ? this.#values.get(id) : this.of.definedValue(id)
  }

  override usersSatisfying(condition: number): number {
    return this.#played.satisfying.get(condition) ?? 0
  }

  override keptEvents(): readonly ProfileEvent[] {
    return this.#played.events
  }

  override olderOfAll(): readonly ForgottenTotals[] {
    return this.#played.areForgottenCounted ? this.of.olderOfAll() : []
  }

  #readOn(readings: readonly ReadingStep[], now: number): void {
    for (; (readings[this.#read]?.at ?? Infinity) <= now; this.#read++) {
      const { values } = readings[this.#read]!
      for (const node of this.#followed) {
        if (!values.has(node.id) || sameValue(values.get(node.id), this.definedValue(node.id) ?? null)) continue
        this.#values.set(node.id, values.get(node.id)!)
        this.markDependents(node.dependents)
      }
    }
  }

  #follow(node: DefinitionNode): void {
    const value = this.#valueNow(node)
    const isAsAtFirst = !this.#values.has(node.id) && sameValue(value, this.#first.get(node.id))
    if (isAsAtFirst || sameValue(value, this.definedValue(node.id) ?? emptyValueOf(node))) return
    this.#values.set(node.id, value)
    this.markDependents(node.dependents)
  }

  #valueNow(node: DefinitionNode): JsonValue {
    const value = node.evaluate(this)
    if (node.absentUntilOne) {
      if ((value as number) >= 1) this.#counted.add(node.id)
      return this.#counted.has(node.id) || this.of.defined.get(node.id)?.hasBeenOne ? value : null
    }
    return node.eligibleTypes && value === true ? this.isEligible(node.eligibleTypes) : value
  }
}
