/**
 * The parts of a checkpoint, and its manifest, which says which checkpoint wrote each part.
 *
 * M1. A part is written once, under the number of the checkpoint that wrote it, and never changed.
 * M2. A manifest names every part of its checkpoint; parts that no kept manifest names can be removed.
 */
import type { ShardHead } from '../../actors/engine/shard-state.ts'
import type { ChangedPage } from '../../actors/records/pages.ts'

/**
 * The checkpoints that wrote a page: that of the whole page; or a list of it, of the number of actors in later parts,
 * and of the checkpoints that wrote these, in order.
 */
export type PageWriters = number | readonly number[]

/**
 * With so many actors in parts, the page is written whole: half of a page, so that parts and pages together take three
 * times the bytes of what has changed, and a page is read from as many parts at most.
 */
export const PARTS_ACTORS_MAX = 32

export interface Manifest {
  readonly number: number
  /** Position of the first entry that it does not hold. */
  readonly position: number
  /** The entry before that, as the journal names it; see `Journal.idOf`. */
  readonly place: string
  /** Receive time of that entry, epoch ms. */
  readonly receivedAt: number
  /** For each page of actors, by number, the checkpoints that wrote its parts. */
  readonly pages: readonly PageWriters[]
  /** For each chunk of fingerprints from `firstChunk` on, likewise. */
  readonly firstChunk: number
  readonly chunks: readonly number[]
  /** Ids in a chunk of fingerprints; absent where there are 65,536. */
  readonly chunkIds?: number
  /** The number of further parts that it wrote; absent if it is older than further parts. */
  readonly furtherParts?: number
}

/** The part that is written each time. `Rest`: the state of the space beside its engine. */
export interface CheckpointHead<Rest> {
  readonly shard: ShardHead
  readonly rest: Rest
}

/** Lists the checkpoints that wrote the parts of a page, the whole page first. */
export function writersOf(page: PageWriters): readonly number[] {
  return typeof page === 'number' ? [page] : [page[0]!, ...page.slice(2)]
}

/** Adds a part that a checkpoint writes to those of a page, or has it write the whole page. */
export function withPart(page: PageWriters | undefined, writer: number, changed: ChangedPage): PageWriters {
  if (page === undefined || changed.isOld) return writer
  const [whole, actors, ...later] = typeof page === 'number' ? [page, 0] : page
  const together = actors! + changed.count
  return together > PARTS_ACTORS_MAX ? writer : [whole!, together, ...later, writer]
}

export const MANIFEST = 'manifest'
export const HEAD = 'head'

export function pageName(page: number): string {
  return `page:${page}`
}

export function chunkName(chunk: number): string {
  return `chunk:${chunk}`
}

/** Names a further part, which is written each time: state of the space beside its engine. */
export function furtherName(place: number): string {
  return `further:${place}`
}

/** Lists the parts of one checkpoint that none of the others has, by the checkpoint that wrote them. Keeps M2. */
export function partsOnlyOf(manifest: Manifest, others: readonly Manifest[]): Map<number, string[]> {
  const further = Array.from({ length: manifest.furtherParts ?? 0 }, (_, place) => furtherName(place))
  const only = new Map([[manifest.number, [MANIFEST, HEAD, ...further]]])
  const add = (writer: number, name: string): void => {
    const names = only.get(writer)
    if (names) names.push(name)
    else only.set(writer, [name])
  }
  for (const [page, writers] of manifest.pages.entries())
    for (const writer of writersOf(writers))
      if (others.every(({ pages }) => page >= pages.length || !writersOf(pages[page]!).includes(writer)))
        add(writer, pageName(page))
  for (const [index, writer] of manifest.chunks.entries()) {
    const chunk = manifest.firstChunk + index
    if (others.every(({ firstChunk, chunks }) => chunks[chunk - firstChunk] !== writer)) add(writer, chunkName(chunk))
  }
  return only
}
