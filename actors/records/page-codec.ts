/**
 * Parts of pages as bytes. A part is a whole page or what has changed of it since the part before: version · 1 for a
 * whole page, else 0 · for each actor how many bytes it takes and these · 0 · the ordinals of actors that are no more.
 * Versions 1 and 2 were packed lists; version 2 had the deadlines beside the actors.
 */
import { unpack } from 'msgpackr'
import { EventReader } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import { NO_NAMES } from '../packing/name-table.ts'

/** No packed list begins with this byte. */
const VERSION = 3
const LENGTH_BYTES = 4
/** Stands where the next actor's length would. */
const END = 0

const scratch = new Scratch()

/** An actor as a page has it: a record, or a frame of an earlier version with its deadline, if that is known. */
export type StoredActor =
  | { readonly kind: 'record'; readonly bytes: Buffer }
  | { readonly kind: 'frame'; readonly bytes: Uint8Array; readonly dueAt: number | undefined }

/** Writes an actor, if there is one; otherwise nothing, and returns false. */
export type WriteActor = (scratch: Scratch, ordinal: number) => boolean

/** Writes a part of a page, actor by actor. */
export class PagePartWriter {
  readonly #isWhole: boolean
  readonly #gone: number[] = []

  /** Begins a part; the one before must have been ended. */
  constructor(isWhole: boolean) {
    this.#isWhole = isWhole
    scratch.length = 0
    scratch.byte(VERSION)
    scratch.byte(isWhole ? 1 : 0)
  }

  /** Adds an actor, or that it is no more. */
  add(ordinal: number, write: WriteActor): void {
    const start = scratch.length
    scratch.int32(0)
    if (write(scratch, ordinal)) scratch.bytes.writeInt32LE(scratch.length - start - LENGTH_BYTES, start)
    else {
      scratch.length = start
      if (!this.#isWhole) this.#gone.push(ordinal)
    }
  }

  /** Returns the part. */
  end(): Buffer {
    scratch.int32(END)
    for (const ordinal of this.#gone) scratch.varint(ordinal)
    return scratch.copy()
  }
}

export function isOldPart(part: Uint8Array): boolean {
  return part[0] !== VERSION
}

/** Lists the actors of a page, by its parts from the whole page on. */
export function actorsOfPage(parts: readonly Uint8Array[]): readonly StoredActor[] {
  const [first] = parts
  if (!first) return []
  if (isOldPart(first)) return framesOf(first)
  if (parts.length === 1) return readPagePart(first).records.map(asRecord)
  const actors = new Map<number, Buffer>()
  for (const part of parts) {
    const { gone, records } = readPagePart(part)
    for (const ordinal of gone) actors.delete(ordinal)
    for (const record of records) actors.set(ordinalOf(record), record)
  }
  return [...actors.values()].map(asRecord)
}

function readPagePart(part: Uint8Array): { readonly gone: number[]; readonly records: Buffer[] } {
  const reader = new EventReader(Buffer.from(part.buffer, part.byteOffset, part.length), NO_NAMES, 2)
  const [records, gone]: [Buffer[], number[]] = [[], []]
  for (let length = reader.int32(); length !== END; length = reader.int32()) records.push(reader.raw(length))
  while (reader.position < part.length) gone.push(reader.varint())
  return { gone, records }
}

function ordinalOf(record: Buffer): number {
  return new EventReader(record, NO_NAMES, 1).varint()
}

function asRecord(bytes: Buffer): StoredActor {
  return { kind: 'record', bytes }
}

/** Reads versions 1 and 2. */
function framesOf(page: Uint8Array): StoredActor[] {
  const parts = unpack(page) as readonly Uint8Array[] | readonly [readonly Uint8Array[], readonly number[]]
  const [actors, dueAt] = Array.isArray(parts[0])
    ? (parts as readonly [readonly Uint8Array[], readonly number[]])
    : [parts as readonly Uint8Array[], []]
  return actors.map((bytes, index) => ({ kind: 'frame', bytes, dueAt: dueAt[index] }))
}
