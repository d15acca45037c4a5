/** All parts of one checkpoint, as the store has them. */
import type { BackupPart } from './backup-codec.ts'
import { CheckpointDamagedError } from './checkpoint-codec.ts'
import { type Manifest, partsOnlyOf } from './checkpoint-parts.ts'
import type { CheckpointStore } from './checkpoint-store.ts'

/** Parts that are asked for at once: a page takes some 50 KB. */
const READ_PARTS = 64

/** Counts the parts that `storedParts` yields. */
export function partCount(manifest: Manifest): number {
  return [...partsOnlyOf(manifest, []).values()].reduce((sum, names) => sum + names.length, 0)
}

/** Yields the parts, sealed as they are. Throws a CheckpointDamagedError if one is missing. */
export async function* storedParts(store: CheckpointStore, manifest: Manifest): AsyncGenerator<BackupPart> {
  for (const [writer, names] of partsOnlyOf(manifest, []))
    for (let from = 0; from < names.length; from += READ_PARTS) {
      const group = names.slice(from, from + READ_PARTS)
      for (const [index, bytes] of (await store.read(writer, group)).entries()) {
        const name = group[index]!
        if (!bytes) throw new CheckpointDamagedError(`checkpoint: ${name} of ${writer} is missing`)
        yield { writer, name, bytes }
      }
    }
}
