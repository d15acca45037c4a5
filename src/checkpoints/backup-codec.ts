/**
 * A backup as a file: the parts of one checkpoint as the store has them, one after the other, between a header and an
 * end. Each is a record: length in four bytes · msgpack. Parts have checksums of their own; the end has one of all.
 */
import { createHash } from 'node:crypto'
import { pack, unpack } from 'msgpackr'
import { EngineError } from '../model/errors.ts'

export const BACKUP_VERSION = 1
const MAGIC = Buffer.from('rollcall backup\n')
const LENGTH_BYTES = 4
/** A longer record is no record of ours. */
const RECORD_BYTES_MAX = 2 ** 31

export interface BackupHeader {
  readonly version: number
  readonly spaceId: string
  /** The checkpoint that it is. */
  readonly checkpoint: number
  /** The instant of its state, epoch ms. */
  readonly asOf: number
  readonly parts: number
}

export interface BackupPart {
  /** The checkpoint that wrote it. */
  readonly writer: number
  readonly name: string
  readonly bytes: Buffer
}

interface BackupEnd {
  readonly parts: number
  readonly sha256: string
}

/** Yields the bytes of a backup. */
export async function* encodeBackup(header: BackupHeader, parts: AsyncIterable<BackupPart>): AsyncGenerator<Buffer> {
  yield MAGIC
  yield recordOf(header)
  const sum = new PartSum()
  for await (const part of parts) {
    sum.add(part)
    yield recordOf([part.writer, part.name, part.bytes])
  }
  yield recordOf(sum.end())
}

/**
 * Reads a backup. `parts` must be read to its end: it throws there unless all is as it was written. Throws an
 * EngineError for a file that is none, is damaged, ends early, or is a later program's.
 */
export async function decodeBackup(
  bytes: AsyncIterable<Buffer>,
): Promise<{ readonly header: BackupHeader; readonly parts: AsyncGenerator<BackupPart> }> {
  const records = recordsOf(bytes)
  const first = await records.next()
  if (first.done) throw damaged('it ends before its header')
  const header = first.value as BackupHeader
  if (header.version !== BACKUP_VERSION)
    throw damaged(`it has version ${header.version}, expected ${BACKUP_VERSION}: a later program wrote it`)
  return { header, parts: partsOf(records, header) }
}

async function* partsOf(records: AsyncGenerator, { parts: expected }: BackupHeader): AsyncGenerator<BackupPart> {
  const sum = new PartSum()
  for await (const record of records) {
    if (Array.isArray(record)) {
      const [writer, name, bytes] = record as [number, string, Buffer]
      const part = { writer, name, bytes }
      sum.add(part)
      yield part
      continue
    }
    const { parts, sha256 } = record as BackupEnd
    const found = sum.end()
    if (found.parts === parts && parts === expected && found.sha256 === sha256) return
    throw damaged('its checksum does not match')
  }
  throw damaged('it ends before its end: it was not written whole')
}

async function* recordsOf(bytes: AsyncIterable<Buffer>): AsyncGenerator {
  const reader = new ByteReader(bytes)
  const magic = await reader.take(MAGIC.length)
  if (!magic?.equals(MAGIC)) throw damaged('expected a file that `rollcall backup` has written')
  for (let length = await reader.take(LENGTH_BYTES); length; length = await reader.take(LENGTH_BYTES)) {
    const size = length.readUInt32LE(0)
    if (size > RECORD_BYTES_MAX) throw damaged('it has a record without an end')
    const record = await reader.take(size)
    if (!record) throw damaged('it ends within a part')
    yield decoded(record)
  }
}

function decoded(record: Buffer): unknown {
  try {
    return unpack(record)
  } catch {
    throw damaged('it has a record that cannot be read')
  }
}

function recordOf(record: unknown): Buffer {
  const packed = pack(record)
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(packed.length, 0)
  return Buffer.concat([length, packed])
}

/** The count and the checksum of parts, in their order. */
class PartSum {
  readonly #hash = createHash('sha256')
  #parts = 0

  add({ writer, name, bytes }: BackupPart): void {
    this.#hash.update(`${writer} ${name} ${bytes.length}\n`).update(bytes)
    this.#parts++
  }

  end(): BackupEnd {
    return { parts: this.#parts, sha256: this.#hash.digest('hex') }
  }
}

/** Takes bytes from chunks of any size. */
class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>
  #held: Buffer[] = []
  #heldBytes = 0

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** Resolves with so many bytes; with undefined if there are fewer. */
  async take(count: number): Promise<Buffer | undefined> {
    while (this.#heldBytes < count) {
      const next = await this.#chunks.next()
      if (next.done) return undefined
      this.#held.push(next.value)
      this.#heldBytes += next.value.length
    }
    const all = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held)
    this.#held = [all.subarray(count)]
    this.#heldBytes -= count
    return all.subarray(0, count)
  }
}

function damaged(why: string): EngineError {
  return new EngineError('invalid_backup', `backup: ${why}`)
}
