/**
 * The states of an actor as bytes: their number, then for each its own number · when it is due · a run with what it
 * holds. Blocks are written part by part, so that neither their place nor the room in them matters.
 */
import type { EventReader } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import { DIRECTORY, ENTRIES, ENTRY_WORDS } from '../rows/row.ts'
import { STATE } from '../memory/write-barrier.ts'
import type { Group } from '../plan/group.ts'
import type { StatefulNode } from '../plan/plan.ts'
import type { ActorStore } from './actor-store.ts'
import { packState } from './live-states.ts'

const content = new Scratch()

/** Writes the states of an actor, which must not be waiting to be computed. */
export function writeStates(scratch: Scratch, store: ActorStore, ordinal: number, isAccount: boolean): void {
  const { doubles, ints } = store.memory.state
  const { states } = store.plansOf(ordinal)[isAccount ? 'account' : 'user']
  const row = store.rows.at(ordinal)
  const count = ints[(row + DIRECTORY) * 2]!
  scratch.varint(count)
  for (let index = 0; index < count; index++) {
    const entry = row + ENTRIES + ENTRY_WORDS * index
    const [id, reference] = [ints[entry * 2 + 2]!, ints[entry * 2 + 3]!]
    scratch.varint(id)
    scratch.instant(doubles[entry]!)
    content.length = 0
    writeState(store, states[id]!, reference)
    scratch.run(content.bytes, 0, content.length)
  }
}

function writeState(store: ActorStore, state: StatefulNode | Group, reference: number): void {
  const { rings, memory, live } = store
  if (state.kind === 'group') state.write(content, rings, reference)
  else if (state.kind === 'timed') content.byte(reference)
  else if (reference < 0) packState(content, live.peek(reference))
  else content.raw(memory.bytes.bytes, memory.blobs.start(reference), memory.blobs.length(reference))
}

/** Reads states into the row of an actor that has none. */
export function readStates(reader: EventReader, store: ActorStore, ordinal: number, isAccount: boolean): void {
  const { states } = store.plansOf(ordinal)[isAccount ? 'account' : 'user']
  for (let left = reader.varint(); left > 0; left--) {
    const [id, due, length] = [reader.varint(), reader.instant(), reader.varint()]
    const end = reader.position + length
    const reference = readState(reader, store, states[id]!, length)
    store.memory.state.doubles[store.rows.addEntry(ordinal, id, reference)] = due
    reader.position = end
  }
}

/** Returns what the entry refers to. */
function readState(reader: EventReader, store: ActorStore, state: StatefulNode | Group, length: number): number {
  const { rings, memory } = store
  if (state.kind === 'group') {
    const block = memory.barrier.allocate(STATE, state.words)
    state.read(reader, rings, block)
    return block
  }
  return state.kind === 'timed' ? reader.byte() : memory.blobs.add(reader.raw(length), length)
}
