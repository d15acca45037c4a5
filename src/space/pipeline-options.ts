/**
 * Options of a pipeline: its journal and checkpoints, its bounds, and callbacks for the events that a server reports.
 */
import type { DeduplicationLimits } from '../../actors/deduplication/deduplication.ts'
import type { MemoryLimits } from '../../actors/memory/actor-memory.ts'
import type { CheckpointSummary } from '../checkpoints/checkpointer.ts'
import type { CheckpointLimits } from '../checkpoints/checkpoint-schedule.ts'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import type { Journal } from '../journal/journal.ts'
import type { WriterLimits } from '../journal/writer.ts'
import type { Slice } from '../model/entry.ts'
import type { Retention } from '../model/retention.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import type { SetTimer } from '../model/timer.ts'
import type { LimitsOf } from '../outbox/outbox-directory.ts'
import type { RecoveryOptions, RecoveryProgress } from './recovery.ts'
import type { Standby } from './standby.ts'

export type SpaceJournal = Journal<SpaceCommand>

export interface PipelineOptions {
  readonly journal: SpaceJournal
  /** Epoch ms. */
  readonly clock?: () => number
  readonly timer?: SetTimer
  /** Elapsed time, ms, by which steps are made as long as they may be. */
  readonly elapsedMs?: () => number
  readonly limits?: Partial<WriterLimits>
  /** Returns the most that an entry of a change of definitions does; by default as much as takes a moment. */
  readonly sliceOf?: () => Slice
  /** Bounds of kept events and users, from now on; undefined: as before. */
  readonly retention?: Retention
  readonly deduplication?: DeduplicationLimits
  /** The memory that is set aside for the actors of the space. */
  readonly memory?: MemoryLimits
  /** Beyond so many bytes of users, those that a checkpoint has leave memory; by default they stay. */
  readonly residentBytesMax?: number
  /** Returns how much may wait for a destination; by default as `destination-limits.ts` says. */
  readonly limitsOf?: LimitsOf
  /** The space as it has been kept while another process had it: nothing need be read then. */
  readonly standby?: Pick<Standby, 'takeOver'>
  /** Called if the standby does not fit, before the space is read instead. */
  readonly onStandbyLost?: (cause: unknown) => void
  /** Where checkpoints are kept; without, every start reads the whole journal. */
  readonly checkpoints?: CheckpointStore
  readonly checkpointLimits?: CheckpointLimits
  readonly onCheckpoint?: (summary: CheckpointSummary) => void
  readonly onCheckpointFailed?: (cause: unknown) => void
  /** Called now and then with the progress of the recovery. */
  readonly onProgress?: (progress: RecoveryProgress) => void
  /** Called for a checkpoint that cannot be used, before the one before it is tried. */
  readonly onDamaged?: (cause: Error) => void
  /** Called once, with the cause, when the pipeline cannot go on; from then on it refuses everything. */
  readonly onFailure?: (cause: unknown) => void
  /** Called for a call, or a deadline, that was set aside through a fault of ours. */
  readonly onSetAside?: (cause: unknown) => void
}

/** Returns how a space is read, whether it is this process's or another's. */
export function recoveryOptionsOf({
  deduplication,
  memory,
  residentBytesMax,
  limitsOf,
  onDamaged,
}: Omit<PipelineOptions, 'journal'>): Pick<RecoveryOptions, 'shard' | 'limitsOf' | 'onDamaged'> {
  return {
    shard: {
      ...(deduplication && { deduplication }),
      ...(memory && { memory }),
      ...(residentBytesMax !== undefined && { residentBytesMax }),
    },
    ...(limitsOf && { limitsOf }),
    onDamaged: (cause) => onDamaged?.(cause),
  }
}
