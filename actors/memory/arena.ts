/**
 * Memory off the JavaScript heap, reserved whole at the start, so that its views never change: pages that nothing was
 * written to cost nothing. It is given out in blocks, each named by the index of its first word of eight bytes.
 *
 * B1. A block begins with a header word: the stamp of the write barrier, then its size class. The rest is its owner's.
 * B2. Blocks come in sizes; a block that is released is given out again as it is, with leftovers.
 *
 * Example: `allocate(5)` gives a block of 6 words, `at`; its first word of content is `doubles[at + 1]`, or as two
 * integers `ints[2 * at + 2]` and `ints[2 * at + 3]`.
 */
import { EngineError } from '../../src/model/errors.ts'

/** Words of the header of a block. */
export const HEADER_WORDS = 1

/** Sizes of blocks in words: from one to the next they grow by a quarter or a half. */
const SIZES: readonly number[] = sizes()
/** By the number of words, up to `SMALL_WORDS`: the smallest class that holds them. */
const SMALL_WORDS = 4096
const CLASS_OF = classes()

/** Node has it; the library of types that is used here does not know it. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
}

/** The first words are nobody's, and zero: a reference of 0 means none, and may be followed all the same. */
const NOBODY_WORDS = 16

/** An arena larger than this is reserved, but not taken, from the operating system. */
const RESERVED_FROM_BYTES = 64 * 1024 * 1024
const WASM_PAGE_BYTES = 65_536
/** Word indexes, doubled, must stay small integers. */
const ARENA_BYTES_MAX = 2 * 1024 * 1024 * 1024

export class Arena {
  readonly doubles: Float64Array
  readonly ints: Int32Array
  readonly bytes: Buffer
  /** By class: the first free block; the second integer of a free block names the next. */
  readonly #free = new Int32Array(SIZES.length)
  #top = NOBODY_WORDS
  #usedWords = 0

  /** @param capacityBytes at most 2 GB */
  constructor(capacityBytes: number) {
    const memory = reserve(Math.min(capacityBytes, ARENA_BYTES_MAX))
    this.doubles = new Float64Array(memory)
    this.ints = new Int32Array(memory)
    this.bytes = Buffer.from(memory)
    this.doubles.fill(0, 0, NOBODY_WORDS)
  }

  /** Bytes of the blocks that are given out. */
  get usedBytes(): number {
    return this.#usedWords * 8
  }

  /** Allocates a block with room for so many words, its header included. Throws an EngineError if the arena is full. */
  allocate(words: number): number {
    const size = classOf(words)
    let at = this.#free[size]!
    if (at !== 0) this.#free[size] = this.ints[at * 2 + 1]!
    else {
      at = this.#top
      if (at + SIZES[size]! > this.doubles.length) throw full()
      this.#top = at + SIZES[size]!
    }
    this.#usedWords += SIZES[size]!
    this.ints[at * 2] = 0
    this.ints[at * 2 + 1] = size
    return at
  }

  /** Takes a block back. */
  release(at: number): void {
    const size = this.ints[at * 2 + 1]!
    this.#usedWords -= SIZES[size]!
    this.ints[at * 2 + 1] = this.#free[size]!
    this.#free[size] = at
  }

  /** Returns the number of words of a block, its header included. */
  wordsOf(at: number): number {
    return SIZES[this.ints[at * 2 + 1]!]!
  }
}

function full(): EngineError {
  return new EngineError('memory_full', 'The memory for profiles is full: raise PROFILES_MEMORY_MB, or keep less')
}

function reserve(bytes: number): ArrayBuffer {
  // Not cleared: whoever gets a block fills it.
  if (bytes < RESERVED_FROM_BYTES) return Buffer.allocUnsafeSlow(Math.ceil(bytes / 8) * 8).buffer
  const pages = Math.ceil(bytes / WASM_PAGE_BYTES)
  return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer
}

function classOf(words: number): number {
  if (words <= SMALL_WORDS) return CLASS_OF[words]!
  let size = CLASS_OF[SMALL_WORDS]!
  while (SIZES[size]! < words) size++
  return size
}

function sizes(): number[] {
  const all = [2, 3, 4]
  for (let base = 4; base <= 2 ** 26; base *= 2) all.push(base * 1.25, base * 1.5, base * 1.75, base * 2)
  return all
}

function classes(): Uint8Array {
  const table = new Uint8Array(SMALL_WORDS + 1)
  for (let words = 0, size = 0; words <= SMALL_WORDS; words++) {
    while (SIZES[size]! < words) size++
    table[words] = size
  }
  return table
}
