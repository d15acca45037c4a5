/**
 * States that an actor keeps as bytes, read when they are first asked for in a settlement and written at its end. If it
 * fails, what was read is dropped: the bytes were not touched.
 *
 * The bytes: of a stream, the value that was passed on last; then the state.
 */
import type { JsonValue } from '../../src/model/json.ts'
import { OccurrenceState } from '../funnels/occurrence-state.ts'
import { EventReader, Scratch, writeValue } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { OccurrenceNode } from '../plan/occurrence-node.ts'
import { type StreamNode, valueOfNothing } from '../plan/stream-node.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import { JudgedState } from '../streams/judged-state.ts'
import { SessionState } from '../streams/session-state.ts'
import type { StreamState } from '../streams/stream-state.ts'
import { TotalState } from '../streams/total-state.ts'
import { WindowState } from '../streams/window-state.ts'
import { sameValue } from '../values/values.ts'
import type { ActorStore } from './actor-store.ts'

interface OpenStream {
  readonly node: StreamNode
  readonly state: StreamState
  published: JsonValue
  isChanged: boolean
}

interface OpenOccurrences {
  readonly node: OccurrenceNode
  readonly state: OccurrenceState
  isChanged: boolean
}

/** The actor whose states are open. */
interface Owner {
  readonly ordinal: number
  readonly row: number
  olderOfAll(): readonly ForgottenTotals[]
}

const scratch = new Scratch()

export class OpenStates {
  readonly #store: ActorStore
  readonly #owner: Owner
  readonly #open: (OpenStream | OpenOccurrences)[] = []
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
    const open = this.#openStream(node)
    open.isChanged = true
    return open.state
  }

  /** Returns the state of occurrences, to be changed; begins it if there is none. */
  occurrences(node: OccurrenceNode): OccurrenceState {
    const open = this.#openOccurrences(node)
    open.isChanged = true
    return open.state
  }

  /** Returns the state of occurrences, to be read only. */
  readOccurrences(node: OccurrenceNode): OccurrenceState {
    return this.#openOccurrences(node).state
  }

  /** Returns the value of a stream that was passed on last; undefined if there is no state. */
  value(node: StreamNode): JsonValue | undefined {
    const open = this.#find(node.id)
    if (open) return (open as OpenStream).published
    const reader = this.#readerOf(node.id)
    return reader?.value()
  }

  /** Passes the value of a stream on if it has changed. */
  publish(node: StreamNode, reader: ChangeReader): void {
    const open = this.#openStream(node)
    const value = open.state.value()
    const before = open.published
    if (sameValue(before, value)) return
    open.published = value
    reader.onChange(node, before, value)
  }

  /** Writes what has changed, and when each is due. */
  close(): void {
    const { rows, memory } = this.#store
    for (let index = 0; index < this.#count; index++) {
      const open = this.#open[index]!
      if (!open.isChanged) continue
      scratch.length = 0
      if ('published' in open) writeValue(scratch, NO_NAMES, open.published)
      open.state.write(scratch)
      const entry = rows.find(this.#owner.row, open.node.id)
      const { doubles, ints } = memory.state
      memory.blobs.remove(ints[entry * 2 + 3]!)
      ints[entry * 2 + 3] = memory.blobs.add(scratch.bytes, scratch.length)
      doubles[entry] = open.state.dueAt
    }
    this.#count = 0
  }

  #openStream(node: StreamNode): OpenStream {
    const known = this.#find(node.id)
    if (known) return known as OpenStream
    const reader = this.#readerOf(node.id)
    if (reader) return this.#add({ published: reader.value(), node, state: readState(node, reader), isChanged: false })
    this.#store.rows.addEntry(this.#owner.ordinal, node.id, 0)
    const state = newState(node)
    if (state instanceof TotalState)
      for (const older of this.#owner.olderOfAll()) {
        const total = older.totalOf(node.totalKey!, node.reducer)
        if (total) state.addOlder(total.state())
      }
    return this.#add({ published: valueOfNothing(node.reducer), node, state, isChanged: true })
  }

  #openOccurrences(node: OccurrenceNode): OpenOccurrences {
    const known = this.#find(node.id)
    if (known) return known as OpenOccurrences
    const reader = this.#readerOf(node.id)
    if (reader) return this.#add({ node, state: OccurrenceState.read(node, reader), isChanged: false })
    this.#store.rows.addEntry(this.#owner.ordinal, node.id, 0)
    return this.#add({ node, state: new OccurrenceState(node), isChanged: true })
  }

  #find(id: number): OpenStream | OpenOccurrences | undefined {
    for (let index = 0; index < this.#count; index++) if (this.#open[index]!.node.id === id) return this.#open[index]
    return undefined
  }

  #add<Open extends OpenStream | OpenOccurrences>(open: Open): Open {
    this.#open[this.#count++] = open
    return open
  }

  #readerOf(id: number): EventReader | undefined {
    const entry = this.#store.rows.find(this.#owner.row, id)
    if (entry === 0) return undefined
    const { state, bytes, blobs } = this.#store.memory
    return new EventReader(bytes.bytes, NO_NAMES, blobs.start(state.ints[entry * 2 + 3]!))
  }
}

function newState(node: StreamNode): StreamState {
  if (node.occurrences) return new JudgedState(node)
  if (node.sessionGap < Infinity) return new SessionState(node)
  return node.totalKey === undefined ? new WindowState(node) : new TotalState(node)
}

function readState(node: StreamNode, reader: EventReader): StreamState {
  if (node.occurrences) return JudgedState.read(node, reader)
  if (node.sessionGap < Infinity) return SessionState.read(node, reader)
  return node.totalKey === undefined ? WindowState.read(node, reader) : TotalState.read(node, reader)
}
