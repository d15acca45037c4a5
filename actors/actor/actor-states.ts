/**
 * The states of an actor: groups of streams in blocks, and those that are by themselves as bytes. An event is written to
 * the states that it feeds; what is due is judged again; whatever changes marks the definitions that read it.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { OccurrenceReader, OccurrenceState } from '../funnels/occurrence-state.ts'
import { STATE } from '../memory/write-barrier.ts'
import type { Dependents } from '../plan/dependents.ts'
import type { ChangeReader, Group } from '../plan/group.ts'
import type { DefinitionHost } from '../plan/host.ts'
import type { Occurrence } from '../plan/occurrence.ts'
import type { OccurrenceNode } from '../plan/occurrence-node.ts'
import type { Plan } from '../plan/plan.ts'
import type { Predicate } from '../plan/predicate.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { TimedNode } from '../plan/timed-node.ts'
import { DIRECTORY, ENTRIES, ENTRY_WORDS } from '../rows/row.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import type { Horizon } from '../values/comparators.ts'
import type { ActorStore } from './actor-store.ts'
import { Marks } from './marks.ts'
import { OpenStates } from './open-states.ts'

/** The actor whose states they are. */
export interface StateOwner extends DefinitionHost {
  readonly ordinal: number
  readonly row: number
  olderOfAll(): readonly ForgottenTotals[]
  markDefinition(index: number): void
}

export class ActorStates implements ChangeReader, OccurrenceReader {
  readonly #store: ActorStore
  readonly #owner: StateOwner
  readonly #open: OpenStates
  #plan: Plan
  /** Streams whose occurrences have changed, by id. */
  readonly #pendingStreams = new Marks()
  /** Groups that the event at hand was written to, with their blocks. */
  readonly #fed: Group[] = []
  readonly #fedBlocks: number[] = []
  readonly #due: number[] = []

  constructor(store: ActorStore, owner: StateOwner, plan: Plan) {
    this.#store = store
    this.#owner = owner
    this.#plan = plan
    this.#open = new OpenStates(store, owner)
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
    const { nodes, groups } = this.#plan
    const node = nodes[id]
    if (!node) {
      const group = groups[id - nodes.length]!
      this.#evaluate(group, this.#blockOf(group))
    } else if (node.kind === 'timed') this.judgeTimed(node)
    else if (node.kind === 'occurrences') this.#open.occurrences(node).advance(this.#owner, this)
    else {
      this.#open.stream(node).advance(this.#owner)
      this.#open.publish(node, this)
    }
  }

  /** Writes an event to the states that it feeds. */
  feed(event: ProfileEvent): void {
    const plan = this.#plan
    if (!plan.events.knows(event.name)) return
    const matched = plan.events.match(event, plan.work)
    let [fed, last, isOrdered] = [0, -1, true]
    for (const { member, states } of matched) {
      if (member) {
        plan.work.nodes += member.streamCount
        const { group } = member
        if (fed === 0 || this.#fed[fed - 1] !== group) {
          this.#fed[fed] = group
          this.#fedBlocks[fed++] = this.#blockOf(group)
        }
        member.insert(this.#store.rings, this.#fedBlocks[fed - 1]!, event, this.#owner)
      }
      for (const { id } of states) {
        if (id < last) isOrdered = false
        last = id
      }
    }
    if (last >= 0) this.#feedStates(matched, isOrdered, event)
    for (let index = 0; index < fed; index++) this.#evaluate(this.#fed[index]!, this.#fedBlocks[index]!)
    this.#settlePendingStreams()
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
    const { ordinal, row } = this.#owner
    const { live, rings, rows, memory } = this.#store
    const { nodes, groups } = this.#plan
    const { ints } = memory.state
    for (let index = 0; index < ints[(row + DIRECTORY) * 2]!; index++) {
      const entry = (row + ENTRIES + ENTRY_WORDS * index) * 2
      const [id, reference] = [ints[entry + 2]!, ints[entry + 3]!]
      const group = groups[id - nodes.length]
      if (group) {
        group.release(rings, reference)
        memory.barrier.releaseLater(STATE, reference)
      } else if (nodes[id]!.kind !== 'timed') {
        if (reference === 0) live.take(ordinal, id)
        else memory.blobs.remove(reference)
      }
    }
    rows.clearEntries(row)
  }

  /** Begins totals with those of the forgotten events. */
  takeOlder(): void {
    const all = this.#owner.olderOfAll()
    if (all.length === 0) return
    const { totals, groups } = this.#plan
    for (const { totalKey, reducer, place } of totals)
      if (all.some((older) => older.totalOf(totalKey!, reducer))) this.#blockOf(groups[place!.group]!)
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
    return this.#open.has(node) ? this.#open.readOccurrences(this.#plan.nodes[node] as OccurrenceNode) : undefined
  }

  streamValue(id: number): JsonValue | undefined {
    const node = this.#plan.nodes[id] as StreamNode
    if (!node.place) return this.#open.value(node)
    const { rings, rows, memory } = this.#store
    const entry = rows.find(this.#owner.row, this.#plan.groups[node.place.group]!.id)
    return entry === 0 ? undefined : node.place.value(rings, memory.state.ints[entry * 2 + 3]!)
  }

  timedTruth(node: number): boolean {
    const entry = this.#store.rows.find(this.#owner.row, node)
    return entry !== 0 && this.#store.memory.state.ints[entry * 2 + 3] === 1
  }

  /** Marks the readers of a stream's value that has changed. */
  onChange(node: StreamNode, before: JsonValue, after: JsonValue): void {
    if (node.comparisons.length > 0)
      node.ladder.visitFlipped(before, after, ({ definitions }) => {
        for (const index of definitions) this.#owner.markDefinition(index)
      })
    if (node.isWatched) this.markDependents(node.watchers)
  }

  /** Marks all readers of a stream's value. */
  onAnyChange({ comparisons, isWatched, watchers }: StreamNode): void {
    for (const { definitions } of comparisons) for (const index of definitions) this.#owner.markDefinition(index)
    if (isWatched) this.markDependents(watchers)
  }

  /** Judges again whatever counts an occurrence that now holds, or no longer holds. */
  onFlip(node: OccurrenceNode, occurrence: Occurrence): void {
    for (const stream of node.streams) this.#pendingStreams.add(stream)
    for (const reach of node.parents)
      if (this.#open.has(reach.parent.id))
        this.#open.occurrences(reach.parent).judgeParentsOf(occurrence, reach, this.#owner, this)
  }

  /** Returns the block of a group, to be written to; begins it if there is none. */
  #blockOf(group: Group): number {
    const { rows, rings, memory } = this.#store
    const { row, ordinal } = this.#owner
    const entry = rows.find(row, group.id)
    if (entry !== 0) {
      const held = memory.state.ints[entry * 2 + 3]!
      memory.barrier.touch(STATE, held, group.words)
      return held
    }
    const block = memory.barrier.allocate(STATE, group.words)
    group.init(rings, block)
    rows.addEntry(ordinal, group.id, block)
    for (const older of this.#owner.olderOfAll())
      group.addOlder(rings, block, (node) => older.totalOf(node.totalKey!, node.reducer)?.state(), this)
    return block
  }

  #evaluate(group: Group, block: number): void {
    const { rings, rows, memory } = this.#store
    const due = group.evaluate(rings, block, this.#owner.now, this)
    // What reads a value may have added entries.
    memory.state.doubles[rows.find(this.#owner.row, group.id)] = due
  }

  #settlePendingStreams(): void {
    while (!this.#pendingStreams.isEmpty) {
      const node = this.#plan.nodes[this.#pendingStreams.take()] as StreamNode
      this.#open.stream(node).advance(this.#owner)
      this.#open.publish(node, this)
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
