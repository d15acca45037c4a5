/**
 * An actor as bytes: kind and flags · ordinal · ids · traits · links · values of definitions · of a user merges,
 * receive time of the last call, names of its events, totals of forgotten events and the history · next deadline, if
 * it is known · states, if they are stored: a run of bytes · optional fields: for each a tag and a run, up to a tag 0.
 * The bytes can be read with the shard's table of names, under the same definitions; states with the layouts that they
 * were written by.
 */
import type { ActorStore } from '../actor/actor-store.ts'
import { readStates, writeStates } from '../actor/stored-states.ts'
import type { EventReader } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import type { BlobField } from '../rows/blob-field.ts'
import { COUNTED_SINCE, DUE_AT, FLAGS, IS_ANONYMOUS, IS_UNBUILT, MERGES, NAMES, ORDINAL, SEEN_AT } from '../rows/row.ts'
import { readValues, writeValues } from '../rows/value-codec.ts'

const ACCOUNT = 1
const HAS_DEADLINE = 2
const HAS_STATES = 4
const ANONYMOUS = 8
/** The tag behind the last optional field. */
const END = 0
/** The time since which windows count all events. Without it, they count those that are kept. */
const COUNTED = 1
/** The calls that brought its ids. Without it, they are not known. */
const ORIGINS = 2
/** The last call, if it neither brought an id nor is an event. */
const LAST_CALL = 3
/** The last transitions. */
const PAST = 4

const states = new Scratch()
const field = new Scratch()

/** Thrown for a record with a field that this program does not know: a later one wrote it. */
export class UnknownFieldError extends Error {
  override readonly name = 'UnknownFieldError'

  constructor(tag: number, ordinal: number) {
    super(`actor ${ordinal} has a field ${tag}, which this version does not know`)
  }
}

export interface WriteOptions {
  readonly isAccount: boolean
  /** Without its deadline and states: they can be computed from the rest. */
  readonly isBare: boolean
}

/** Writes an actor that is in memory. */
export function writeRecord(scratch: Scratch, store: ActorStore, ordinal: number, options: WriteOptions): void {
  const { isAccount, isBare } = options
  const row = store.rows.at(ordinal)
  const { doubles, ints } = store.memory.state
  const flags = ints[(row + FLAGS) * 2]!
  const hasStates = !isBare && (flags & IS_UNBUILT) === 0
  scratch.byte(
    (isAccount ? ACCOUNT : 0) |
      (isBare ? 0 : HAS_DEADLINE) |
      (hasStates ? HAS_STATES : 0) |
      ((flags & IS_ANONYMOUS) === 0 ? 0 : ANONYMOUS),
  )
  scratch.varint(ordinal)
  store.ids.field.writeTo(scratch, row)
  store.traits.field.writeTo(scratch, row)
  store.links.writeTo(scratch, row)
  writeValues(scratch, store.values, row)
  if (!isAccount) {
    scratch.varint(ints[(row + MERGES) * 2 + 1]!)
    scratch.instant(doubles[row + SEEN_AT]!)
    scratch.int32(ints[(row + NAMES) * 2]!)
    scratch.int32(ints[(row + NAMES) * 2 + 1]!)
    store.older.field.writeTo(scratch, row)
    store.histories.writeTo(scratch, row)
  }
  if (!isBare) scratch.instant(doubles[row + DUE_AT]!)
  if (hasStates) {
    states.length = 0
    if (isAccount) store.satisfying.writeTo(states, row)
    writeStates(states, store, ordinal, isAccount)
    scratch.run(states.bytes, 0, states.length)
  }
  writeCountedSince(scratch, store, row, isAccount)
  writeBytes(scratch, ORIGINS, store.origins.field, row)
  writeBytes(scratch, LAST_CALL, store.origins.lastField, row)
  if (store.past.has(row)) {
    scratch.varint(PAST)
    store.past.writeTo(scratch, row)
  }
  scratch.byte(END)
}

function writeCountedSince(scratch: Scratch, store: ActorStore, row: number, isAccount: boolean): void {
  const since = store.memory.state.doubles[row + COUNTED_SINCE]!
  if (since === 0 && (isAccount || store.older.field.reference(row) === 0)) return
  field.length = 0
  field.instant(since)
  scratch.varint(COUNTED)
  scratch.run(field.bytes, 0, field.length)
}

function writeBytes(scratch: Scratch, tag: number, bytes: BlobField, row: number): void {
  if (bytes.reference(row) === 0) return
  scratch.varint(tag)
  bytes.writeTo(scratch, row)
}

/** An actor that has been read into its row. */
export interface ReadActor {
  readonly ordinal: number
  readonly isAccount: boolean
  /** Undefined if it was not stored. */
  readonly dueAt: number | undefined
}

/**
 * Reads an actor into a new row. Without valid states, they are computed when the actor is needed.
 * @param areStatesValid false if they were written by other layouts than those of the present plans
 */
export function readRecord(store: ActorStore, reader: EventReader, areStatesValid: boolean): ReadActor {
  const flags = reader.byte()
  const ordinal = reader.varint()
  const isAccount = (flags & ACCOUNT) !== 0
  const row = store.rows.create(ordinal, (flags & ANONYMOUS) === 0 ? 0 : IS_ANONYMOUS)
  const { doubles, ints } = store.memory.state
  if (isAccount) store.ids.field.readFrom(reader, row)
  else store.ids.readFrom(reader, row)
  store.traits.field.readFrom(reader, row)
  store.links.readFrom(reader, row)
  readValues(reader, store.values, ordinal)
  if (!isAccount) {
    ints[(row + MERGES) * 2 + 1] = reader.varint()
    doubles[row + SEEN_AT] = reader.instant()
    ints[(row + NAMES) * 2] = reader.int32()
    ints[(row + NAMES) * 2 + 1] = reader.int32()
    store.older.field.readFrom(reader, row)
    store.histories.readFrom(reader, row)
  }
  const dueAt = (flags & HAS_DEADLINE) === 0 ? undefined : reader.instant()
  if (dueAt !== undefined) doubles[row + DUE_AT] = dueAt
  const statesLength = (flags & HAS_STATES) === 0 ? 0 : reader.varint()
  const end = reader.position + statesLength
  if (statesLength === 0 || !areStatesValid) ints[(row + FLAGS) * 2]! |= IS_UNBUILT
  else {
    if (isAccount) store.satisfying.readFrom(reader, row)
    readStates(reader, store, ordinal, isAccount)
  }
  reader.position = end
  doubles[row + COUNTED_SINCE] = isAccount ? 0 : store.older.keptSince(row)
  readFields(reader, store, ordinal)
  return { ordinal, isAccount, dueAt }
}

function readFields(reader: EventReader, store: ActorStore, ordinal: number): void {
  const row = store.rows.at(ordinal)
  for (let tag = reader.varint(); tag !== END; tag = reader.varint()) readField(tag, reader, store, row)
}

function readField(tag: number, reader: EventReader, store: ActorStore, row: number): void {
  switch (tag) {
    case COUNTED: {
      const end = reader.varint() + reader.position
      store.memory.state.doubles[row + COUNTED_SINCE] = reader.instant()
      reader.position = end
      return
    }
    case ORIGINS:
      store.origins.field.readFrom(reader, row)
      return
    case LAST_CALL:
      store.origins.lastField.readFrom(reader, row)
      return
    case PAST:
      store.past.readFrom(reader, row)
      return
    default:
      throw new UnknownFieldError(tag, store.memory.state.ints[row * 2 + ORDINAL * 2 + 1]!)
  }
}
