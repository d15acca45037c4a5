/** The options of every shard of this bench, so that they are set in one place. */
import type { ShardOptions } from '../../actors/engine/shard-state.ts'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'

/** @param liveStatesMax states that are objects while they are in use; as many as by default if undefined */
export function shardOptions(definitions: readonly DefinitionSource[], liveStatesMax?: number): ShardOptions {
  return { definitions, memory: LARGE_MEMORY, ...(liveStatesMax !== undefined && { liveStatesMax }) }
}
