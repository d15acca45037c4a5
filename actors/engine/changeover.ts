/**
 * The way of a space to other definitions, in steps that are entries of the journal: calls come in between.
 *
 * While it **prepares**, the present definitions go on, and the states of the next ones are computed beside theirs: for
 * one actor after another, from its kept events. The entry that completes this **switches**: from then on the next
 * definitions are the present ones, at that instant for all. What they change of the actors is settled as of that
 * instant, again one actor after another, each before anything later of it.
 *
 * Example: an audience is defined over a million users. Some thousand entries later it goes live; a user whom nobody
 * touches enters it some hundred entries after that, as of the same instant as all others.
 *
 * V1. One change at a time; what is asked for meanwhile comes next, all of it together.
 * V2. A change that is changed again before it is live never goes live in its first form.
 */
import type { DefinitionType } from '../../src/model/definition.ts'
import type { Slice } from '../../src/model/entry.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { StoredLaggards } from '../actor/laggards.ts'
import type { DefinedList } from '../actor/message.ts'
import type { Layouts } from '../compiler/compiled-plans.ts'
import {
  type CompiledDefinitions,
  type CompiledPreparation,
  type DefinedPlans,
  preparedOf,
  type StoredPlans,
} from '../compiler/defined-plans.ts'
import { Definitions, type StoredDefinitions } from '../compiler/definitions.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'
import { type Adoption, isEmptyAdoption } from '../plan/adoption.ts'
import { Budget, ChangeoverWalk, type WalkChange, type WalkOptions } from './changeover-walk.ts'

/** A changeover that is under way, as a checkpoint has it. */
export interface StoredChangeover {
  /** The instant of the switch; absent while it prepares. */
  readonly since?: number
  /** The present definitions of before, and those that were prepared beside them. */
  readonly before: StoredDefinitions
  readonly beforePrepared: StoredPrepared
  readonly beforeLayouts: Layouts
  readonly target: StoredDefinitions
  /** Those of the target that are prepared. */
  readonly prepared: readonly number[]
  /** The definitions that the target will be changed to. */
  readonly intended: StoredDefinitions
  readonly laggards: StoredLaggards
}

interface StoredPrepared {
  readonly target: StoredDefinitions
  readonly ids: readonly number[]
}

/** Progress of a changeover. */
export interface ChangeoverProgress {
  readonly isPreparing: boolean
  /** Actors that have been gone over, of `all`. */
  readonly done: number
  readonly all: number
}

/** A changeover as it is looked at from outside of the engine. */
export interface ChangeoverView {
  /** The definitions as they will be when all that was asked for is live. */
  readonly intended: Definitions
  /** Undefined if nothing is under way. */
  readonly progress: ChangeoverProgress | undefined
  /** The instant since which the present definitions hold, while not all actors have them. */
  readonly switchedAt: number | undefined
  /** True for a definition that is live as it was last asked for; also for one that is neither there nor asked for. */
  isLive(key: string, type: DefinitionType): boolean
  /** True for a definition that goes live with the change that is under way. */
  isComing(key: string, type: DefinitionType): boolean
}

export interface ChangeoverOptions extends WalkOptions {
  readonly wheel: TimingWheel
  /** Returns the present definitions with their plans. */
  readonly defined: () => DefinedPlans
}

/** One way over all actors. */
interface Leg {
  readonly walk: ChangeoverWalk
  readonly target: Definitions
  /** As it was before. */
  readonly before: Definitions
  readonly beforePrepared: StoredPrepared
  readonly beforeLayouts: Layouts
}

export class Changeover implements ChangeoverView {
  readonly #options: ChangeoverOptions
  #leg: Leg | undefined
  #intended: Definitions | undefined

  constructor(options: ChangeoverOptions) {
    this.#options = options
  }

  get intended(): Definitions {
    return this.#intended ?? this.#options.defined().definitions
  }

  get walk(): ChangeoverWalk | undefined {
    return this.#leg?.walk
  }

  /** True from a switch until all actors have the definitions. */
  get isSwitching(): boolean {
    return this.switchedAt !== undefined
  }

  get switchedAt(): number | undefined {
    return this.#leg?.walk.since
  }

  isLive(key: string, type: DefinitionType): boolean {
    return this.#options.defined().definitions.input(key, type) === this.intended.input(key, type)
  }

  isComing(key: string, type: DefinitionType): boolean {
    return this.#leg?.target.input(key, type) === this.intended.input(key, type)
  }

  get progress(): ChangeoverProgress | undefined {
    if (!this.#leg) return undefined
    const { since, laggards } = this.#leg.walk
    return { isPreparing: since === undefined, done: laggards.next, all: laggards.end }
  }

  /** Begins a change of the intended definitions, or lets it follow the one that is under way. Keeps V1. */
  begin(compiled: CompiledDefinitions, transitions: Transition[]): void {
    this.#intended = compiled.after
    if (this.#leg) return
    this.#start(compiled, transitions)
    this.#completeAll(transitions)
  }

  /** Takes a step. Whom another leg touches is known once it has begun, so that its walk waits for the next step. */
  proceed(slice: Slice, transitions: Transition[]): void {
    if (!this.#leg?.walk.go(new Budget(slice), transitions)) return
    this.#complete(this.#leg, transitions)
    this.#completeAll(transitions)
  }

  /** Completes what concerns nobody, for as long as something is under way. */
  #completeAll(transitions: Transition[]): void {
    while (this.#leg?.walk.passOverAll()) this.#complete(this.#leg, transitions)
  }

  /** Returns the values of an actor since a switch that has not come to it yet. */
  foresee(ordinal: number): DefinedList | undefined {
    return this.#leg?.walk.foresee(ordinal)
  }

  #start(compiled: CompiledDefinitions, transitions: Transition[]): void {
    const { adoptions, after } = compiled
    if (computesNothing(adoptions.user) && computesNothing(adoptions.account)) {
      this.#switch(compiled, transitions)
      return
    }
    const defined = this.#options.defined()
    const preparation = defined.compilePreparation(compiled)
    const { user, account } = preparation.adoptions
    if (isEmptyAdoption(user) && isEmptyAdoption(account)) this.#switch(compiled, transitions)
    else this.#prepare(preparation, after)
  }

  #prepare(preparation: CompiledPreparation, target: Definitions): void {
    const before = this.#before()
    const defined = this.#options.defined()
    defined.prepare(preparation)
    this.#enter(before, target, { ...preparation, since: undefined, begun: [] })
  }

  #switch(compiled: CompiledDefinitions, transitions: Transition[]): void {
    const { defined, wheel, now } = this.#options
    const before = this.#before()
    const since = now()
    defined().replace(compiled)
    this.#enter(before, compiled.after, { ...compiled, since, begun: compiled.begun })
    this.walk!.settleDue(
      [...wheel.dueUntil(since)].sort((a, b) => a - b),
      transitions,
    )
  }

  #before(): Pick<Leg, 'before' | 'beforePrepared' | 'beforeLayouts'> {
    const { definitions, prepared, layouts } = this.#options.defined()
    const target = (this.#leg?.target ?? definitions).toData()
    const ids = prepared.inputs.map(({ id }) => id)
    return { before: definitions, beforePrepared: { target, ids }, beforeLayouts: layouts }
  }

  /** Begins to go over the actors. */
  #enter(
    before: Pick<Leg, 'before' | 'beforePrepared' | 'beforeLayouts'>,
    target: Definitions,
    change: Pick<WalkChange, 'plans' | 'adoptions' | 'since' | 'begun'>,
    stored?: StoredLaggards,
  ): void {
    const { store } = this.#options
    const { plans, adoptions, since, begun } = change
    const isAside = (id: number): boolean => target.isAside(id)
    const walked = { plans, adoptions, since, begun, before: store.plans, inputs: target.inputs(), isAside }
    this.#leg = { ...before, target, walk: new ChangeoverWalk(this.#options, walked, stored) }
    store.plans = plans
    store.laggards = this.#leg.walk.laggards
  }

  /** All actors have been gone over. Keeps V2. */
  #complete({ walk, target, before }: Leg, transitions: Transition[]): void {
    const defined = this.#options.defined()
    this.#options.store.laggards = undefined
    if (walk.since === undefined && !this.#isSuperseded(target, before)) {
      this.#switch(defined.compileTo(target), transitions)
      return
    }
    if (this.intended !== defined.definitions) {
      this.#start(defined.compileTo(this.intended), transitions)
      return
    }
    this.#leg = undefined
    this.#intended = undefined
  }

  #isSuperseded(target: Definitions, before: Definitions): boolean {
    const [known, intended] = [new Set(before.inputs()), new Set(this.intended.inputs())]
    return target.inputs().some((input) => !known.has(input) && !intended.has(input))
  }

  stored(): StoredChangeover | undefined {
    if (!this.#leg) return undefined
    const { walk, target, before, beforePrepared, beforeLayouts } = this.#leg
    return {
      ...(walk.since !== undefined && { since: walk.since }),
      before: before.toData(),
      beforePrepared,
      beforeLayouts,
      target: target.toData(),
      prepared: this.#options.defined().prepared.inputs.map(({ id }) => id),
      intended: this.intended.toData(),
      laggards: walk.laggards.stored(),
    }
  }

  /** Goes on with what was under way; the definitions must be those that `plansBefore` has given. */
  restore(stored: StoredChangeover): void {
    const { store, defined } = this.#options
    const plans = defined()
    const { since, laggards, beforePrepared, beforeLayouts } = stored
    const before = { before: plans.definitions, beforePrepared, beforeLayouts }
    const target = Definitions.restored(stored.target, [plans.definitions])
    this.#intended = Definitions.restored(stored.intended, [target, plans.definitions])
    store.plans = plans.plans
    if (since === undefined) {
      const preparation = plans.compilePrepared(preparedOf(target, new Set(stored.prepared)))
      plans.prepare(preparation)
      this.#enter(before, target, { ...preparation, since, begun: [] }, laggards)
      return
    }
    const compiled = plans.compileTo(target)
    plans.replace(compiled)
    this.#enter(before, target, { ...compiled, since, begun: compiled.begun }, laggards)
  }
}

/** True if all states are there that definitions need. */
function computesNothing({ events, timed, judged, totals, heirs, marked, plan }: Adoption): boolean {
  if (timed.length + judged.length + totals.length + heirs.length > 0 || !events.isEmpty) return false
  return !marked.some((index) => plan.definitions[index]!.kind === 'condition')
}

/** Restores the definitions of before a changeover, with those that were prepared beside them. */
export function plansBefore({ before, beforePrepared, beforeLayouts: layouts }: StoredChangeover): StoredPlans {
  const definitions = Definitions.restored(before)
  const target = Definitions.restored(beforePrepared.target, [definitions])
  return { definitions, prepared: preparedOf(target, new Set(beforePrepared.ids)), layouts }
}
