/** A shard that has been written down, as bytes, and read again. */
import { pack, unpack } from 'msgpackr'
import { Shard } from '../../actors/engine/shard.ts'
import type { ShardOptions, ShardState } from '../../actors/engine/shard-state.ts'

export function bytesOf(shard: Shard): Buffer {
  return pack(shard.state())
}

export function reopened(shard: Shard, options: ShardOptions = {}): Shard {
  return Shard.of(unpack(bytesOf(shard)) as ShardState, options)
}
