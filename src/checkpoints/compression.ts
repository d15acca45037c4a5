/**
 * Compresses bytes, and back, beside the event loop: quickly rather than well. What is compressed is some ten kilobytes
 * of like records: a window of eight finds most of what one of thirty-two does, in a quarter of the memory. All of that
 * counts for the collector, which would run more often.
 */
import { promisify } from 'node:util'
import { constants, deflateRaw, inflateRaw, type ZlibOptions } from 'node:zlib'

const OPTIONS: ZlibOptions = { level: constants.Z_BEST_SPEED, windowBits: 13, memLevel: 6 }

const deflate = promisify<Uint8Array, ZlibOptions, Buffer>(deflateRaw)
const inflate = promisify<Uint8Array, Buffer>(inflateRaw)

/** The compression that was asked for last. */
let last: Promise<unknown> = Promise.resolve()

/** One after the other: on several threads at once they would take the processor away from the event loop. */
export function compress(bytes: Uint8Array): Promise<Buffer> {
  const compressed = last.then(() => deflate(bytes, OPTIONS))
  last = compressed.catch(() => undefined)
  return compressed
}

export function decompress(bytes: Uint8Array): Promise<Buffer> {
  return inflate(bytes)
}
