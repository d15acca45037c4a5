/**
 * A file that is written while others work: what is added is gathered, and written between the turns. If much is added
 * at once, it is written there and then, so that memory stays bounded.
 */
import { writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

const FLUSH_BYTES = 64 * 1024
/** So much is held at most. */
const HELD_BYTES_MAX = 1024 * 1024
const READ_BYTES = 8 * 1024
const LINE_FEED = 0x0a

export class SpoolFile {
  readonly #handle: FileHandle
  readonly #grow: (bytes: number) => void
  #parts: Uint8Array[] = []
  #heldBytes = 0
  /** Bytes that are written, or being written. */
  #position = 0

  private constructor(handle: FileHandle, grow: (bytes: number) => void) {
    this.#handle = handle
    this.#grow = grow
  }

  /** @param grow called before each write with its bytes; it may throw */
  static async create(path: string, grow: (bytes: number) => void): Promise<SpoolFile> {
    return new SpoolFile(await open(path, 'wx', 0o600), grow)
  }

  /** True if there is enough for a write. */
  get isFull(): boolean {
    return this.#heldBytes >= FLUSH_BYTES
  }

  add(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.#heldBytes += bytes.byteLength
    if (this.#heldBytes < HELD_BYTES_MAX) return
    const { held, at } = this.#take()
    for (let done = 0; done < held.byteLength;)
      done += writeSync(this.#handle.fd, held, done, held.byteLength - done, at + done)
  }

  async flush(): Promise<void> {
    const { held, at } = this.#take()
    for (let done = 0; done < held.byteLength;)
      done += (await this.#handle.write(held, done, held.byteLength - done, at + done)).bytesWritten
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  /** Hands out all that is held, with its place in the file. */
  #take(): { readonly held: Buffer; readonly at: number } {
    const held = Buffer.concat(this.#parts)
    this.#grow(held.byteLength)
    const at = this.#position
    this.#position += held.byteLength
    this.#parts = []
    this.#heldBytes = 0
    return { held, at }
  }
}

/** Yields the lines of a file, some at a time; only `\n` ends one. */
export async function* linesOf(path: string): AsyncGenerator<readonly string[]> {
  const handle = await open(path)
  try {
    const block = Buffer.allocUnsafe(READ_BYTES)
    // Parts of a line that has not ended.
    let begun: Buffer[] = []
    for (;;) {
      const { bytesRead } = await handle.read(block, 0, READ_BYTES)
      if (bytesRead === 0) return
      const lines: string[] = []
      let start = 0
      for (let end = block.indexOf(LINE_FEED); end >= 0 && end < bytesRead; end = block.indexOf(LINE_FEED, start)) {
        lines.push(Buffer.concat([...begun, block.subarray(start, end)]).toString())
        begun = []
        start = end + 1
      }
      if (start < bytesRead) begun.push(Buffer.from(block.subarray(start, bytesRead)))
      if (lines.length > 0) yield lines
    }
  } finally {
    await handle.close()
  }
}
