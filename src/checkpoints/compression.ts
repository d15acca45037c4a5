/** Compresses bytes, and back, on threads beside the event loop: quickly rather than well. */
import { promisify } from 'node:util'
import { constants, deflateRaw, inflateRaw } from 'node:zlib'

const deflate = promisify<Uint8Array, { level: number }, Buffer>(deflateRaw)
const inflate = promisify<Uint8Array, Buffer>(inflateRaw)

export function compress(bytes: Uint8Array): Promise<Buffer> {
  return deflate(bytes, { level: constants.Z_BEST_SPEED })
}

export function decompress(bytes: Uint8Array): Promise<Buffer> {
  return inflate(bytes)
}
