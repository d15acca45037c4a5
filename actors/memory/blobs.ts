/**
 * Immutable runs of bytes in an arena: a changed one is another one. Layout: header · (length, unused) · the bytes.
 */
import type { Arena } from './arena.ts'
import { BYTES, type WriteBarrier } from './write-barrier.ts'

const CONTENT_WORDS = 2

export class Blobs {
  readonly #arena: Arena
  readonly #barrier: WriteBarrier

  constructor(arena: Arena, barrier: WriteBarrier) {
    this.#arena = arena
    this.#barrier = barrier
  }

  /** Stores the first `length` bytes; returns the reference. */
  add(bytes: Uint8Array, length: number): number {
    const at = this.#barrier.allocate(BYTES, CONTENT_WORDS + ((length + 7) >> 3))
    this.#arena.ints[at * 2 + 2] = length
    const to = this.#arena.bytes
    const start = (at + CONTENT_WORDS) * 8
    // Most are short: a loop is quicker than a call out of JavaScript.
    if (length < 256) for (let index = 0; index < length; index++) to[start + index] = bytes[index]!
    else to.set(bytes.subarray(0, length), start)
    return at
  }

  /** Returns the offset of the first byte in the bytes of the arena. */
  start(at: number): number {
    return (at + CONTENT_WORDS) * 8
  }

  length(at: number): number {
    return this.#arena.ints[at * 2 + 2]!
  }

  /** Releases one when the settlement stands; nothing for 0. */
  remove(at: number): void {
    if (at !== 0) this.#barrier.releaseLater(BYTES, at)
  }

  /** Returns the bytes, valid until the next change. */
  get(at: number): Buffer {
    const start = this.start(at)
    return this.#arena.bytes.subarray(start, start + this.length(at))
  }
}
