/**
 * The common part of users and accounts, as a view of a row: it holds nothing by itself but what is open while a
 * settlement lasts. The settlement binds its views to one actor after another; one that is handed out stays with its
 * actor.
 *
 * Invariants: (1) all states but windows that count forgotten events follow from ids, traits, kept events, totals of
 * forgotten ones and defined values: `rebuild` at any instant gives the states that events made one by one; (2) a definition is evaluated only when
 * something that it reads has changed; (3) a settlement publishes at most one value of a definition.
 */
import type { Observer } from 'rxjs'
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { INSTANT_MAX } from '../../src/model/time.ts'
import type { OccurrenceState } from '../funnels/occurrence-state.ts'
import type { HeardEvent } from '../history/histories.ts'
import type { Adoption } from '../plan/adoption.ts'
import type { Dependents } from '../plan/dependents.ts'
import type { EventIndex } from '../plan/event-index.ts'
import type { DefinitionNode, Plan } from '../plan/plan.ts'
import { visitEqualities } from '../plan/trait-index.ts'
import { COUNTED_SINCE, DIRECTORY, FLAGS, IS_UNBUILT } from '../rows/row.ts'
import { CONSENT_KEY } from '../../src/model/consent.ts'
import type { TraitOrigin } from '../rows/traits.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import { readTrait, type TraitReader } from '../values/trait-reader.ts'
import type { Reached } from '../values/values.ts'
import type { HeldBlock } from './actor-groups.ts'
import { ActorStates, type StateOwner } from './actor-states.ts'
import type { ActorStore } from './actor-store.ts'
import { ActorView } from './actor-view.ts'
import { Evaluation, type EvaluationOwner } from './evaluation.ts'
import type { Message } from './message.ts'
import { settledAt } from './settled-at.ts'

export abstract class Actor<Received extends Message = Message>
  extends ActorView
  implements StateOwner, EvaluationOwner, Observer<Received>
{
  now = 0
  protected plan: Plan
  readonly #states: ActorStates
  readonly #evaluation: Evaluation
  #isQuiet = false

  constructor(store: ActorStore, plan: Plan) {
    super(store)
    this.plan = plan
    this.#states = new ActorStates(store, this, plan)
    this.#evaluation = new Evaluation(store, this, plan)
  }

  abstract readonly kind: 'user' | 'account'
  abstract tellOthers(node: DefinitionNode, value: JsonValue): void
  /** Handles a message within a settlement in which it takes part. */
  abstract receive(message: Received): void
  abstract keptEvents(): readonly ProfileEvent[]
  /** The totals of forgotten events: the user's, or those of each of the account's users. */
  abstract olderOfAll(): readonly ForgottenTotals[]
  /** The kept events, each with the instant from which it has counted for this actor. */
  abstract eventsKnownTo(index: EventIndex): readonly ProfileEvent[]
  abstract heardEvents(): readonly HeardEvent[]
  abstract readAccountAudience(definition: number): boolean
  abstract isEligible(types: ReadonlySet<string>): boolean
  abstract usersSatisfying(condition: number): number
  abstract get userCount(): number
  /** The best external id, `user_id:u1`. */
  abstract get label(): string

  /** Receives a message. One that fails costs itself only: the state is restored, and the cause is thrown. */
  next(message: Received): void {
    this.store.sink.deliver(this.ordinal, message)
  }

  /** Binds the view to an actor, for one settlement. */
  bind(ordinal: number, plan: Plan): void {
    this.ordinal = ordinal
    this.plan = plan
    this.#states.bind(plan)
    this.#evaluation.bind(plan)
  }

  /** Marks the definitions that hold for an actor about which nothing is known yet. */
  begin(now: number): void {
    this.now = now
    for (const index of this.plan.trueOfNothing) this.markDefinition(index)
  }

  /** Moves the actor's present on, and judges again whatever fell due. */
  advance(now: number): void {
    if (this.isUnbuilt) this.#build(now)
    this.now = now
    if (this.dueAt <= now) this.#states.advance(now)
  }

  /** Handles an event that has just been appended to the history. */
  protected takeEvent(event: ProfileEvent): void {
    this.#states.feed(event)
  }

  /** Handles the traits of a call. */
  protected takeTraits(traits: JsonObject, { ts, arrival, sourceId }: TraitOrigin): void {
    const held = this.traits
    const changes: [key: string, before: JsonValue | undefined][] = []
    for (const key of Object.keys(traits)) {
      if (key === CONSENT_KEY) continue
      const before = held.values[key]
      if (held.set({ key, value: traits[key]!, ts, arrival, sourceId })) changes.push([key, before])
    }
    this.storeTraits(held)
    for (const [key, before] of changes) this.#traitChanged(key, before, held.values[key])
  }

  #traitChanged(key: string, before: JsonValue | undefined, after: JsonValue | undefined): void {
    const readers = this.plan.traits.readersOf(key)
    if (!readers) return
    this.markDependents(readers.always)
    visitEqualities(readers, { [key]: before ?? null }, { [key]: after ?? null }, (index) => this.markDefinition(index))
  }

  /** Computes the states that are lost: all, or where a live one was, those that judge events by more than these. */
  #build(now: number): void {
    // As they were when the actor settled last.
    this.now = settledAt(now, this.dueAt)
    if (this.#hasNoStates()) this.recompute()
    else this.#quietly(() => this.#states.judgeAgain())
    this.store.memory.state.ints[(this.row + FLAGS) * 2]! &= ~IS_UNBUILT
  }

  #hasNoStates(): boolean {
    return this.store.memory.state.ints[(this.row + DIRECTORY) * 2] === 0
  }

  /** Computes all states from the kept events, at the actor's present; no definition is marked. */
  recompute(): void {
    this.#quietly(() => this.rebuild(this.plan))
  }

  #quietly(compute: () => void): void {
    this.#isQuiet = true
    try {
      compute()
    } finally {
      this.#isQuiet = false
    }
    this.closeStates()
  }

  /** The time since which windows count all events; 0 if they lack none. */
  get countedSince(): number {
    return this.store.memory.state.doubles[this.row + COUNTED_SINCE]!
  }

  /** The instants since which windows count all events of the user, or of the account and each of its users. */
  windowsCountedSince(): readonly number[] {
    return [this.countedSince]
  }

  windowsLack(ts: number): void {
    this.countAllSince(Math.max(this.countedSince, ts + 1))
  }

  protected countAllSince(instant: number): void {
    this.store.memory.state.doubles[this.row + COUNTED_SINCE] = instant
  }

  /** Computes what judges events by more than these from the kept ones. */
  protected judgeAgain(): void {
    this.#states.judgeAgain()
  }

  /** Lets the totals over all history, and no window, count the forgotten events of one user more. */
  protected addOlder(older: ForgottenTotals): void {
    this.#states.addOlder(older)
    this.windowsLack(older.keptSince - 1)
  }

  protected uniteWindows(held: readonly HeldBlock[]): void {
    this.#states.uniteWindows(held)
  }

  /** Returns the value of a definition as it follows from the states. */
  computedValue(node: DefinitionNode): JsonValue {
    return this.#evaluation.computedValue(node)
  }

  /** Drops everything that follows from the kept events and traits, and computes it again at the actor's present. */
  rebuild(plan: Plan): void {
    this.dropStates()
    this.plan = plan
    this.store.memory.state.ints[(this.row + FLAGS) * 2]! &= ~IS_UNBUILT
    this.#states.bind(plan)
    this.#evaluation.goOn(plan)
    this.#states.takeOlder()
    for (const { keptSince } of this.olderOfAll()) this.windowsLack(keptSince - 1)
    for (const event of this.keptEvents()) this.takeEvent(event)
    for (const key of Object.keys(this.traits.values)) this.#traitChanged(key, undefined, this.traits.values[key])
    for (const id of this.store.values.ids(this.row)) {
      const node = plan.byId.get(id)
      if (!node) continue
      this.markDefinition(node.index)
      this.markDependents(node.dependents)
    }
    for (const index of plan.trueOfNothing) this.markDefinition(index)
  }

  /** Goes on under another plan: computes what is new, and marks the definitions that may have other values. */
  protected adopt(adoption: Adoption): void {
    const { plan, before } = adoption
    if (this.isUnbuilt) {
      if (this.#hasNoStates()) {
        this.rebuild(plan)
        return
      }
      const { now } = this
      this.plan = before
      this.#states.bind(before)
      this.#build(now)
      this.now = now
    }
    this.plan = plan
    this.#states.bind(plan)
    this.#evaluation.goOn(plan)
    this.#states.adopt(adoption)
    for (const index of adoption.marked) this.markDefinition(index)
    if (this.store.rows.earliest(this.row) <= this.now) this.#states.advance(this.now)
  }

  /** Goes on under another plan, and marks nothing. */
  adoptQuietly(adoption: Adoption): void {
    this.#quietly(() => this.adopt(adoption))
  }

  /** Releases all states. */
  dropStates(): void {
    this.#states.drop()
  }

  /** Writes the open states; the last step of a settlement, but for `schedule`. */
  closeStates(): void {
    this.#states.close()
  }

  /** Computes the next deadline. */
  schedule(): number {
    const due = this.store.rows.earliest(this.row)
    return due <= INSTANT_MAX ? due : Infinity
  }

  /** Marks a definition for evaluation. */
  markDefinition(index: number): void {
    if (!this.#isQuiet) this.#evaluation.mark(index)
  }

  /** Marks the readers of a value that has changed. */
  markDependents(dependents: Dependents): void {
    this.#states.markDependents(dependents)
  }

  /** Resets every definition to its empty value (false, or null for a computed trait), whatever is marked. */
  protected dropValues(): void {
    this.#evaluation.dropValues()
  }

  /** Evaluates the marked definitions up to a level, in the order of the plan. */
  evaluate(level: number): void {
    this.#evaluation.run(level)
  }

  readTrait(reader: TraitReader): Reached {
    return readTrait(reader, this)
  }

  occurrencesOf(node: number): OccurrenceState | undefined {
    return this.#states.occurrencesOf(node)
  }

  streamValue(node: number): JsonValue | undefined {
    return this.#states.streamValue(node)
  }

  timedTruth(node: number): boolean {
    return this.#states.timedTruth(node)
  }
}
