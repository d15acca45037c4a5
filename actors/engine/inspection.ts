/**
 * A look at what is kept of the actors that are in memory: as lines that a person reads, and against what their kept
 * events determine. For the latter the states are computed again beside those that are there, and taken back.
 */
import type { JsonValue } from '../../src/model/json.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import { printedActor } from '../actor/printed-actor.ts'
import { settledAt } from '../actor/settled-at.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { type DefinitionNode, emptyValueOf, type Plan } from '../plan/plan.ts'
import { lookbackMsOf, type StreamNode, valueOfNothing } from '../plan/stream-node.ts'
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

/** The part of a plan that the kept events of an actor determine. */
interface Determined {
  readonly streams: ReadonlySet<StreamNode>
  readonly definitions: readonly DefinitionNode[]
  readonly isAll: boolean
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
    const known = this.#determined(actor)
    const [kept, keptDue] = [this.#findings(actor, known, false), actor.schedule()]
    actor.recompute()
    const [computed, computedDue] = [this.#findings(actor, known, true), actor.schedule()]
    this.#store.rollBack()
    const { label: profile } = actor
    const differences = [...kept].flatMap(([of, value]) => {
      const other = computed.get(of) ?? null
      return sameValue(value, other) ? [] : [{ profile, of, kept: value, computed: other }]
    })
    // One that comes too early does nothing.
    if (keptDue <= computedDue || !known.isAll) return differences
    const due = { kept: Number.isFinite(keptDue) ? keptDue : null, computed: computedDue }
    return [...differences, { profile, of: 'next deadline', ...due }]
  }

  /** Finds what the kept events of an actor determine: all but windows and sessions into which forgotten ones fall. */
  #determined(actor: SpaceActor): Determined {
    const { states, definitions }: Plan = this.#store.plansOf(actor.ordinal)[actor.kind]
    const keptSince = Math.max(...actor.olderOfAll().map((older) => older.keptSince), ...actor.windowsCountedSince())
    const all = states.filter((state) => state?.kind === 'stream')
    const streams = new Set(all.filter((node) => node.occurrences || keptSince <= actor.now - lookbackMsOf(node)))
    const isKnown = ({ inputs }: DefinitionNode) =>
      [...inputs.nodes].every((node) => node.kind !== 'stream' || streams.has(node))
    return { streams, definitions: definitions.filter(isKnown), isAll: streams.size === all.length }
  }

  /**
   * Lists the values of all states and definitions that the kept events determine, by what they are of.
   * @param areComputed true for the values of definitions as they follow from the states; otherwise as they are kept
   */
  #findings(actor: SpaceActor, { streams, definitions }: Determined, areComputed: boolean): Map<string, JsonValue> {
    const found = new Map<string, JsonValue>()
    const plan = this.#store.plansOf(actor.ordinal)[actor.kind]
    for (const state of plan.states) {
      if (state?.kind === 'stream' && streams.has(state)) {
        const value = actor.streamValue(state.id) ?? valueOfNothing(state.reducer)
        // A count that is only compared moves on when a comparison flips.
        found.set(state.key, state.isWatched ? value : state.comparisons.map(({ test }) => test(value)))
      }
      if (state?.kind === 'timed') found.set(state.key, actor.timedTruth(state.id))
    }
    for (const node of definitions) {
      const kept = actor.definedValue(node.id) ?? emptyValueOf(node)
      found.set(`${node.kind} ${node.key}`, areComputed ? actor.computedValue(node) : kept)
    }
    return found
  }
}
