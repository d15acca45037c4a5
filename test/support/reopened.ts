/** A shard that has been written down, as bytes, and read again. */
import { pack, unpack } from 'msgpackr'
import { Shard } from '../../actors/engine/shard.ts'
import type { ShardCut, ShardOptions, ShardState } from '../../actors/engine/shard-state.ts'

/** All of its state, in hexadecimal: two are compared, and told apart, as texts, which is far quicker than by bytes. */
export function bytesOf(shard: Shard): string {
  return pack(shard.state()).toString('hex')
}

export function reopened(shard: Shard, options: ShardOptions = {}): Shard {
  return Shard.of(unpack(pack(shard.state())) as ShardState, options)
}

/** Takes so many pages of a cut, or all that are left: a page whole at first, then what has changed of it. */
export function takeParts(cut: ShardCut, stored: Map<number, Uint8Array[]>, count = Infinity): void {
  for (let taken = 0; taken < count; taken++) {
    const next = cut.pages.take((page) => !stored.has(page))
    if (!next) return
    stored.set(next.page, [...(stored.get(next.page) ?? []), next.bytes])
  }
}

/** Restores a shard from a cut, all of whose pages have been taken, and those before it. */
export function restoredFrom(cut: ShardCut, stored: ReadonlyMap<number, Uint8Array[]>): Shard {
  const restoring = Shard.restoring(cut.head)
  for (const parts of stored.values()) restoring.addPage(parts)
  if (cut.head.deduplication.hours.length > 0) restoring.addFingerprints(cut.fingerprints(0))
  return restoring.finish()
}

/** Parts of the checkpoints of a shard, from which it goes on with its states. */
export class Stored {
  readonly #parts = new Map<number, Uint8Array[]>()

  reopen(shard: Shard): Shard {
    const cut = shard.cut()
    takeParts(cut, this.#parts)
    return restoredFrom(cut, this.#parts)
  }
}
