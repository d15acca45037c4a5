/**
 * A part of a checkpoint as bytes: version of the format · CRC-32 of the rest · a byte that says if the part is
 * compressed · the part. A part is msgpack or bytes of the engine's own; a change of either is a new version. Version 1
 * compressed nothing, and had no byte for it; version 2 had actors without their states, and whole pages alone.
 */
import { crc32 } from 'node:zlib'
import { pack, unpack } from 'msgpackr'
import { compress, decompress } from './compression.ts'

export const CHECKPOINT_VERSION = 3
/** Version and checksum. */
const START = 5
const PLAIN = 0
const COMPRESSED = 1
/** Smaller parts are stored as they are. */
const COMPRESSED_FROM = 512

/** Thrown if parts are missing or damaged: the checkpoint before may serve. */
export class CheckpointDamagedError extends Error {
  override readonly name = 'CheckpointDamagedError'
}

/** Thrown if a later program wrote the checkpoint: this one must not touch the space. */
export class CheckpointVersionError extends Error {
  override readonly name = 'CheckpointVersionError'
}

/** Encodes a part. The part may change once this has returned, and before it resolves. */
export async function sealPart(part: Uint8Array): Promise<Buffer> {
  if (part.length < COMPRESSED_FROM) return sealed(PLAIN, part)
  return sealed(COMPRESSED, await compress(Buffer.from(part)))
}

/** Encodes a part that is as good as random: it would not become smaller, and trying takes long. */
export function sealIncompressible(part: Uint8Array): Promise<Buffer> {
  return Promise.resolve(sealed(PLAIN, part))
}

/** Decodes a part. Rejects with a CheckpointDamagedError if it is not as it was written. */
export async function openPart(bytes: Buffer | undefined, name: string): Promise<Buffer> {
  if (!bytes || bytes.length <= START) throw new CheckpointDamagedError(`checkpoint: ${name} is missing`)
  if (bytes[0]! > CHECKPOINT_VERSION)
    throw new CheckpointVersionError(`checkpoint: ${name} has version ${bytes[0]}, expected ${CHECKPOINT_VERSION}`)
  const rest = bytes.subarray(START)
  if (bytes[0] === 0 || crc32(rest) !== bytes.readUInt32LE(1))
    throw new CheckpointDamagedError(`checkpoint: ${name} is damaged: its checksum does not match`)
  if (bytes[0] === 1) return rest
  const part = rest.subarray(1)
  return rest[0] === COMPRESSED ? decompress(part) : part
}

export function sealData(data: unknown): Promise<Buffer> {
  return sealPart(pack(data))
}

export async function openData(bytes: Buffer | undefined, name: string): Promise<unknown> {
  return unpack(await openPart(bytes, name))
}

function sealed(kind: number, part: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(START + 1 + part.length)
  bytes.writeUInt8(kind, START)
  bytes.set(part, START + 1)
  bytes.writeUInt8(CHECKPOINT_VERSION, 0)
  bytes.writeUInt32LE(crc32(bytes.subarray(START)), 1)
  return bytes
}
