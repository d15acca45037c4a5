/**
 * The calls that brought the ids of an actor, as bytes: arrival of the last of them · how many users it has taken over,
 * with their ordinals · for each run of ids that one call brought, in the order of the ids: their number · arrival of
 * the call · receive time, source, messageId. An arrival of 0 stands for a call that is not known: nothing follows it.
 *
 * Example: `u1` and `a1` by call 7, then an email by call 9: 9 · no user · 2, 7, … · 1, 9, …
 *
 * The last call stands by itself, if it neither brought an id nor is an event: those are found where they are.
 */
import { type CallOrigin, laterOf } from '../../src/model/call-origin.ts'
import { type EventReader, writeName } from '../packing/event-codec.ts'
import type { NameTable } from '../packing/name-table.ts'
import { Scratch } from '../packing/scratch.ts'
import { BlobField } from './blob-field.ts'
import { ORIGINS } from './row.ts'
import type { Rows } from './rows.ts'

/** In place of an arrival: they begin with 1. */
const UNKNOWN = 0

interface Run {
  readonly idCount: number
  /** Undefined for ids that came before their calls were kept. */
  readonly origin: CallOrigin | undefined
}

/** All that is kept of an actor's ids beside them. */
interface Kept {
  /** Ordinals of the users that it has taken over. */
  readonly former: readonly number[]
  readonly runs: readonly Run[]
}

/** An actor's row, and how many ids it has. */
export interface NamedRow {
  readonly row: number
  readonly idCount: number
}

const NO_ORDINALS: readonly number[] = []

const scratch = new Scratch()

export class OriginStore {
  readonly field: BlobField
  readonly lastField: BlobField
  readonly #names: NameTable

  constructor(rows: Rows, names: NameTable) {
    this.field = new BlobField(rows, ORIGINS * 2, names)
    this.lastField = new BlobField(rows, ORIGINS * 2 + 1, names)
    this.#names = names
  }

  /** Returns the call that brought each id, in the order of the ids; undefined for one that is not known. */
  ofIds(named: NamedRow): readonly (CallOrigin | undefined)[] {
    return this.#read(named).runs.flatMap(({ idCount, origin }) =>
      new Array<CallOrigin | undefined>(idCount).fill(origin),
    )
  }

  /** Returns the ordinals of the users that it has taken over. */
  former(row: number): readonly number[] {
    const reader = this.field.open(row)?.reader
    if (!reader) return NO_ORDINALS
    reader.varint()
    return readOrdinals(reader)
  }

  /** Records the call that brings so many ids more. */
  add(named: NamedRow, added: number, origin: CallOrigin): void {
    const { former, runs } = this.#read(named)
    this.#write(named.row, { former, runs: [...runs, { idCount: added, origin }] })
  }

  /** Takes over what another user has, whose ids come after those that are there. */
  unite(named: NamedRow, other: NamedRow, ordinal: number): void {
    const [ours, theirs] = [this.#read(named), this.#read(other)]
    const former = [...ours.former, ordinal, ...theirs.former]
    this.#write(named.row, { former, runs: [...ours.runs, ...theirs.runs] })
  }

  /** Returns the last of those calls that brought an id, or are noted; events are not among them. */
  last(row: number): CallOrigin | undefined {
    const noted = this.lastField.open(row)?.reader
    let last = noted && this.#readCall(noted, noted.varint())
    for (const { origin } of this.#read({ row, idCount: 0 }).runs) last = laterOf(last, origin)
    return last
  }

  /** Notes that a call has come, unless it has brought an id. */
  note(row: number, call: CallOrigin): void {
    if (this.field.open(row)?.reader.varint() === call.arrival) return
    scratch.length = 0
    this.#writeCall(call)
    this.lastField.write(row, scratch)
  }

  release(row: number): void {
    this.field.release(row)
    this.lastField.release(row)
  }

  #read({ row, idCount }: NamedRow): Kept {
    const opened = this.field.open(row)
    if (!opened) return { former: [], runs: idCount === 0 ? [] : [{ idCount, origin: undefined }] }
    const { reader, end } = opened
    reader.varint()
    const former = readOrdinals(reader)
    const runs: Run[] = []
    while (reader.position < end) {
      const [count, arrival] = [reader.varint(), reader.varint()]
      runs.push({ idCount: count, origin: arrival === UNKNOWN ? undefined : this.#readCall(reader, arrival) })
    }
    return { former, runs }
  }

  #write(row: number, { former, runs }: Kept): void {
    scratch.length = 0
    scratch.varint(Math.max(...runs.map(({ origin }) => origin?.arrival ?? UNKNOWN)))
    scratch.varint(former.length)
    for (const ordinal of former) scratch.varint(ordinal)
    for (const { idCount, origin } of runs) {
      scratch.varint(idCount)
      if (origin) this.#writeCall(origin)
      else scratch.varint(UNKNOWN)
    }
    this.field.write(row, scratch)
  }

  #readCall(reader: EventReader, arrival: number): CallOrigin {
    return { arrival, receivedAt: reader.instant(), sourceId: reader.name(), messageId: reader.value() as string }
  }

  #writeCall({ arrival, receivedAt, sourceId, messageId }: CallOrigin): void {
    scratch.varint(arrival)
    scratch.instant(receivedAt)
    writeName(scratch, this.#names, sourceId)
    scratch.text(messageId)
  }
}

function readOrdinals(reader: EventReader): readonly number[] {
  return Array.from({ length: reader.varint() }, () => reader.varint())
}
