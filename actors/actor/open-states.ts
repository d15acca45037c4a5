/**
 * States that are by themselves, opened when they are first asked for in a settlement. Those that have changed are live
 * from then on (`live-states.ts`); the others stay bytes.
 */
import type { JsonValue } from '../../src/model/json.ts'
import { OccurrenceState } from '../funnels/occurrence-state.ts'
import { EventReader } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { OccurrenceNode } from '../plan/occurrence-node.ts'
import { type StreamNode, valueOfNothing } from '../plan/stream-node.ts'
import { JudgedState } from '../streams/judged-state.ts'
import type { StreamState } from '../streams/stream-state.ts'
import { sameValue } from '../values/values.ts'
import type { ActorStore } from './actor-store.ts'
import type { OpenOccurrences, OpenState, OpenStream } from './live-states.ts'

/** A state that is open, and whether its bytes are still what it is. */
interface Opened {
  readonly open: OpenState
  isChanged: boolean
}

/** The actor whose states are open. */
interface Owner {
  readonly ordinal: number
  readonly row: number
}

export class OpenStates {
  readonly #store: ActorStore
  readonly #owner: Owner
  readonly #opened: Opened[] = []
  #count = 0

  constructor(store: ActorStore, owner: Owner) {
    this.#store = store
    this.#owner = owner
  }

  /** Drops what is open, with all that has changed. */
  clear(): void {
    this.#count = 0
  }

  /** True if the actor has a state of this id. */
  has(id: number): boolean {
    return this.#store.rows.find(this.#owner.row, id) !== 0
  }

  /** Returns the state of a stream, to be changed; begins it if there is none. */
  stream(node: StreamNode): StreamState {
    return this.#stream(node).state
  }

  /** Returns the state of occurrences, to be changed; begins it if there is none. */
  occurrences(node: OccurrenceNode): OccurrenceState {
    const opened = this.#openedOf(node) ?? this.#begin({ node, state: new OccurrenceState(node) })
    opened.isChanged = true
    return (opened.open as OpenOccurrences).state
  }

  /** Returns the state of occurrences, which the actor has, to be read only. */
  readOccurrences(node: OccurrenceNode): OccurrenceState {
    return (this.#openedOf(node)!.open as OpenOccurrences).state
  }

  /** Returns the value of a stream that was passed on last; undefined if there is no state. */
  value(node: StreamNode): JsonValue | undefined {
    const opened = this.#find(node.id)
    if (opened) return (opened.open as OpenStream).published
    const { rows, live, memory } = this.#store
    const entry = rows.find(this.#owner.row, node.id)
    if (entry === 0) return undefined
    const reference = memory.state.ints[entry * 2 + 3]!
    return reference < 0 ? (live.peek(reference) as OpenStream).published : this.#readerOf(reference).value()
  }

  /** Passes the value of a stream on if it has changed. */
  publish(node: StreamNode, reader: ChangeReader): void {
    const open = this.#stream(node)
    const value = open.state.value()
    const before = open.published
    if (sameValue(before, value)) return
    open.published = value
    reader.onChange(node, before, value)
  }

  /** Makes the states that have changed live, and writes when each is due. */
  close(): void {
    const { rows, memory, live } = this.#store
    const { ordinal, row } = this.#owner
    const { doubles, ints } = memory.state
    for (let index = 0; index < this.#count; index++) {
      const { open, isChanged } = this.#opened[index]!
      if (!isChanged) continue
      const entry = rows.find(row, open.node.id)
      doubles[entry] = open.state.dueAt
      const reference = ints[entry * 2 + 3]!
      if (reference < 0) continue
      memory.blobs.remove(reference)
      ints[entry * 2 + 3] = live.add(ordinal, open)
    }
    this.#count = 0
  }

  #stream(node: StreamNode): OpenStream {
    const opened =
      this.#openedOf(node) ??
      this.#begin({ node, state: new JudgedState(node), published: valueOfNothing(node.reducer) })
    opened.isChanged = true
    return opened.open as OpenStream
  }

  /** Opens a state that the actor has. */
  #openedOf(node: StreamNode | OccurrenceNode): Opened | undefined {
    const known = this.#find(node.id)
    if (known) return known
    const { rows, live, memory } = this.#store
    const entry = rows.find(this.#owner.row, node.id)
    if (entry === 0) return undefined
    const reference = memory.state.ints[entry * 2 + 3]!
    if (reference >= 0) return this.#add({ open: this.#read(node, reference), isChanged: false })
    const open = live.open(reference)
    // The plan may be another one by now.
    if (node.kind === 'occurrences') (open as OpenOccurrences).state.node = node
    return this.#add({ open, isChanged: true })
  }

  #read(node: StreamNode | OccurrenceNode, reference: number): OpenState {
    const reader = this.#readerOf(reference)
    if (node.kind === 'occurrences') return { node, state: OccurrenceState.read(node, reader) }
    return { node, published: reader.value(), state: JudgedState.read(node, reader) }
  }

  #begin(open: OpenState): Opened {
    this.#store.rows.addEntry(this.#owner.ordinal, open.node.id, 0)
    return this.#add({ open, isChanged: true })
  }

  #find(id: number): Opened | undefined {
    for (let index = 0; index < this.#count; index++)
      if (this.#opened[index]!.open.node.id === id) return this.#opened[index]
    return undefined
  }

  #add(opened: Opened): Opened {
    this.#opened[this.#count++] = opened
    return opened
  }

  #readerOf(reference: number): EventReader {
    const { bytes, blobs } = this.#store.memory
    return new EventReader(bytes.bytes, NO_NAMES, blobs.start(reference))
  }
}
