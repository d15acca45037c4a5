/**
 * The states of an actor: groups of streams in blocks, and those that are by themselves as bytes. An event is written
 * to the states that it feeds; what is due is judged again; whatever changes marks the definitions that read it.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { OccurrenceReader, OccurrenceState } from '../funnels/occurrence-state.ts'
import type { Dependents } from '../plan/dependents.ts'
import type { Adoption } from '../plan/adoption.ts'
import type { EventIndex } from '../plan/event-index.ts'
import type { ChangeReader, Group } from '../plan/group.ts'
import type { DefinitionHost } from '../plan/host.ts'
import type { Occurrence } from '../plan/occurrence.ts'
import type { OccurrenceNode } from '../plan/occurrence-node.ts'
import type { Plan } from '../plan/plan.ts'
import type { Predicate } from '../plan/predicate.ts'
import type { StreamComparison } from '../plan/stream-comparison.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { TimedNode } from '../plan/timed-node.ts'
import { DIRECTORY, ENTRIES, ENTRY_WORDS } from '../rows/row.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import type { Horizon } from '../values/comparators.ts'
import { ActorGroups, type HeldBlock } from './actor-groups.ts'
import type { ActorStore } from './actor-store.ts'
import { Marks } from './marks.ts'
import { OpenStates } from './open-states.ts'
import { StateEntries } from './state-entries.ts'

/** The actor whose states they are. */
export interface StateOwner extends DefinitionHost {
  readonly ordinal: number
  readonly row: number
  olderOfAll(): readonly ForgottenTotals[]
  /** The kept events that an index knows, in the order of `(ts, arrival)`. */
  eventsKnownTo(index: EventIndex): readonly ProfileEvent[]
  markDefinition(index: number): void
}

export class ActorStates implements ChangeReader, OccurrenceReader {
  readonly #store: ActorStore
  readonly #owner: StateOwner
  readonly #open: OpenStates
  readonly #groups: ActorGroups
  readonly #entries: StateEntries
  #plan: Plan
  /** Streams whose occurrences have changed, by id. */
  readonly #pendingStreams = new Marks()
  /** Groups that the event at hand was written to, with their blocks. */
  readonly #fed: Group[] = []
  readonly #fedBlocks: number[] = []
  readonly #due: number[] = []
  /** Made once: a function for each change would be garbage. */
  readonly #markFlipped = ({ definitions }: StreamComparison): void => {
    for (const index of definitions) this.#owner.markDefinition(index)
  }

  constructor(store: ActorStore, owner: StateOwner, plan: Plan) {
    this.#store = store
    this.#owner = owner
    this.#plan = plan
    this.#open = new OpenStates(store, owner)
    this.#groups = new ActorGroups(store, owner, this)
    this.#entries = new StateEntries(store, owner, this.#groups)
  }

  /** Begins with another actor, or with another plan. */
  bind(plan: Plan): void {
    this.#plan = plan
    this.#open.clear()
    this.#pendingStreams.clear()
  }

  /** Judges again whatever is due. */
  advance(now: number): void {
    const { doubles, ints } = this.#store.memory.state
    const { row } = this.#owner
    let count = 0
    const end = row + ENTRIES + ENTRY_WORDS * ints[(row + DIRECTORY) * 2]!
    for (let entry = row + ENTRIES; entry < end; entry += ENTRY_WORDS)
      if (doubles[entry]! <= now) this.#due[count++] = ints[entry * 2 + 2]!
    for (let index = 0; index < count; index++) this.#judge(this.#due[index]!)
    this.#settlePendingStreams()
  }

  #judge(id: number): void {
    const state = this.#plan.states[id]!
    if (state.kind === 'group') this.#groups.evaluate(state, this.#groups.block(state))
    else if (state.kind === 'timed') this.judgeTimed(state)
    else if (state.kind === 'occurrences') this.#open.occurrences(state).advance(this.#owner, this)
    else this.#advanceStream(state)
  }

  #advanceStream(node: StreamNode): void {
    this.#open.stream(node).advance(this.#owner)
    this.#open.publish(node, this)
  }

  /** Writes an event to the states that it feeds. */
  feed(event: ProfileEvent): void {
    const { events, work } = this.#plan
    if (!events.knows(event.name)) return
    const fed = this.#write(events.match(event, work), event)
    for (let index = 0; index < fed; index++) this.#groups.evaluate(this.#fed[index]!, this.#fedBlocks[index]!)
    this.#settlePendingStreams()
  }

  /** Writes an event to what its predicates feed; returns how many groups are to be evaluated. */
  #write(matched: readonly Predicate[], event: ProfileEvent): number {
    let [fed, last, isOrdered] = [0, -1, true]
    for (const { member, states } of matched) {
      if (member) {
        this.#plan.work.nodes += member.streamCount
        const { group } = member
        if (fed === 0 || this.#fed[fed - 1] !== group) {
          this.#fed[fed] = group
          this.#fedBlocks[fed++] = this.#groups.block(group)
        }
        member.insert(this.#store.rings, this.#fedBlocks[fed - 1]!, event, this.#owner)
      }
      for (const { id } of states) {
        if (id < last) isOrdered = false
        last = id
      }
    }
    if (last >= 0) this.#feedStates(matched, isOrdered, event)
    return fed
  }

  /** Feeds states that are by themselves, by ascending id: a funnel's children come before the funnel. */
  #feedStates(matched: readonly Predicate[], isOrdered: boolean, event: ProfileEvent): void {
    if (isOrdered) {
      for (const { states } of matched) for (const node of states) this.#feedState(node, event)
      return
    }
    const nodes = matched.flatMap(({ states }) => states)
    for (const node of nodes.sort((a, b) => a.id - b.id)) this.#feedState(node, event)
  }

  #feedState(node: OccurrenceNode, event: ProfileEvent): void {
    this.#plan.work.nodes++
    this.#open.occurrences(node).insert(event, this.#owner, this)
  }

  /** Releases all states. */
  drop(): void {
    this.#open.clear()
    this.#entries.dropAll(this.#plan)
  }

  /** Computes what judges events by more than these from the kept ones; all else stays. */
  judgeAgain(): void {
    this.#open.clear()
    const streams = this.#entries.dropJudged(this.#plan)
    const { events, work } = this.#plan
    for (const event of this.#owner.eventsKnownTo(events)) {
      this.#feedStates(events.match(event, work), false, event)
      this.#settlePendingStreams()
    }
    for (const node of streams) this.onAnyChange(node)
    this.#settlePendingStreams()
  }

  /** Lets windows count what the blocks of some actors hold together, and no more; see `StateEntries.blocks`. */
  uniteWindows(held: readonly HeldBlock[]): void {
    this.#groups.uniteWindows(held)
  }

  /**
   * Goes on under another plan: states that are no more go, groups move to the ones in their place, and what is new is
   * computed from kept events.
   */
  adopt(adoption: Adoption): void {
    const lacksEvents = adoption.heirs.length > 0 && this.#owner.olderOfAll().length > 0
    const held = lacksEvents ? StateEntries.blocks(this.#store, this.#owner.row, adoption.before) : []
    this.#entries.leave(adoption)
    this.takeOlder(adoption.totals)
    if (!adoption.events.isEmpty) this.#feedNew(adoption.events)
    if (lacksEvents) this.#groups.inherit(adoption.heirs, new Map(held.map(({ group, block }) => [group.id, block])))
    for (const node of adoption.judged) if (this.#open.has(node.occurrences!.id)) this.#advanceStream(node)
    for (const node of adoption.timed) this.judgeTimed(node)
    this.#settlePendingStreams()
  }

  /** Writes the kept events to what is new, and then computes the groups. */
  #feedNew(events: EventIndex): void {
    const touched = new Set<Group>()
    for (const event of this.#owner.eventsKnownTo(events)) {
      const fed = this.#write(events.match(event, this.#plan.work), event)
      for (let index = 0; index < fed; index++) touched.add(this.#fed[index]!)
      this.#settlePendingStreams()
    }
    for (const group of touched) this.#groups.evaluate(group, this.#groups.block(group))
  }

  /** Begins totals with those of the forgotten events. */
  takeOlder(totals = this.#plan.totals): void {
    if (totals.length === 0) return
    const groups = new Set(this.#owner.olderOfAll().flatMap((older) => this.#groupsWith(older, totals)))
    for (const group of groups) this.#groups.begin(group)
  }

  /** Adds the totals of one user more, whose forgotten events count from now on. */
  addOlder(older: ForgottenTotals): void {
    for (const group of new Set(this.#groupsWith(older))) this.#groups.addOlder(group, older)
  }

  /** Lists the groups of totals that count forgotten events. */
  #groupsWith(older: ForgottenTotals, totals = this.#plan.totals): Group[] {
    const known = totals.filter(({ totalKey, reducer }) => older.totalOf(totalKey!, reducer))
    return known.map(({ place }) => this.#plan.states[place!.group] as Group)
  }

  /** Writes the states that are open. */
  close(): void {
    this.#open.close()
  }

  /** Marks or judges again the readers of a value that has changed. */
  markDependents({ definitions, timed, occurrences }: Dependents): void {
    if (definitions.size > 0) for (const index of definitions) this.#owner.markDefinition(index)
    if (timed.size > 0) for (const node of timed) this.judgeTimed(node)
    if (occurrences.size === 0) return
    for (const node of [...occurrences].sort((a, b) => a.id - b.id))
      if (this.#open.has(node.id)) this.#open.occurrences(node).judgeAll(this.#owner, this)
    this.#settlePendingStreams()
  }

  occurrencesOf(node: number): OccurrenceState | undefined {
    return this.#open.has(node) ? this.#open.readOccurrences(this.#plan.states[node] as OccurrenceNode) : undefined
  }

  streamValue(id: number): JsonValue | undefined {
    const node = this.#plan.states[id] as StreamNode
    return node.place ? this.#groups.value(node.place) : this.#open.value(node)
  }

  timedTruth(node: number): boolean {
    const entry = this.#store.rows.find(this.#owner.row, node)
    return entry !== 0 && this.#store.memory.state.ints[entry * 2 + 3] === 1
  }

  /** Marks the readers of a stream's value that has changed. */
  onChange(node: StreamNode, before: JsonValue, after: JsonValue): void {
    if (node.comparisons.length > 0) node.ladder.visitFlipped(before, after, this.#markFlipped)
    if (node.isWatched) this.markDependents(node.watchers)
  }

  /** Marks all readers of a stream's value. */
  onAnyChange({ comparisons, isWatched, watchers }: StreamNode): void {
    for (const { definitions } of comparisons) for (const index of definitions) this.#owner.markDefinition(index)
    if (isWatched) this.markDependents(watchers)
  }

  /** Judges again whatever counts an occurrence that now holds, or no longer holds. */
  onFlip(node: OccurrenceNode, occurrence: Occurrence): void {
    for (const { id } of node.streams) this.#pendingStreams.add(id)
    for (const reach of node.parents)
      if (this.#open.has(reach.parent.id))
        this.#open.occurrences(reach.parent).judgeParentsOf(occurrence, reach, this.#owner, this)
  }

  #settlePendingStreams(): void {
    while (!this.#pendingStreams.isEmpty) {
      this.#advanceStream(this.#plan.states[this.#pendingStreams.take()] as StreamNode)
    }
  }

  judgeTimed(node: TimedNode): void {
    const horizon: Horizon = { at: Infinity, isSettled: false }
    const holds = node.test(node.read(this.#owner), this.#owner.now, horizon)
    const { rows, memory } = this.#store
    let entry = rows.find(this.#owner.row, node.id)
    if (entry === 0) {
      if (!holds && horizon.at === Infinity) return
      entry = rows.addEntry(this.#owner.ordinal, node.id, 0)
    }
    const { doubles, ints } = memory.state
    const held = ints[entry * 2 + 3] === 1
    doubles[entry] = horizon.at
    ints[entry * 2 + 3] = holds ? 1 : 0
    if (holds !== held) for (const index of node.definitions) this.#owner.markDefinition(index)
  }
}
