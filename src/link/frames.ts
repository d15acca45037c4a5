/**
 * Frames of a link: length of all that follows · kind · number of the request · payload. Both ways alike.
 *
 * F1. A frame that says it is longer than allowed ends the link: nothing is kept of it.
 */

export const FRAME = { proof: 1, request: 2, taken: 3, refused: 4, misdirected: 5, closing: 6 } as const

export interface Frame {
  readonly kind: number
  /** Number of the request that it is about. */
  readonly id: number
  /** Part of what came in: it lives as long as that. */
  readonly payload: Buffer
}

const LENGTH_BYTES = 4
export const HEAD_BYTES = LENGTH_BYTES + 5

/** Writes the head of a frame, and makes room for so many bytes of its payload. */
export function frameHead(kind: number, id: number, payloadBytes: number, room: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + room)
  bytes.writeUInt32LE(HEAD_BYTES - LENGTH_BYTES + payloadBytes, 0)
  bytes[LENGTH_BYTES] = kind
  bytes.writeUInt32LE(id, LENGTH_BYTES + 1)
  return bytes
}

export function frameOf(kind: number, id: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const bytes = frameHead(kind, id, payload.byteLength, payload.byteLength)
  bytes.set(payload, HEAD_BYTES)
  return bytes
}

/** Finds the frames in the bytes of a connection. */
export class FrameReader {
  readonly #bytesMax: number
  #chunks: Buffer[] = []
  #held = 0
  /** Bytes that the next look needs. */
  #needed = HEAD_BYTES

  /** @param bytesMax the most that a frame may say of its length */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Takes bytes up; returns the frames that they complete. Throws an Error for one that is none. Keeps F1. */
  read(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk)
    this.#held += chunk.byteLength
    if (this.#held < this.#needed) return []
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    const frames: Frame[] = []
    let at = 0
    this.#needed = HEAD_BYTES
    while (bytes.byteLength - at >= HEAD_BYTES) {
      const length = LENGTH_BYTES + bytes.readUInt32LE(at)
      if (length < HEAD_BYTES || length > this.#bytesMax) throw new Error(`link: a frame of ${length} bytes`)
      if (bytes.byteLength - at < length) {
        this.#needed = length
        break
      }
      const payload = bytes.subarray(at + HEAD_BYTES, at + length)
      frames.push({ kind: bytes[at + LENGTH_BYTES]!, id: bytes.readUInt32LE(at + LENGTH_BYTES + 1), payload })
      at += length
    }
    this.#chunks = at < bytes.byteLength ? [bytes.subarray(at)] : []
    this.#held = bytes.byteLength - at
    return frames
  }
}
