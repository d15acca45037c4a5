/**
 * Calls as text, parsed anew for every run: so each run takes up objects as JSON.parse gives them, and nothing that
 * another run has touched; and what waits its turn is off the heap.
 */
import type { CallsEntry, RawCall } from '../../src/model/entry.ts'

const CHUNK_CALLS = 500

export interface Calls {
  readonly chunks: readonly Chunk[]
  readonly count: number
  /** Calls that repeat a `messageId`. */
  readonly duplicateCount: number
  /** Receive time of the last call, epoch ms. */
  readonly end: number
}

/** Calls that are parsed together. */
export interface Chunk {
  /** A JSON array of calls. */
  readonly json: Buffer
  readonly receivedAt: readonly number[]
}

export class CallWriter {
  readonly #chunks: Chunk[] = []
  #texts: string[] = []
  #instants: number[] = []
  #count = 0
  #end = 0

  /** @param text a call as JSON; @param receivedAt epoch ms, never smaller than the one before */
  add(text: string, receivedAt: number): void {
    this.#texts.push(text)
    this.#instants.push(receivedAt)
    this.#count++
    this.#end = receivedAt
    if (this.#texts.length === CHUNK_CALLS) this.#closeChunk()
  }

  finish(duplicateCount = 0): Calls {
    if (this.#texts.length > 0) this.#closeChunk()
    return { chunks: this.#chunks, count: this.#count, duplicateCount, end: this.#end }
  }

  #closeChunk(): void {
    this.#chunks.push({ json: Buffer.from(`[${this.#texts.join(',')}]`), receivedAt: this.#instants })
    this.#texts = []
    this.#instants = []
  }
}

/** The chunk's calls, an entry of the journal each. */
export function parseChunk({ json, receivedAt }: Chunk): CallsEntry<RawCall>[] {
  const bodies = JSON.parse(json.toString()) as unknown[]
  return bodies.map((body, index) => entryOf(body, receivedAt[index]!))
}

/** An entry of one call. */
export function entryOf(body: unknown, receivedAt: number): CallsEntry<RawCall> {
  return { kind: 'calls', receivedAt, calls: [{ body, sourceId: 'shop' }] }
}
