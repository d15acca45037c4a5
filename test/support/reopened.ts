/** A shard that has been written down, as bytes, and read again. */
import { pack, unpack } from 'msgpackr'
import { Shard } from '../../actors/engine/shard.ts'
import type { ShardOptions, ShardState } from '../../actors/engine/shard-state.ts'

/** All of its state, in hexadecimal: two are compared, and told apart, as texts, which is far quicker than by bytes. */
export function bytesOf(shard: Shard): string {
  return pack(shard.state()).toString('hex')
}

export function reopened(shard: Shard, options: ShardOptions = {}): Shard {
  return Shard.of(unpack(pack(shard.state())) as ShardState, options)
}
