/**
 * The common part of users and accounts: traits, the states of the plan's nodes that their events have touched, the
 * values of their definitions, and one next deadline.
 *
 * Invariants: (1) all but ids, traits, kept events and defined values follows from these: `rebuild` at any instant
 * gives the state that events made one by one; (2) a definition is evaluated only when something that it reads has
 * changed; (3) a settlement publishes at most one value of a definition.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { INSTANT_MAX } from '../../src/model/time.ts'
import type { Observer } from 'rxjs'
import { including, NONE } from './ascending.ts'
import type { Horizon } from '../values/comparators.ts'
import type { Occurrence } from '../plan/occurrence.ts'
import type { OccurrenceNode } from '../plan/occurrence-node.ts'
import { type OccurrenceReader, OccurrenceState } from '../funnels/occurrence-state.ts'
import type { DefinedValue } from './defined-value.ts'
import type { DefinitionHost } from '../plan/host.ts'
import type { HeardEvent, History } from '../history/history.ts'
import type { Message } from './message.ts'
import type { NameTable } from '../history/name-table.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import type { Dependents } from '../plan/dependents.ts'
import type { DefinitionNode, Plan } from '../plan/plan.ts'
import type { TimedNode } from '../plan/timed-node.ts'
import { visitEqualities } from '../plan/trait-index.ts'
import { SlotTable } from './slot-table.ts'
import { type FlipReader, RecentCounts } from '../streams/recent-counts.ts'
import { publishValues } from '../streams/publish-values.ts'
import { TotalState } from '../streams/total-state.ts'
import type { StreamNode, StreamState } from '../plan/stream-node.ts'
import { readTrait, type TraitReader } from '../values/trait-reader.ts'
import { type TraitOrigin, Traits } from './traits.ts'
import { type Reached, sameValue } from '../values/values.ts'
import { Watched } from './watched.ts'

/** The settlement, as an actor that takes part in it sees it. */
export interface SettlementSink {
  /** Hands the actor a message within the current settlement, or else within one of its own. */
  deliver<Received extends Message>(actor: Actor<Received>, message: Received): void
  /** Registers how a change is undone if the message fails. */
  onFailure(undo: () => void): void
  /** Registers an action for after the settlement has succeeded. */
  onSuccess(act: () => void): void
  /** Registers that the actor has definitions of this level to settle. */
  enqueue(actor: Actor, level: number): void
  /** Called before a definition's value changes. `isKnown`: it had a value before. */
  changing(actor: Actor, node: DefinitionNode, held: DefinedValue, isKnown: boolean): void
  /** Adds the actor to the settlement: its present becomes the settlement's, with everything due for it until then. */
  join(actor: Actor): void
  /** Called before an event is appended to a history. */
  appending(history: History, names: NameTable): void
}

interface TimedState {
  holds: boolean
  dueAt: number
}

type NodeState = StreamState | OccurrenceState | TimedState

const NO_TRAITS = new Traits()

export abstract class Actor<Received extends Message = Message>
  extends Watched
  implements DefinitionHost, FlipReader, OccurrenceReader, Observer<Received>
{
  readonly ordinal: number
  /** By id of the definition. */
  readonly defined = new SlotTable<DefinedValue>()
  now = 0
  /** Next instant at which time alone may change something; infinite if none. */
  dueAt = Infinity
  /** The value of `dueAt` before the settlement that it last took part in. */
  dueBefore = Infinity
  /** Number of the settlement that it last took part in. */
  settlement = 0
  protected plan: Plan
  protected readonly sink: SettlementSink
  /** By id of the plan's node; a node's inputs come before it. */
  readonly #states = new SlotTable<NodeState>()
  readonly #recent = new RecentCounts()
  #traits: Traits | undefined = undefined
  /** Definitions to evaluate, by ascending index. */
  #dirty: readonly number[] = NONE
  /**
   * Streams whose occurrences have changed, by id. Each actor has its own list: while one handles an event, it may wake
   * another.
   */
  #pendingStreams: readonly number[] = NONE

  constructor(ordinal: number, plan: Plan, sink: SettlementSink) {
    super()
    this.ordinal = ordinal
    this.plan = plan
    this.sink = sink
  }

  /** Receives a message. One that fails costs itself only: the state is restored, and the cause is thrown. */
  next(message: Received): void {
    this.sink.deliver(this, message)
  }

  /** Tells the actors of the other kind that read a definition about its new value. */
  protected abstract tellOthers(node: DefinitionNode, value: JsonValue): void

  /** Adds this actor to the current settlement. */
  takePart(): void {
    this.sink.join(this)
  }

  /** Handles a message within a settlement in which it takes part. */
  abstract receive(message: Received): void
  abstract keptEvents(): readonly ProfileEvent[]
  /** The totals of forgotten events: the user's, or those of each of the account's users. */
  abstract olderOfAll(): readonly ForgottenTotals[]
  /** The kept events, each with the instant from which it has counted for this actor. */
  abstract heardEvents(): readonly HeardEvent[]
  abstract readAccountAudience(definition: number): boolean
  abstract isEligible(types: ReadonlySet<string>): boolean
  abstract usersSatisfying(condition: number): number
  abstract get userCount(): number
  /** The best external id, `user_id:u1`. */
  abstract get label(): string

  /** The custom traits. */
  get traits(): Traits {
    return this.#traits ?? NO_TRAITS
  }

  /** Returns the custom traits for writing: an actor without any holds none. */
  writableTraits(): Traits {
    return (this.#traits ??= new Traits())
  }

  /** Marks the definitions that hold for an actor about which nothing is known yet. */
  begin(now: number): void {
    this.now = now
    for (const index of this.plan.trueOfNothing) this.markDefinition(index)
  }

  /** Moves the actor's present on, and judges again whatever fell due. */
  advance(now: number): void {
    this.now = now
    if (this.dueAt > now) return
    this.#recent.advance(now, this.plan, this)
    const ids = this.#states.ids()
    const states = this.#states.items()
    for (let index = 0; index < ids.length; index++) {
      const state = states[index]!
      if (state.dueAt > now) continue
      const node = this.plan.nodes[ids[index]!]!
      if (node.kind === 'stream') {
        const stream = state as StreamState
        stream.advance(this)
        this.#publish(node, stream)
      } else if (node.kind === 'timed') this.#judgeTimed(node)
      else (state as OccurrenceState).advance(this, this)
    }
    this.#settlePendingStreams()
  }

  /** Handles an event that has just been appended to the history. */
  protected takeEvent(event: ProfileEvent): void {
    const { plan } = this
    if (!plan.events.knows(event.name)) return
    const matched = plan.events.match(event, plan.work)
    plan.work.nodes += matched.length
    for (const node of matched) {
      if (node.kind === 'stream') {
        if (node.isRecentCount) this.onFlips(node, this.#recent.insert(node, event.ts, this.now))
        else {
          const state = this.#streamState(node)
          state.insert(event, this)
          this.#publish(node, state)
        }
      } else this.#occurrenceState(node).insert(event, this, this)
    }
    this.#settlePendingStreams()
  }

  /** Handles the traits of a call. */
  protected takeTraits(traits: JsonObject, { ts, arrival, sourceId }: TraitOrigin): void {
    const held = this.writableTraits()
    for (const key of Object.keys(traits)) {
      const before = held.entryOf(key)
      this.sink.onFailure(() => held.restore(key, before))
      held.set({ key, value: traits[key]!, ts, arrival, sourceId }, (name, from, to) =>
        this.#traitChanged(name, from, to),
      )
    }
  }

  /** Restores the state after its last settlement; see `settled-at.ts`. */
  restore(instant: number, plan = this.plan): void {
    this.now = instant
    this.rebuild(plan)
    this.#dirty = NONE
  }

  /** Drops everything that follows from the kept events and traits, and computes it again at the actor's present. */
  rebuild(plan: Plan): void {
    this.plan = plan
    this.#states.clear()
    this.#recent.clear()
    this.#dirty = NONE
    this.#pendingStreams = NONE
    this.#takeOlder()
    for (const event of this.keptEvents()) this.takeEvent(event)
    for (const key of Object.keys(this.traits.values)) this.#traitChanged(key, undefined, this.traits.values[key])
    for (const id of this.defined.ids()) {
      const node = plan.byId.get(id)
      if (!node) continue
      this.markDefinition(node.index)
      this.markDependents(node.dependents)
    }
    for (const index of plan.trueOfNothing) this.markDefinition(index)
  }

  /** Marks a definition for evaluation. */
  markDefinition(index: number): void {
    const { length } = this.#dirty
    this.#dirty = including(index, this.#dirty)
    if (this.#dirty.length > length) this.sink.enqueue(this, this.plan.definitions[index]!.level)
  }

  markDependents(dependents: Dependents): void {
    if (dependents.definitions.size > 0) for (const index of dependents.definitions) this.markDefinition(index)
    if (dependents.timed.size > 0) for (const node of dependents.timed) this.#judgeTimed(node)
    if (dependents.occurrences.size === 0) return
    for (const node of [...dependents.occurrences].sort((a, b) => a.id - b.id))
      this.occurrencesOf(node.id)?.judgeAll(this, this)
    this.#settlePendingStreams()
  }

  /** Resets every definition to its empty value (false, or null for a computed trait), whatever is marked. */
  protected dropValues(): void {
    this.#dirty = NONE
    for (const [index, id] of this.defined.ids().entries()) {
      const [node, held] = [this.plan.byId.get(id), this.defined.items()[index]!]
      if (!node) continue
      this.sink.changing(this, node, held, true)
      held.value = node.kind === 'computed_trait' ? null : false
    }
  }

  /** Evaluates the marked definitions up to a level, in the order of the plan. */
  evaluate(level: number): void {
    while (this.#dirty.length > 0) {
      const node = this.plan.definitions[this.#dirty[0]!]!
      if (node.level > level) return
      if (this.#dirty.length === 1) this.#dirty = NONE
      else (this.#dirty as number[]).shift()
      this.#evaluateDefinition(node)
    }
  }

  /** Computes the next deadline; the last step of a settlement. */
  schedule(): number {
    let due = this.#recent.dueAt
    for (const state of this.#states.items()) if (state.dueAt < due) due = state.dueAt
    this.dueAt = due <= INSTANT_MAX ? due : Infinity
    return this.dueAt
  }

  definedValue(id: number): JsonValue | undefined {
    return this.defined.get(id)?.value
  }

  readTrait(reader: TraitReader): Reached {
    return readTrait(reader, this)
  }

  occurrencesOf(node: number): OccurrenceState | undefined {
    return this.#states.get(node) as OccurrenceState | undefined
  }

  streamBit(node: number, bit: number): boolean | undefined {
    const stream = this.plan.nodes[node] as StreamNode
    const bits = stream.isRecentCount
      ? this.#recent.bitsOf(node)
      : (this.#states.get(node) as StreamState | undefined)?.bits
    return bits === undefined ? undefined : (bits & (1 << bit)) !== 0
  }

  streamValue(node: number, reducer: number): JsonValue | undefined {
    return (this.#states.get(node) as StreamState | undefined)?.value(reducer)
  }

  timedTruth(node: number): boolean {
    return (this.#states.get(node) as TimedState | undefined)?.holds ?? false
  }

  /** Marks the readers of a stream's comparisons that have flipped, one bit each. */
  onFlips(node: StreamNode, flipped: number): void {
    for (let bits = flipped; bits !== 0; bits &= bits - 1)
      for (const index of node.comparisons[31 - Math.clz32(bits & -bits)]!.definitions) this.markDefinition(index)
  }

  /** Starts totals with those of the forgotten events. */
  #takeOlder(): void {
    const all = this.olderOfAll()
    if (all.length === 0) return
    for (const node of this.plan.totals)
      if (all.some((older) => older.knows(node.totalKey!))) this.#publish(node, this.#streamState(node))
  }

  #streamState(node: StreamNode): StreamState {
    const held = this.#states.get(node.id) as StreamState | undefined
    if (held) return held
    const entry = this.plan.streams.get(node.id)!
    const state = entry.create()
    state.bits = entry.bitsOfNothing
    if (state instanceof TotalState) for (const older of this.olderOfAll()) state.addOlder(older)
    this.#states.set(node.id, state)
    return state
  }

  #occurrenceState(node: OccurrenceNode): OccurrenceState {
    const held = this.occurrencesOf(node.id)
    if (held) return held
    const state = new OccurrenceState(node)
    this.#states.set(node.id, state)
    return state
  }

  /** Judges again whatever counts an occurrence that now holds, or no longer holds. */
  onFlip(node: OccurrenceNode, occurrence: Occurrence): void {
    for (const stream of node.streams) this.#pendingStreams = including(stream, this.#pendingStreams)
    for (const reach of node.parents) this.occurrencesOf(reach.parent.id)?.judgeParentsOf(occurrence, reach, this, this)
  }

  #settlePendingStreams(): void {
    while (this.#pendingStreams.length > 0) {
      const pending = this.#pendingStreams
      this.#pendingStreams = NONE
      for (const id of pending) {
        const node = this.plan.nodes[id] as StreamNode
        const state = this.#streamState(node)
        state.advance(this)
        this.#publish(node, state)
      }
    }
  }

  /** Compares a stream's values with its previous ones, and marks the readers of those that differ. */
  #publish(node: StreamNode, state: StreamState): void {
    const { comparisons } = node
    for (let bit = 0; bit < comparisons.length; bit++) {
      const comparison = comparisons[bit]!
      const mask = 1 << bit
      if (comparison.test(state.value(comparison.reducer)) === ((state.bits & mask) !== 0)) continue
      state.bits ^= mask
      for (const index of comparison.definitions) this.markDefinition(index)
    }
    if (node.isWatched) publishValues(node, state, (watched) => this.markDependents(watched))
  }

  #traitChanged(key: string, before: JsonValue | undefined, after: JsonValue | undefined): void {
    const readers = this.plan.traits.readersOf(key)
    if (!readers) return
    this.markDependents(readers.always)
    visitEqualities(readers, { [key]: before ?? null }, { [key]: after ?? null }, (index) => this.markDefinition(index))
  }

  #judgeTimed(node: TimedNode): void {
    const horizon: Horizon = { at: Infinity, isSettled: false }
    const holds = node.test(node.read(this), this.now, horizon)
    const state = this.#states.get(node.id) as TimedState | undefined
    if (!state && !holds && horizon.at === Infinity) return
    const held = state?.holds ?? false
    if (state) {
      state.holds = holds
      state.dueAt = horizon.at
    } else this.#states.set(node.id, { holds, dueAt: horizon.at })
    if (holds !== held) for (const index of node.definitions) this.markDefinition(index)
  }

  #evaluateDefinition(node: DefinitionNode): void {
    this.plan.work.definitions++
    const result = node.evaluate(this)
    const held = this.defined.get(node.id)
    const before = held?.value ?? (node.kind === 'computed_trait' ? null : false)
    const value = this.#valueOf(node, result, held)
    if (sameValue(before, value)) return
    const next = held ?? { value: before, sequence: 0, changedAt: 0, hasBeenOne: false, settlement: 0 }
    if (!held) this.defined.set(node.id, next)
    this.sink.changing(this, node, next, held !== undefined)
    next.value = value
    if (node.absentUntilOne && (result as number) >= 1) next.hasBeenOne = true
    this.tellOthers(node, value)
    this.markDependents(node.dependents)
  }

  #valueOf(node: DefinitionNode, result: JsonValue, held: DefinedValue | undefined): JsonValue {
    if (node.absentUntilOne) return held?.hasBeenOne || (result as number) >= 1 ? result : null
    return node.eligibleTypes && result === true ? this.isEligible(node.eligibleTypes) : result
  }
}
