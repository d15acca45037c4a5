/**
 * Gives the actors other definitions at the present instant. Whoever is concerned computes what is new; all others are
 * passed over, as their states are valid under the new plans too.
 *
 * O1. Linked accounts and users settle together; nobody else reaches them. So the space is gone through in groups.
 * O2. All actors get the definitions or none: if one fails, those before it are restored.
 */
import type { Transition } from '../../src/model/transition.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { viewOf } from '../actor/views.ts'
import type { PlansChange } from '../compiler/compile.ts'
import type { Plans } from '../compiler/compiled-plans.ts'
import type { DefinitionInput } from '../compiler/references.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'
import { EventReader } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { Roster } from '../records/roster.ts'
import { DUE_AT, FLAGS, IS_UNBUILT } from '../rows/row.ts'
import { BY_DEFINITION } from '../settlement/causes.ts'
import type { Settlement } from '../settlement/settlement.ts'
import { readValues, writeValues } from '../rows/value-codec.ts'
import { Concern } from './concern.ts'
import { EverCounted } from './ever-counted.ts'
import { linkedTo } from './linked-actors.ts'

const scratch = new Scratch()

/** Users without accounts that settle together. */
const USERS_TOGETHER = 64

export interface RedefinitionOptions {
  readonly roster: Roster
  readonly settlement: Settlement
  readonly store: ActorStore
  readonly wheel: TimingWheel
}

/** The definitions that the actors get. */
export interface NewDefinitions extends PlansChange {
  readonly oldPlans: Plans
  /** Definitions that begin, or begin anew. */
  readonly begun: readonly DefinitionInput[]
  readonly inputs: readonly DefinitionInput[]
  /** Tells of a definition that is not there if its last values are kept. */
  readonly isAside: (definition: number) => boolean
  readonly now: number
}

/** An actor that has the new definitions, and what it was before. */
interface Adopter {
  readonly ordinal: number
  readonly dueAt: number
  /** As `DefinedValues` and `PastTransitions` write them. */
  readonly values: Buffer
  /** The number of users that satisfied each condition; only for an account. */
  readonly satisfying: readonly (readonly [condition: number, users: number])[] | undefined
}

export class Redefinition {
  readonly #options: RedefinitionOptions

  constructor(options: RedefinitionOptions) {
    this.#options = options
  }

  /** Gives all actors the definitions. Throws the error of an actor that fails; then nothing has changed. */
  adopt(definitions: NewDefinitions, transitions: Transition[]): void {
    const { store } = this.#options
    const adopters: Adopter[] = []
    const everCounted = new EverCounted(definitions.inputs, store.rules)
    const { names } = store.histories
    const nameCount = names.count
    store.plans = definitions.plans
    try {
      for (const group of this.#groups(new Concern(store, definitions.adoptions, definitions.now)))
        for (const adopter of this.#adoptTogether(group, definitions, everCounted, transitions)) adopters.push(adopter)
    } catch (cause) {
      store.plans = definitions.plans
      this.#takeBack(adopters)
      names.returnTo(nameCount)
      store.plans = definitions.oldPlans
      throw cause
    }
  }

  /** @returns the actors as they were */
  #adoptTogether(
    ordinals: readonly number[],
    { plans, oldPlans, adoptions, begun, isAside, now }: NewDefinitions,
    everCounted: EverCounted,
    transitions: Transition[],
  ): Adopter[] {
    const { settlement, store } = this.#options
    const adopters = ordinals.map((ordinal) => this.#capture(ordinal))
    settlement.begin(now, BY_DEFINITION)
    try {
      // An open cut takes them as they are.
      store.plans = oldPlans
      const actors = ordinals.map((ordinal) => this.#enter(ordinal, now))
      store.plans = plans
      for (const actor of actors)
        store.values.keepOnly(actor.row, (id) => plans[actor.kind].byId.has(id) || isAside(id))
      for (const actor of actors) {
        const adoption = adoptions[actor.kind]
        actor.receive({ kind: 'definitions changed', at: now, adoption, conditions: plans.user.byId })
        for (const input of begun) everCounted.begin(actor, plans[actor.kind], input, now)
      }
      settlement.finish(transitions)
    } catch (cause) {
      settlement.rollBack()
      throw cause
    }
    return adopters
  }

  #enter(ordinal: number, now: number): SpaceActor {
    const actor = this.#options.settlement.enter(ordinal)
    actor.now = now
    return actor
  }

  #capture(ordinal: number): Adopter {
    const { roster, store } = this.#options
    const { rows, values, past, satisfying } = store
    const row = rows.at(ordinal)
    scratch.length = 0
    writeValues(scratch, values, row)
    past.writeTo(scratch, row)
    return {
      ordinal,
      dueAt: store.memory.state.doubles[row + DUE_AT]!,
      values: scratch.copy(),
      satisfying: roster.isAccount(ordinal)
        ? satisfying.keys(row).map((condition, index) => [condition, satisfying.number(row, index)] as const)
        : undefined,
    }
  }

  /** Restores actors: their states are computed again when they are needed. Keeps O2. */
  #takeBack(adopters: readonly Adopter[]): void {
    const { roster, store, wheel } = this.#options
    const { barrier, state } = store.memory
    for (const { ordinal, dueAt, values, satisfying } of adopters) {
      barrier.begin()
      store.rows.touch(store.rows.at(ordinal))
      viewOf(store, ordinal, roster.isAccount(ordinal)).dropStates()
      const row = store.rows.at(ordinal)
      store.values.release(row)
      const reader = new EventReader(values, NO_NAMES)
      readValues(reader, store.values, ordinal)
      store.past.readFrom(reader, row)
      if (satisfying) store.satisfying.release(row)
      for (const [condition, users] of satisfying ?? []) store.satisfying.set(row, condition, users)
      state.doubles[row + DUE_AT] = dueAt
      state.ints[(row + FLAGS) * 2]! |= IS_UNBUILT
      store.commit()
      wheel.set(ordinal, dueAt)
    }
  }

  /** Yields the ordinals of actors that settle together, if one of them is concerned. Keeps O1. */
  *#groups(concern: Concern): Generator<readonly number[]> {
    const { roster, store } = this.#options
    const reached = new Set<number>()
    for (const account of roster.accounts()) {
      if (reached.has(account)) continue
      const group = linkedTo(store, account, reached)
      if (group.some((ordinal) => concern.of(ordinal, roster.isAccount(ordinal)))) yield group
    }
    let alone: number[] = []
    for (const ordinal of roster.ordinals()) {
      if (roster.isAccount(ordinal) || store.links.count(store.rows.at(ordinal)) > 0) continue
      if (!concern.of(ordinal, false)) continue
      alone.push(ordinal)
      if (alone.length < USERS_TOGETHER) continue
      yield alone
      alone = []
    }
    yield alone
  }
}
