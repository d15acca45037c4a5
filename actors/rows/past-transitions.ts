/**
 * The last transitions of an actor with their causes, as bytes beside the values of its definitions, oldest first: for
 * each a run of its instant · its type, its cause and which fields follow, in bits · key · the value · of a call its
 * arrival, and the messageId unless the call is an event that the actor keeps.
 */
import type { JsonValue } from '../../src/model/json.ts'
import type { CauseKind, TransitionType } from '../../src/model/transition.ts'
import { EventReader, writeName, writeValue } from '../packing/event-codec.ts'
import { type NameTable, NO_NAMES } from '../packing/name-table.ts'
import { Scratch } from '../packing/scratch.ts'
import type { DefinedValues } from './defined-values.ts'

/** So many are kept of one actor. */
export const PAST_MAX = 25
/** A value of more bytes is left out. */
const VALUE_BYTES_MAX = 200

const TYPES: readonly TransitionType[] = ['entered', 'exited', 'trait']
const CAUSES: readonly CauseKind[] = ['call', 'time', 'merge', 'definition', 'deletion']
const TYPE_BITS = 3
const CAUSE_SHIFT = 2
const CAUSE_BITS = 7
const HAS_VALUE = 32
const HAS_CALL = 64
const HAS_MESSAGE_ID = 128

/** The call that something came of. */
export interface PastCall {
  readonly arrival: number
  /** Undefined if the call is an event that is kept with the actor. */
  readonly messageId: string | undefined
}

export interface StoredPast {
  /** Epoch ms. */
  readonly at: number
  readonly type: TransitionType
  readonly key: string
  /** Absent for an audience, and where it is too long. */
  readonly value?: JsonValue
  readonly cause: CauseKind
  readonly call: PastCall | undefined
}

const all = new Scratch()
const one = new Scratch()
const packed = new Scratch()

export class PastTransitions {
  readonly #values: DefinedValues
  readonly #names: NameTable

  constructor(values: DefinedValues, names: NameTable) {
    this.#values = values
    this.#names = names
  }

  /** Adds a transition; the oldest of too many leaves. */
  add(row: number, past: StoredPast): void {
    all.length = 0
    const bytes = this.#values.pastBytes(row)
    const starts = bytes ? startsOf(bytes) : []
    const from = starts.length < PAST_MAX ? 0 : starts[starts.length - PAST_MAX + 1]!
    if (bytes) all.raw(bytes, from, bytes.length - from)
    this.#write(past)
    all.run(one.bytes, 0, one.length)
    this.#values.setPast(row, all)
  }

  /** Lists them, oldest first. */
  read(row: number): StoredPast[] {
    const bytes = this.#values.pastBytes(row)
    if (!bytes) return []
    const reader = new EventReader(bytes, this.#names)
    const found: StoredPast[] = []
    while (reader.position < bytes.length) {
      const length = reader.varint()
      const end = reader.position + length
      found.push(readOne(reader))
      reader.position = end
    }
    return found
  }

  /** Writes the bytes as a run. */
  writeTo(scratch: Scratch, row: number): void {
    const bytes = this.#values.pastBytes(row)
    if (bytes) scratch.run(bytes)
    else scratch.varint(0)
  }

  /** Sets the bytes of an actor, whose row must be one to write to. */
  readFrom(reader: EventReader, row: number): void {
    all.length = 0
    all.raw(reader.run())
    if (all.length > 0) this.#values.setPast(row, all)
  }

  has(row: number): boolean {
    return this.#values.pastBytes(row) !== undefined
  }

  /** Takes over those of another actor, each at its instant. */
  unite(row: number, other: number): void {
    const theirs = this.read(other)
    if (theirs.length === 0) return
    const both = [...this.read(row), ...theirs].sort((a, b) => a.at - b.at)
    all.length = 0
    for (const past of both.slice(-PAST_MAX)) {
      this.#write(past)
      all.run(one.bytes, 0, one.length)
    }
    this.#values.setPast(row, all)
  }

  #write({ at, type, key, value, cause, call }: StoredPast): void {
    packed.length = 0
    if (value !== undefined) writeValue(packed, NO_NAMES, value)
    const hasValue = value !== undefined && packed.length <= VALUE_BYTES_MAX
    one.length = 0
    one.instant(at)
    one.byte(
      TYPES.indexOf(type) |
        (CAUSES.indexOf(cause) << CAUSE_SHIFT) |
        (hasValue ? HAS_VALUE : 0) |
        (call ? HAS_CALL : 0) |
        (call?.messageId === undefined ? 0 : HAS_MESSAGE_ID),
    )
    writeName(one, this.#names, key)
    if (hasValue) one.raw(packed.bytes, 0, packed.length)
    if (!call) return
    one.varint(call.arrival)
    if (call.messageId !== undefined) writeValue(one, NO_NAMES, call.messageId)
  }
}

/** Finds where each begins. */
function startsOf(bytes: Buffer): number[] {
  const reader = new EventReader(bytes, NO_NAMES)
  const starts: number[] = []
  while (reader.position < bytes.length) {
    starts.push(reader.position)
    const length = reader.varint()
    reader.position += length
  }
  return starts
}

function readOne(reader: EventReader): StoredPast {
  const at = reader.instant()
  const bits = reader.byte()
  const key = reader.name()
  const value = (bits & HAS_VALUE) === 0 ? undefined : valueOf(reader)
  const arrival = (bits & HAS_CALL) === 0 ? undefined : reader.varint()
  const messageId = (bits & HAS_MESSAGE_ID) === 0 ? undefined : (reader.value() as string)
  return {
    at,
    type: TYPES[bits & TYPE_BITS]!,
    key,
    ...value,
    cause: CAUSES[(bits >> CAUSE_SHIFT) & CAUSE_BITS]!,
    call: arrival === undefined ? undefined : { arrival, messageId },
  }
}

function valueOf(reader: EventReader): { readonly value: JsonValue } {
  return { value: reader.value() }
}
