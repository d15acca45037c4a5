/**
 * Parts of pages as bytes. A part is a whole page or what has changed of it since the part before: version · 1 for a
 * whole page, else 0 · ordinals of actors that are no more · the others, each as a run. Versions 1 and 2 were packed
 * lists; version 2 had the deadlines beside the actors.
 */
import { unpack } from 'msgpackr'
import { EventReader, Scratch } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'

/** No packed list begins with this byte. */
const VERSION = 3

const scratch = new Scratch()

export interface PagePart {
  readonly isWhole: boolean
  /** Ordinals of actors that are no more. */
  readonly gone: readonly number[]
  readonly records: readonly Uint8Array[]
}

/** An actor as a page has it: a record, or a frame of an earlier version with its deadline, if that is known. */
export type StoredActor =
  | { readonly kind: 'record'; readonly bytes: Buffer }
  | { readonly kind: 'frame'; readonly bytes: Uint8Array; readonly dueAt: number | undefined }

export function writePagePart({ isWhole, gone, records }: PagePart): Buffer {
  scratch.length = 0
  scratch.byte(VERSION)
  scratch.byte(isWhole ? 1 : 0)
  scratch.varint(gone.length)
  for (const ordinal of gone) scratch.varint(ordinal)
  scratch.varint(records.length)
  for (const record of records) scratch.run(record)
  return scratch.copy()
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
  const gone = Array.from({ length: reader.varint() }, () => reader.varint())
  return { gone, records: Array.from({ length: reader.varint() }, () => reader.run()) }
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
