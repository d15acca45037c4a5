/** The head of a checkpoint: a shard but for its actors and fingerprints. */
import type { ActorSystem } from './actor-system.ts'
import type { ShardHead } from './shard-state.ts'

export function headOf(system: ActorSystem): ShardHead {
  const { calls, changeover, clock, deduplication, defined, roster, store, suppressions } = system
  const stored = changeover.stored()
  return {
    clock: clock.now,
    arrivals: calls.arrivals,
    names: [...store.histories.names.toArray()],
    ...(suppressions.size > 0 && { suppressed: suppressions.state() }),
    ...defined.definitions.toData(),
    ...(stored && { changeover: stored }),
    layouts: defined.layouts,
    retention: system.schedule.retention,
    rules: system.rules.version,
    deduplication: deduplication.head(),
    ordinals: roster.nextOrdinal,
  }
}
