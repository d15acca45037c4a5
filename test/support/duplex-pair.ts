/** Two ends of a connection in memory: what is written to one is read from the other; an end that goes takes both. */
import { Duplex } from 'node:stream'

class End extends Duplex {
  other!: End
  /** Chunks that were written to it at once. */
  writes = 0

  override _read(): void {
    // What is written at the other end is pushed.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes++
    this.other.push(chunk)
    done()
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.writes++
    for (const { chunk } of chunks) this.other.push(chunk)
    done()
  }

  override _final(done: () => void): void {
    this.other.push(null)
    done()
  }

  override _destroy(cause: Error | null, done: (error: Error | null) => void): void {
    if (!this.other.destroyed) this.other.destroy()
    done(cause)
  }
}

export function duplexPair(): readonly [End, End] {
  const [near, far] = [new End(), new End()]
  near.other = far
  far.other = near
  return [near, far]
}
