/**
 * Makes checkpoints: writes the parts of a cut, a little at a time, and commits it.
 *
 * C1. In one turn of the event loop it encodes for `SLICE_MS`, or for a share of the time that others had in the turn
 *     before, and one page more. The share is a quarter, or more when the journal outgrows the checkpoint: so it ends
 *     under any load. It is never more than `SLICE_MS_MAX`.
 * C2. The journal is trimmed behind the checkpoint before the newest: to fall back loses nothing.
 * C3. One that fails changes nothing: its pages are in the next one again.
 */
import type { ShardCut } from '../../actors/engine/shard-state.ts'
import { sealData, sealIncompressible, sealPart } from './checkpoint-codec.ts'
import {
  chunkName,
  furtherName,
  HEAD,
  type Manifest,
  MANIFEST,
  pageName,
  type PageWriters,
  partsOnlyOf,
  withPart,
  writersOf,
} from './checkpoint-parts.ts'
import type { CheckpointStore } from './checkpoint-store.ts'

export const SLICE_MS = 1
export const SLICE_MS_MAX = 40
const SHARE_MIN = 0.25
/** Bytes of parts that are written at once. */
const WRITE_BYTES = 256 * 1024
/** Writes on their way at once: while one is stored, the next is sent. */
const WRITES_MAX = 2
/** Parts that are being compressed, or wait to be written: more would take memory, fewer would wait for the loop. */
const UNDER_WAY_MAX = 32
/** Names that are removed at once. */
const REMOVE_NAMES = 1_000

/** The state that a checkpoint is to hold. */
export interface CheckpointSource {
  readonly cut: ShardCut
  /** The state of the space beside its engine. */
  readonly rest: unknown
  readonly position: number
  readonly journalId: string
  readonly receivedAt: number
  /** Ids in a chunk of fingerprints. */
  readonly chunkIds: number
  /** Actors on a page. */
  readonly pageActors: number
  /** Further parts of the space: encoded one after the other, as they are now. */
  readonly further: readonly (() => Uint8Array)[]
  /** Returns how much has come since the cut: 1 if the next checkpoint is due. */
  readonly pressure: () => number
}

export interface CheckpointSummary {
  readonly number: number
  readonly bytes: number
  readonly pages: number
  readonly durationMs: number
}

export class Checkpointer {
  readonly #store: CheckpointStore
  /** Lets the event loop go round. */
  readonly #breathe: () => Promise<void>
  readonly #elapsedMs: () => number
  #newest: Manifest | undefined
  #before: Manifest | undefined

  /** @param recovered the checkpoints that are kept, the one that was recovered from first */
  constructor(
    store: CheckpointStore,
    recovered: readonly Manifest[],
    { breathe, elapsedMs }: { readonly breathe: () => Promise<void>; readonly elapsedMs: () => number },
  ) {
    this.#store = store
    ;[this.#newest, this.#before] = recovered
    this.#breathe = breathe
    this.#elapsedMs = elapsedMs
  }

  /** The id of the entry behind which nothing is needed any more; undefined while all is. Keeps C2. */
  get trimBehind(): string | undefined {
    return this.#before?.place
  }

  /** The newest checkpoint; undefined before the first. */
  get newest(): Manifest | undefined {
    return this.#newest
  }

  /** Returns the checkpoints that wrote the parts of a page of the newest one. */
  writersOf(page: number): readonly number[] {
    return writersOf(this.#newest!.pages[page]!)
  }

  /** Resolves when it is committed. @param number greater than that of any before */
  async make(number: number, source: CheckpointSource): Promise<CheckpointSummary> {
    const { cut, rest, position, journalId: place, receivedAt } = source
    const startedMs = this.#elapsedMs()
    const furtherParts = source.further.length
    const manifest: Manifest = { number, position, place, receivedAt, furtherParts, ...this.#writers(number, source) }
    await this.#store.begin(number)
    const writing = new Writing(this.#store, number)
    await this.#writeParts(partsOf(source, manifest), writing, source.pressure)
    writing.add(HEAD, sealData({ shard: cut.head, rest }))
    writing.add(MANIFEST, sealData(manifest))
    await writing.end()
    await this.#store.commit(number, this.#newest?.number, place)
    const durationMs = Math.round(this.#elapsedMs() - startedMs)
    const dropped = this.#before
    this.#before = this.#newest
    this.#newest = manifest
    if (dropped) await this.#remove(partsOnlyOf(dropped, [manifest, ...(this.#before ? [this.#before] : [])]))
    return { number, bytes: writing.bytes, pages: cut.pages.pages.length, durationMs }
  }

  /** Finds the checkpoint that has each part: this one, if the part has changed since the newest. */
  #writers(number: number, { cut, chunkIds, pageActors }: CheckpointSource) {
    const { head, pages: changed } = cut
    const known = this.#newest
    const pages: PageWriters[] = Array.from(
      { length: Math.ceil(head.ordinals / pageActors) },
      (_, page) => known?.pages[page] ?? number,
    )
    for (const one of changed.pages)
      if (one.page < pages.length) pages[one.page] = withPart(known?.pages[one.page], number, one)
    const { first, hours } = head.deduplication
    const next = hours.reduce((place, [, count]) => place + count, first)
    const firstChunk = Math.floor(first / chunkIds)
    const chunks = Array.from({ length: Math.ceil(next / chunkIds) - firstChunk }, (_, index) => {
      // A chunk that was full and at the front already has not changed; its ids that have ended do no harm.
      const chunk = firstChunk + index
      const writer = known?.chunkIds === chunkIds ? known.chunks[chunk - known.firstChunk] : undefined
      const wasFull = known !== undefined && chunk < known.firstChunk + known.chunks.length - 1
      return writer !== undefined && wasFull && chunk > firstChunk ? writer : number
    })
    return { pages, firstChunk, chunks, chunkIds }
  }

  /** Keeps C1. */
  async #writeParts(parts: Iterable<NamedPart>, writing: Writing, pressure: () => number): Promise<void> {
    let sliceStart = this.#elapsedMs()
    let sliceMs = SLICE_MS
    for (const [name, sealing] of parts) {
      writing.add(name, sealing)
      if (writing.isFull) await writing.proceed()
      else if (this.#elapsedMs() - sliceStart < sliceMs) continue
      // Also if it waited for room: there may be room often in one turn of the loop.
      const turnStart = this.#elapsedMs()
      await this.#breathe()
      sliceStart = this.#elapsedMs()
      const share = Math.max(SHARE_MIN, pressure())
      sliceMs = Math.min(SLICE_MS_MAX, Math.max(SLICE_MS, (sliceStart - turnStart) * share))
    }
  }

  async #remove(parts: ReadonlyMap<number, readonly string[]>): Promise<void> {
    for (const [writer, names] of parts)
      for (let from = 0; from < names.length; from += REMOVE_NAMES)
        await this.#store.remove(writer, names.slice(from, from + REMOVE_NAMES))
  }
}

type NamedPart = readonly [name: string, sealing: Promise<Buffer>]

/** Yields the parts that this checkpoint writes, encoded one by one: fingerprints, actors, and the rest. */
function* partsOf({ cut, further }: CheckpointSource, manifest: Manifest): Generator<NamedPart> {
  const { number, chunks, firstChunk, pages } = manifest
  for (const [index, writer] of chunks.entries())
    if (writer === number)
      yield [chunkName(firstChunk + index), sealIncompressible(cut.fingerprints(firstChunk + index))]
  const isWhole = (page: number) => pages[page] === number
  for (let next = cut.pages.take(isWhole); next; next = cut.pages.take(isWhole))
    yield [pageName(next.page), sealPart(next.bytes)]
  for (const [part, encode] of further.entries()) yield [furtherName(part), sealPart(encode())]
}

/** Parts on their way: sealed beside the loop, gathered to writes of some size. */
class Writing {
  readonly #store: CheckpointStore
  readonly #number: number
  #parts: [name: string, bytes: Buffer][] = []
  #gathered = 0
  readonly #underWay = new Set<Promise<void>>()
  readonly #writes = new Set<Promise<void>>()
  #failure: { readonly cause: unknown } | undefined
  bytes = 0

  constructor(store: CheckpointStore, number: number) {
    this.#store = store
    this.#number = number
  }

  get isFull(): boolean {
    return this.#underWay.size >= UNDER_WAY_MAX || this.#writes.size >= WRITES_MAX || this.#failure !== undefined
  }

  /** Adds a part. An error is thrown by the next call. */
  add(name: string, sealing: Promise<Buffer>): void {
    this.#follow(this.#underWay, async () => {
      const bytes = await sealing
      this.#parts.push([name, bytes])
      this.#gathered += bytes.length
      this.bytes += bytes.length
      if (this.#gathered >= WRITE_BYTES) this.#write()
    })
  }

  /** Resolves when there is room for more. */
  async proceed(): Promise<void> {
    if (this.#failure) throw this.#failure.cause
    if (this.#writes.size >= WRITES_MAX) await Promise.race(this.#writes)
    else await Promise.race(this.#underWay)
  }

  /** Resolves when all is stored. */
  async end(): Promise<void> {
    await Promise.all(this.#underWay)
    this.#write()
    await Promise.all(this.#writes)
    if (this.#failure) throw this.#failure.cause
  }

  #write(): void {
    const parts = this.#parts
    this.#parts = []
    this.#gathered = 0
    this.#follow(this.#writes, () => this.#store.write(this.#number, parts))
  }

  #follow(all: Set<Promise<void>>, act: () => Promise<void>): void {
    const followed = act()
      .catch((cause: unknown) => {
        this.#failure ??= { cause }
      })
      .finally(() => all.delete(followed))
    all.add(followed)
  }
}
