/**
 * A part of a checkpoint as bytes: version of the format · CRC-32 of what follows · the part. What it is made of is
 * msgpack or bytes of the engine's own; a change of either is a new version.
 */
import { crc32 } from 'node:zlib'
import { pack, unpack } from 'msgpackr'

export const CHECKPOINT_VERSION = 1
const START = 5

/** Parts are missing, or are not what was written: the checkpoint before may serve. */
export class CheckpointDamagedError extends Error {
  override readonly name = 'CheckpointDamagedError'
}

/** A later program wrote it: this one must not touch the space. */
export class CheckpointVersionError extends Error {
  override readonly name = 'CheckpointVersionError'
}

export function sealPart(part: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(START + part.length)
  bytes.set(part, START)
  bytes.writeUInt8(CHECKPOINT_VERSION, 0)
  bytes.writeUInt32LE(crc32(bytes.subarray(START)), 1)
  return bytes
}

export function openPart(bytes: Buffer | undefined, name: string): Buffer {
  if (!bytes || bytes.length < START) throw new CheckpointDamagedError(`checkpoint: ${name} is missing`)
  if (bytes[0]! > CHECKPOINT_VERSION)
    throw new CheckpointVersionError(`checkpoint: ${name} has version ${bytes[0]}, expected ${CHECKPOINT_VERSION}`)
  const part = bytes.subarray(START)
  if (bytes[0] !== CHECKPOINT_VERSION || crc32(part) !== bytes.readUInt32LE(1))
    throw new CheckpointDamagedError(`checkpoint: ${name} is damaged: its checksum does not match`)
  return part
}

export function sealData(data: unknown): Buffer {
  return sealPart(pack(data))
}

export function openData(bytes: Buffer | undefined, name: string): unknown {
  return unpack(openPart(bytes, name))
}
