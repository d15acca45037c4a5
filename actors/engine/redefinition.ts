/**
 * Gives the actors other definitions: every actor computes its state again under the new plans, at the present instant.
 *
 * O1. Linked accounts and users settle together; nobody else reaches them. So the space is gone through in groups.
 * O2. All actors get the definitions or none: if one fails, those before it are restored.
 * O3. An actor whose bytes stay the same has not changed, and is not stored anew.
 */
import type { Transition } from '../../src/model/transition.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { viewOf } from '../actor/views.ts'
import type { Plans } from '../compiler/compile.ts'
import type { DefinitionInput } from '../compiler/references.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'
import { decodeActor, encodeActor } from '../records/actor-codec.ts'
import { readFrame } from '../records/actor-frame.ts'
import { PAGE_ACTORS, type PageActor } from '../records/pages.ts'
import type { Roster } from '../records/roster.ts'
import { DUE_AT, FLAGS, IS_UNBUILT } from '../rows/row.ts'
import type { Settlement } from '../settlement/settlement.ts'
import { EverCounted } from './ever-counted.ts'

export interface RedefinitionOptions {
  readonly roster: Roster
  readonly settlement: Settlement
  readonly store: ActorStore
  readonly wheel: TimingWheel
}

/** The definitions that the actors get. */
export interface NewDefinitions {
  readonly plans: Plans
  readonly oldPlans: Plans
  /** Definitions that begin, or begin anew. */
  readonly begun: readonly DefinitionInput[]
  readonly inputs: readonly DefinitionInput[]
  readonly now: number
}

/** An actor that has the new definitions, and what it was before if it has changed. */
interface RedefinedActor {
  readonly ordinal: number
  readonly before: PageActor | undefined
}

export class Redefinition {
  readonly #options: RedefinitionOptions
  #isUnderWay = false

  constructor(options: RedefinitionOptions) {
    this.#options = options
  }

  /** True while actors settle for new definitions. */
  get isUnderWay(): boolean {
    return this.#isUnderWay
  }

  /** Gives all actors the definitions. Throws the error of an actor that fails; then nothing has changed. */
  adopt(definitions: NewDefinitions, transitions: Transition[]): void {
    const { store } = this.#options
    const adopters: RedefinedActor[] = []
    const everCounted = new EverCounted(definitions.inputs, store.rules)
    this.#isUnderWay = true
    try {
      for (const group of this.#groups()) {
        const changed = this.#adoptTogether(group, definitions, everCounted, transitions)
        for (const adopter of changed) adopters.push(adopter)
      }
      store.plans = definitions.plans
    } catch (cause) {
      store.plans = definitions.plans
      this.#takeBack(adopters)
      store.plans = definitions.oldPlans
      throw cause
    } finally {
      this.#isUnderWay = false
    }
  }

  /** @returns the actors that must be restored if another fails */
  #adoptTogether(
    ordinals: readonly number[],
    { plans, oldPlans, begun, now }: NewDefinitions,
    everCounted: EverCounted,
    transitions: Transition[],
  ): RedefinedActor[] {
    const { settlement, store } = this.#options
    const adopters = ordinals.map((ordinal) => ({ ordinal, before: this.#capture(ordinal) }))
    store.plans = oldPlans
    settlement.begin(now)
    try {
      const actors = ordinals.map((ordinal) => this.#enter(ordinal, now))
      store.plans = plans
      for (const actor of actors) store.values.keepOnly(actor.row, (id) => id >= 0 && plans[actor.kind].byId.has(id))
      for (const actor of actors) {
        actor.receive({ kind: 'definitions changed', at: now, plan: plans[actor.kind] })
        for (const input of begun) everCounted.begin(actor, plans[actor.kind], input, now)
      }
      settlement.finish(transitions)
    } catch (cause) {
      settlement.rollBack()
      throw cause
    }
    return adopters.map(({ ordinal, before }) => ({ ordinal, before: this.#changedFrom(ordinal, before) }))
  }

  #enter(ordinal: number, now: number): SpaceActor {
    const actor = this.#options.settlement.enter(ordinal)
    actor.now = now
    return actor
  }

  #capture(ordinal: number): PageActor {
    const { roster, store } = this.#options
    const bytes = encodeActor(store, ordinal, roster.isAccount(ordinal))
    return { bytes, dueAt: store.memory.state.doubles[store.rows.at(ordinal) + DUE_AT]! }
  }

  /** Marks an actor that is another now to be stored, and returns what it was; undefined if it is the same. Keeps O3. */
  #changedFrom(ordinal: number, before: PageActor): PageActor | undefined {
    const after = this.#capture(ordinal)
    if (Buffer.compare(after.bytes, before.bytes) === 0 && after.dueAt === before.dueAt) return undefined
    this.#options.roster.pages.changing(ordinal, before)
    return before
  }

  /** Keeps O2. */
  #takeBack(adopters: readonly RedefinedActor[]): void {
    const { roster, store, wheel } = this.#options
    const { barrier, state } = store.memory
    for (const { ordinal, before } of adopters) {
      barrier.begin()
      const isAccount = roster.isAccount(ordinal)
      viewOf(store, ordinal, isAccount).dropStates()
      if (before) {
        store.remove(ordinal, !isAccount)
        decodeActor(store, readFrame(before.bytes))
        state.doubles[store.rows.at(ordinal) + DUE_AT] = before.dueAt
        wheel.set(ordinal, before.dueAt)
      } else state.ints[(store.rows.at(ordinal) + FLAGS) * 2]! |= IS_UNBUILT
      store.commit()
    }
  }

  /** Yields the ordinals of actors that settle together. Keeps O1. */
  *#groups(): Generator<readonly number[]> {
    const { roster, store } = this.#options
    const reached = new Set<number>()
    for (const account of roster.accounts()) if (!reached.has(account)) yield this.#linkedTo(account, reached)
    let alone: number[] = []
    for (const ordinal of roster.ordinals()) {
      if (roster.isAccount(ordinal) || store.links.count(store.rows.at(ordinal)) > 0) continue
      alone.push(ordinal)
      if (alone.length < PAGE_ACTORS) continue
      yield alone
      alone = []
    }
    yield alone
  }

  /** Lists the ordinals of all actors that are linked to an account through accounts and users, in order. */
  #linkedTo(first: number, reached: Set<number>): number[] {
    const { store } = this.#options
    const group: number[] = []
    const waiting = [first]
    reached.add(first)
    for (let ordinal = waiting.pop(); ordinal !== undefined; ordinal = waiting.pop()) {
      group.push(ordinal)
      for (const linked of store.links.keys(store.rows.at(ordinal))) {
        if (reached.has(linked)) continue
        reached.add(linked)
        waiting.push(linked)
      }
    }
    return group.sort((a, b) => a - b)
  }
}
