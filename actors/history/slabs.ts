/**
 * Memory for packed events, off the JavaScript heap: blocks of a few sizes, cut from large slabs. A buffer for each
 * profile would cost more in headers and garbage collection than most profiles hold in events.
 */

const SLAB_BYTES = 4 * 1024 * 1024
/** Block sizes grow by half or a third from one to the next: at most that much of a block is unused. */
const SIZES: readonly number[] = Array.from({ length: 34 }, (_, step) =>
  step % 2 === 0 ? 64 * 2 ** (step / 2) : 96 * 2 ** ((step - 1) / 2),
)

/** A block of a slab; `size` is one of the block sizes. */
export interface Block {
  readonly bytes: Buffer
  readonly offset: number
  readonly size: number
}

export class Slabs {
  readonly #free = new Map<number, Block[]>()
  #slab = Buffer.alloc(0)
  #used = 0
  #total = 0

  /** The size of all slabs. */
  get totalBytes(): number {
    return this.#total
  }

  /** Allocates a block of at least so many bytes; it holds leftovers from before. */
  allocate(needed: number): Block {
    const size = SIZES.find((candidate) => candidate >= needed)
    if (size === undefined || size > SLAB_BYTES)
      return this.#cut(Buffer.allocUnsafeSlow(size ?? needed), 0, size ?? needed)
    const freed = this.#free.get(size)?.pop()
    if (freed) return freed
    if (this.#used + size > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#total += SLAB_BYTES
      this.#used = 0
    }
    this.#used += size
    return { bytes: this.#slab, offset: this.#used - size, size }
  }

  /** Gives a block back. */
  release(block: Block): void {
    if (block.size > SLAB_BYTES) {
      this.#total -= block.size
      return
    }
    const freed = this.#free.get(block.size)
    if (freed) freed.push(block)
    else this.#free.set(block.size, [block])
  }

  #cut(bytes: Buffer, offset: number, size: number): Block {
    this.#total += size
    return { bytes, offset, size }
  }
}
