/**
 * What users and accounts have in common: traits, the states of the plan's nodes that their events have touched, the
 * values of their definitions, and one next deadline.
 *
 * Invariants: (1) everything but ids, traits, kept events and defined values follows from these, so that `rebuild` at
 * any instant gives the state that events made one by one; (2) a definition is evaluated only when something that it
 * reads has changed; (3) at most one value of a definition is published by a settlement.
 */
import type { JsonObject, ProfileEvent } from '../src/model/event.ts'
import { type Observable, type Observer, Subject } from 'rxjs'
import type { JsonValue, Transition } from '../src/model/transition.ts'
import type { Horizon } from './comparators.ts'
import type { Occurrence, OccurrenceNode } from './funnels/occurrence-node.ts'
import { OccurrenceState } from './funnels/occurrence-state.ts'
import type { DefinitionHost } from './host.ts'
import type { Message } from './message.ts'
import type { DefinitionNode, Dependents, Plan, StreamEntry, TimedNode } from './plan/plan.ts'
import { visitEqualities } from './plan/trait-index.ts'
import { SlotTable } from './slot-table.ts'
import type { StreamNode, StreamState } from './streams/stream-node.ts'
import type { TraitReader } from './trait-reader.ts'
import { Traits } from './traits.ts'
import { type Reached, reachedOf, sameValue } from './values.ts'

/** The value of one definition for one actor. */
export interface DefinedValue {
  value: JsonValue
  /** Transitions so far. */
  sequence: number
  /** Of a `count` or `unique(…).count()`: it has once been at least 1. */
  hasBeenOne: boolean
  /** Number of the settlement that last changed it; not part of the state. */
  settlement: number
}

export interface HeardEvent {
  readonly event: ProfileEvent
  readonly at: number
}

/** What an actor tells the settlement that it takes part in. */
export interface SettlementSink {
  /** Hands the actor a message within the settlement at hand, or else within one of its own. */
  deliver(actor: Actor, message: Message): void
  /** How to take back a change, should the message fail. */
  onFailure(undo: () => void): void
  /** The actor has definitions of this level to settle. */
  enqueue(actor: Actor, level: number): void
  /** A definition's value has changed. */
  changed(actor: Actor, node: DefinitionNode, held: DefinedValue, before: JsonValue): void
}

interface TimedState {
  holds: boolean
  dueAt: number
}

/** Nodes that the event at hand goes to; used by one actor at a time. */
const matched: (StreamNode | OccurrenceNode)[] = []

export abstract class Actor implements DefinitionHost, Observer<Message> {
  readonly ordinal: number
  readonly traits = new Traits()
  /** By id of the definition. */
  readonly defined = new SlotTable<DefinedValue>()
  now = 0
  /** Next instant at which time alone may change something; infinite if none. */
  dueAt = Infinity
  /** Number of the settlement that it last took part in. */
  settlement = 0
  protected plan: Plan
  protected readonly sink: SettlementSink
  readonly #streams = new SlotTable<StreamState>()
  readonly #occurrences = new SlotTable<OccurrenceState>()
  readonly #timed = new SlotTable<TimedState>()
  /** Streams whose occurrences have changed. */
  readonly #pendingStreams = new Set<number>()
  /** Definitions to evaluate, by ascending index. */
  #dirty: number[] = []
  /** Made when first watched. */
  #changes: Subject<Transition> | undefined = undefined

  constructor(ordinal: number, plan: Plan, sink: SettlementSink) {
    this.ordinal = ordinal
    this.plan = plan
    this.sink = sink
  }

  /** The transitions of this actor, from now on; it ends when the actor is told that no more messages come. */
  get changes$(): Observable<Transition> {
    return (this.#changes ??= new Subject()).asObservable()
  }

  /** Takes a message. A message that fails costs itself only: the state is as it was before it, and the cause is thrown. */
  next(message: Message): void {
    this.sink.deliver(this, message)
  }

  /** The source of messages has failed: whoever watches the actor hears why. */
  error(cause: unknown): void {
    this.#changes?.error(cause)
  }

  complete(): void {
    this.#changes?.complete()
  }

  /** Publishes a transition of this actor. */
  publish(transition: Transition): void {
    this.#changes?.next(transition)
  }

  /** Handles a message within a settlement in which it takes part. */
  abstract receive(message: Message): void
  abstract keptEvents(): readonly ProfileEvent[]
  /** The kept events, each with the instant from which it has counted for this actor. */
  abstract heardEvents(): readonly HeardEvent[]
  abstract readAccountAudience(definition: number): boolean
  abstract isEligible(types: ReadonlySet<string>): boolean
  abstract usersSatisfying(condition: number): number
  abstract get userCount(): number
  /** The best external id, `user_id:u1`. */
  abstract get label(): string

  /** Moves the actor's present on, and judges anew what fell due. */
  advance(now: number): void {
    this.now = now
    if (this.dueAt > now) return
    for (const [index, id] of [...this.#occurrences.ids()].entries()) {
      const state = this.#occurrences.items()[index]!
      if (state.dueAt <= now)
        state.advance(this, (occurrence) => this.#flip(this.plan.nodes[id] as OccurrenceNode, occurrence))
    }
    const ids = this.#streams.ids()
    const states = this.#streams.items()
    for (let index = 0; index < ids.length; index++) {
      const state = states[index]!
      if (state.dueAt > now) continue
      state.advance(this)
      this.#publish(this.plan.streams.get(ids[index]!)!, state)
    }
    this.#settlePendingStreams()
    for (const [index, id] of [...this.#timed.ids()].entries())
      if (this.#timed.items()[index]!.dueAt <= now) this.#judgeTimed(this.plan.nodes[id] as TimedNode)
  }

  /** Takes up an event that has just been kept. */
  protected takeEvent(event: ProfileEvent): void {
    if (!this.plan.events.knows(event.name)) return
    matched.length = 0
    this.plan.events.match(event, matched, this.plan.work)
    this.plan.work.nodes += matched.length
    for (const node of matched) {
      if (node.kind === 'occurrences')
        this.#occurrenceState(node).insert(event, this, (occurrence) => this.#flip(node, occurrence))
      else {
        const entry = this.plan.streams.get(node.id)!
        const state = this.#streamState(entry)
        state.insert(event, this)
        this.#publish(entry, state)
      }
    }
    this.#settlePendingStreams()
  }

  /** Takes up traits of a call. */
  protected takeTraits(traits: JsonObject, { ts, arrival }: { readonly ts: number; readonly arrival: number }): void {
    for (const key of Object.keys(traits)) {
      const before = this.traits.entryOf(key)
      this.sink.onFailure(() => this.traits.restore(key, before))
      this.traits.set({ key, value: traits[key]!, ts, arrival }, (name, from, to) => this.#traitChanged(name, from, to))
    }
  }

  /** Takes back a settlement that failed: finds again the state of just before its instant. */
  restore(before: number): void {
    this.now = before
    this.rebuild(this.plan)
    this.#dirty = []
    this.#pendingStreams.clear()
  }

  /** Forgets what follows from the kept events and traits, and finds it again at the actor's present. */
  rebuild(plan: Plan): void {
    this.plan = plan
    this.#streams.clear()
    this.#occurrences.clear()
    this.#timed.clear()
    this.#dirty = []
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

  /** A definition must be evaluated. */
  markDefinition(index: number): void {
    const dirty = this.#dirty
    let place = dirty.length
    while (place > 0 && dirty[place - 1]! > index) place--
    if (place > 0 && dirty[place - 1] === index) return
    if (place === dirty.length) dirty.push(index)
    else dirty.splice(place, 0, index)
    this.sink.enqueue(this, this.plan.definitions[index]!.level)
  }

  markDependents(dependents: Dependents): void {
    for (const index of dependents.definitions) this.markDefinition(index)
    for (const node of dependents.timed) this.#judgeTimed(node)
    if (dependents.occurrences.size === 0) return
    for (const node of [...dependents.occurrences].sort((a, b) => a.id - b.id))
      this.#occurrences.get(node.id)?.judgeAll(this, (occurrence) => this.#flip(node, occurrence))
    this.#settlePendingStreams()
  }

  /** Evaluates the marked definitions up to a level, in the order of the plan. */
  evaluate(level: number): void {
    for (;;) {
      const index = this.#dirty[0]
      if (index === undefined) return
      const node = this.plan.definitions[index]!
      if (node.level > level) return
      this.#dirty.shift()
      this.#evaluateDefinition(node)
    }
  }

  /** Finds the next deadline; the last step of a settlement. */
  schedule(): number {
    let due = Infinity
    for (const state of this.#streams.items()) if (state.dueAt < due) due = state.dueAt
    for (const state of this.#occurrences.items()) if (state.dueAt < due) due = state.dueAt
    for (const state of this.#timed.items()) if (state.dueAt < due) due = state.dueAt
    this.dueAt = due
    return due
  }

  definedValue(id: number): JsonValue | undefined {
    return this.defined.get(id)?.value
  }

  readTrait(reader: TraitReader): Reached {
    switch (reader.kind) {
      case 'custom':
        return reader.read(this.traits.values)
      case 'hidden':
        return undefined
      case 'account_audience':
        return this.readAccountAudience(reader.definition)
      case 'defined': {
        const value = this.definedValue(reader.definition) ?? (reader.isAudience ? false : null)
        if (!reader.read) return reachedOf(value)
        return typeof value === 'object' && value !== null ? reader.read(value as JsonObject) : undefined
      }
    }
  }

  occurrencesOf(node: number): OccurrenceState | undefined {
    return this.#occurrences.get(node)
  }

  streamBit(node: number, bit: number): boolean | undefined {
    const state = this.#streams.get(node)
    return state && (state.bits & (1 << bit)) !== 0
  }

  streamValue(node: number, reducer: number): JsonValue | undefined {
    return this.#streams.get(node)?.value(reducer)
  }

  timedTruth(node: number): boolean {
    return this.#timed.get(node)?.holds ?? false
  }

  #streamState(entry: StreamEntry): StreamState {
    let state = this.#streams.get(entry.node.id)
    if (!state) {
      state = entry.create()
      state.bits = entry.bitsOfNothing
      this.#streams.set(entry.node.id, state)
    }
    return state
  }

  #occurrenceState(node: OccurrenceNode): OccurrenceState {
    let state = this.#occurrences.get(node.id)
    if (!state) this.#occurrences.set(node.id, (state = new OccurrenceState(node)))
    return state
  }

  /** An occurrence has come to pass, or no longer does: judges anew what counts it. */
  #flip(node: OccurrenceNode, occurrence: Occurrence): void {
    for (const stream of node.streams) this.#pendingStreams.add(stream)
    for (const reach of node.parents)
      this.#occurrences
        .get(reach.parent.id)
        ?.judgeParentsOf(occurrence, reach, this, (parent) => this.#flip(reach.parent, parent))
  }

  #settlePendingStreams(): void {
    if (this.#pendingStreams.size === 0) return
    const pending = [...this.#pendingStreams].sort((a, b) => a - b)
    this.#pendingStreams.clear()
    for (const id of pending) {
      const entry = this.plan.streams.get(id)!
      const state = this.#streamState(entry)
      state.advance(this)
      this.#publish(entry, state)
    }
  }

  /** Compares what a stream gives now with what it gave, and marks what reads the difference. */
  #publish(entry: StreamEntry, state: StreamState): void {
    const { comparisons, watchers, reducers } = entry.node
    for (let bit = 0; bit < comparisons.length; bit++) {
      const comparison = comparisons[bit]!
      const mask = 1 << bit
      if (comparison.test(state.value(comparison.reducer)) === ((state.bits & mask) !== 0)) continue
      state.bits ^= mask
      for (const index of comparison.definitions) this.markDefinition(index)
    }
    for (let reducer = 0; reducer < watchers.length; reducer++) {
      const watched = watchers[reducer]!
      if (watched.definitions.size === 0 && watched.timed.size === 0) continue
      const value = state.value(reducer)
      state.published ??= reducers.map(() => null)
      if (sameValue(state.published[reducer], value)) continue
      state.published[reducer] = value
      this.markDependents(watched)
    }
  }

  #traitChanged(key: string, before: JsonValue | undefined, after: JsonValue | undefined): void {
    const readers = this.plan.traits.readersOf(key)
    if (!readers) return
    this.markDependents(readers.always)
    visitEqualities(readers, { [key]: before ?? null }, { [key]: after ?? null }, (index) => this.markDefinition(index))
  }

  #judgeTimed(node: TimedNode): void {
    const horizon: Horizon = { at: Infinity }
    const holds = node.test(node.read(this), this.now, horizon)
    const state = this.#timed.get(node.id)
    if (!state && !holds && horizon.at === Infinity) return
    const held = state?.holds ?? false
    if (state) {
      state.holds = holds
      state.dueAt = horizon.at
    } else this.#timed.set(node.id, { holds, dueAt: horizon.at })
    if (holds !== held) for (const index of node.definitions) this.markDefinition(index)
  }

  #evaluateDefinition(node: DefinitionNode): void {
    this.plan.work.definitions++
    const result = node.evaluate(this)
    const held = this.defined.get(node.id)
    const before = held?.value ?? (node.kind === 'computed_trait' ? null : false)
    const value = this.#valueOf(node, result, held)
    if (sameValue(before, value)) return
    const next = held ?? { value: before, sequence: 0, hasBeenOne: false, settlement: 0 }
    if (!held) this.sink.onFailure(() => this.defined.delete(node.id))
    const hadBeenOne = next.hasBeenOne
    this.sink.onFailure(() => Object.assign(next, { value: before, hasBeenOne: hadBeenOne }))
    next.value = value
    if (node.absentUntilOne && (result as number) >= 1) next.hasBeenOne = true
    if (!held) this.defined.set(node.id, next)
    this.sink.changed(this, node, next, before)
    this.markDependents(node.dependents)
  }

  #valueOf(node: DefinitionNode, result: JsonValue, held: DefinedValue | undefined): JsonValue {
    if (node.absentUntilOne) return held?.hasBeenOne || (result as number) >= 1 ? result : null
    return node.eligibleTypes && result === true ? this.isEligible(node.eligibleTypes) : result
  }
}
