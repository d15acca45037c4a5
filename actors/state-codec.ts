/** The state of a shard as bytes: a version, then the state (msgpack). */
import { pack, unpack } from 'msgpackr'
import type { ShardState } from './shard-state.ts'

/** Of the layout of `ShardState` and of what it holds. */
export const STATE_VERSION = 1

export function encodeState(state: ShardState): Uint8Array {
  return pack({ version: STATE_VERSION, ...state })
}

/** Throws where the bytes are of another version. */
export function decodeState(bytes: Uint8Array): ShardState {
  const { version, ...state } = unpack(bytes) as ShardState & { version: number }
  if (version !== STATE_VERSION) throw new Error(`state of version ${version}, expected ${STATE_VERSION}`)
  return state
}
