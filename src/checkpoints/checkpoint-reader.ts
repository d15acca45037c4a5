/** Reads checkpoints back. A damaged one is reported, and nothing of it is used. */
import { CheckpointDamagedError, openData, openPart } from './checkpoint-codec.ts'
import {
  type CheckpointHead,
  chunkName,
  furtherName,
  HEAD,
  type Manifest,
  MANIFEST,
  pageName,
  writersOf,
} from './checkpoint-parts.ts'
import type { CheckpointStore } from './checkpoint-store.ts'

/** Parts that are asked for at once. */
const READ_PARTS = 64

export async function readManifest(store: CheckpointStore, number: number): Promise<Manifest> {
  const [bytes] = await store.read(number, [MANIFEST])
  const manifest = (await openData(bytes, `the manifest of ${number}`)) as Manifest
  if (manifest.number !== number) throw new CheckpointDamagedError(`checkpoint: ${number} has the manifest of another`)
  return manifest
}

export async function readHead<Rest>(store: CheckpointStore, { number }: Manifest): Promise<CheckpointHead<Rest>> {
  const [bytes] = await store.read(number, [HEAD])
  return (await openData(bytes, `the head of ${number}`)) as CheckpointHead<Rest>
}

/** Reads the pages of actors, in order: each as its parts, the whole page first. */
export async function* readPages(store: CheckpointStore, { pages }: Manifest): AsyncGenerator<Buffer[]> {
  const named = pages.flatMap((writers, page) => writersOf(writers).map((writer) => [writer, pageName(page)] as const))
  let page = 0
  let parts: Buffer[] = []
  for await (const part of readParts(store, named)) {
    parts.push(part)
    if (parts.length < writersOf(pages[page]!).length) continue
    yield parts
    parts = []
    page++
  }
}

/** Reads the chunks of fingerprints, in order. */
export function readChunks(store: CheckpointStore, { firstChunk, chunks }: Manifest): AsyncGenerator<Buffer> {
  return readParts(
    store,
    chunks.map((writer, index) => [writer, chunkName(firstChunk + index)] as const),
  )
}

/** Reads the further parts, in order. */
export function readFurther(store: CheckpointStore, { number, furtherParts = 0 }: Manifest): AsyncGenerator<Buffer> {
  return readParts(
    store,
    Array.from({ length: furtherParts }, (_, index) => [number, furtherName(index)] as const),
  )
}

/** The checkpoint that wrote a part, and the part's name. */
type PartName = readonly [writer: number, name: string]

async function* readParts(store: CheckpointStore, parts: readonly PartName[]): AsyncGenerator<Buffer> {
  const readFrom = (from: number): Promise<Buffer[]> => {
    const reading = readGroup(store, parts.slice(from, from + READ_PARTS))
    // It may not be waited for any more when it fails.
    reading.catch(() => undefined)
    return reading
  }
  let next = readFrom(0)
  for (let from = 0; from < parts.length; from += READ_PARTS) {
    const group = await next
    // On its way while these are used.
    next = readFrom(from + READ_PARTS)
    yield* group
  }
}

async function readGroup(store: CheckpointStore, group: readonly PartName[]): Promise<Buffer[]> {
  const found = new Map<string, Buffer | undefined>()
  for (const writer of new Set(group.map(([one]) => one))) {
    const names = group.filter(([one]) => one === writer).map(([, name]) => name)
    for (const [index, bytes] of (await store.read(writer, names)).entries())
      found.set(`${names[index]} of ${writer}`, bytes)
  }
  // All at once, since threads decompress them.
  return Promise.all(group.map(([writer, name]) => openPart(found.get(`${name} of ${writer}`), `${name} of ${writer}`)))
}
