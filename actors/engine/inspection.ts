/**
 * A look at what is kept of the actors that are in memory: as lines that a person reads, and against what their kept
 * events determine. For the latter the states are computed again beside those that are there, and taken back.
 */
import type { JsonValue } from '../../src/model/json.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import { printedActor } from '../actor/printed-actor.ts'
import { settledAt } from '../actor/settled-at.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { emptyValueOf } from '../plan/plan.ts'
import { valueOfNothing } from '../plan/stream-node.ts'
import { sameValue } from '../values/values.ts'

/** Something of an actor that is not as its events make it. */
export interface Difference {
  /** `user_id:u1`. */
  readonly profile: string
  /** A definition by its key, a state by its expression, or the next deadline if it comes too late. */
  readonly of: string
  readonly kept: JsonValue
  readonly computed: JsonValue
}

export class ActorInspection {
  readonly #store: ActorStore
  readonly #actors: readonly SpaceActor[]
  readonly #now: number

  /** @param now the present of the space */
  constructor(store: ActorStore, actors: readonly SpaceActor[], now: number) {
    this.#store = store
    this.#actors = actors
    this.#now = now
  }

  /** Returns an actor with all of its states, as lines. */
  printed(actor: SpaceActor): string[] {
    return printedActor(this.#store, actor)
  }

  /**
   * Yields the differences of all actors; none of one whose states are still to be computed. Nothing may be applied
   * afterwards: states that are objects are lost.
   */
  *differences(): Generator<Difference> {
    for (const actor of this.#actors) if (!actor.isUnbuilt) yield* this.#differencesOf(actor)
  }

  #differencesOf(actor: SpaceActor): Difference[] {
    const { memory, rows } = this.#store
    memory.barrier.begin()
    rows.touch(actor.row)
    actor.now = settledAt(this.#now, actor.dueAt)
    const [kept, keptDue] = [this.#findings(actor, false), actor.schedule()]
    actor.recompute()
    const [computed, computedDue] = [this.#findings(actor, true), actor.schedule()]
    this.#store.rollBack()
    const { label: profile } = actor
    const differences = [...kept].flatMap(([of, value]) => {
      const other = computed.get(of) ?? null
      return sameValue(value, other) ? [] : [{ profile, of, kept: value, computed: other }]
    })
    // One that comes too early does nothing.
    if (keptDue <= computedDue) return differences
    const due = { kept: Number.isFinite(keptDue) ? keptDue : null, computed: computedDue }
    return [...differences, { profile, of: 'next deadline', ...due }]
  }

  /**
   * Lists the values of all states and definitions, by what they are of.
   * @param areComputed true for the values of definitions as they follow from the states; otherwise as they are kept
   */
  #findings(actor: SpaceActor, areComputed: boolean): Map<string, JsonValue> {
    const found = new Map<string, JsonValue>()
    const plan = this.#store.plans[actor.kind]
    for (const state of plan.states) {
      if (state?.kind === 'stream') {
        const value = actor.streamValue(state.id) ?? valueOfNothing(state.reducer)
        // A count that is only compared moves on when a comparison flips.
        found.set(state.key, state.isWatched ? value : state.comparisons.map(({ test }) => test(value)))
      }
      if (state?.kind === 'timed') found.set(state.key, actor.timedTruth(state.id))
    }
    for (const node of plan.definitions) {
      const kept = actor.definedValue(node.id) ?? emptyValueOf(node)
      found.set(`${node.kind} ${node.key}`, areComputed ? actor.computedValue(node) : kept)
    }
    return found
  }
}
