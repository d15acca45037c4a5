/**
 * The checkpoints of a space: their contents, their schedule, and the pages of users that have left memory for them.
 */
import { pack } from 'msgpackr'
import { CHUNK_IDS } from '../../actors/deduplication/deduplication.ts'
import { PAGE_ACTORS } from '../../actors/records/pages.ts'
import { BACKUP_VERSION, encodeBackup } from '../checkpoints/backup-codec.ts'
import { Checkpointer, type CheckpointSource, type CheckpointSummary } from '../checkpoints/checkpointer.ts'
import { type CheckpointLimits, CheckpointSchedule, type CheckpointStatus } from '../checkpoints/checkpoint-schedule.ts'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import { ColdPages } from '../checkpoints/cold-pages.ts'
import { partCount, storedParts } from '../checkpoints/stored-parts.ts'
import { JournalLostError } from '../journal/journal-lost-error.ts'
import type { Journal } from '../journal/journal.ts'
import type { Backup } from '../model/backup.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import type { SetTimer } from '../model/timer.ts'
import type { DestinationOutboxState } from '../outbox/space-outbox.ts'
import type { RecoveredSpace, SpaceRest } from './recovery.ts'

export interface SpaceCheckpointsOptions {
  readonly store: CheckpointStore
  readonly space: RecoveredSpace
  readonly journal: Journal<SpaceCommand>
  readonly limits: CheckpointLimits
  readonly timer: SetTimer
  readonly onMade: (summary: CheckpointSummary) => void
  readonly onFailed: (cause: unknown) => void
  /** Called if another server owns the journal by now, or the journal has lost entries. */
  readonly onJournalLost: (cause: JournalLostError) => void
}

/** Queues of one outbox in one part of a checkpoint: encoded in a few milliseconds. */
const PART_QUEUES = 500

export class SpaceCheckpoints {
  readonly coldPages: ColdPages
  readonly #options: SpaceCheckpointsOptions
  readonly #schedule: CheckpointSchedule
  readonly #checkpointer: Checkpointer
  /** Position of the next entry to be applied. */
  #position: number
  #receivedAt: number

  constructor(options: SpaceCheckpointsOptions) {
    this.#options = options
    const { store, space, journal, limits, timer, onMade, onFailed, onJournalLost } = options
    const { shard, manifests, nextCheckpoint, entries, receivedAt } = space
    this.#position = journal.nextPosition
    this.#receivedAt = receivedAt
    const pace = { breathe: immediately, elapsedMs: () => performance.now() }
    const checkpointer = new Checkpointer(store, manifests, pace)
    this.#checkpointer = checkpointer
    const { residentPages } = shard
    this.coldPages = new ColdPages({ store, residentPages, writersOf: (page) => checkpointer.writersOf(page) })
    this.#schedule = new CheckpointSchedule({
      checkpointer,
      limits,
      timer,
      nextNumber: nextCheckpoint,
      source: () => this.#source(),
      ended: (isStored) => shard.endCut(isStored),
      trim: (journalId) => journal.trim(journalId),
      onMade,
      onFailed: (cause) => (cause instanceof JournalLostError ? onJournalLost(cause) : onFailed(cause)),
    })
    if (entries > 0) this.#schedule.applied(0, receivedAt)
  }

  get status(): CheckpointStatus {
    return this.#schedule.status
  }

  /** Counts an entry that has been applied. @param bytes that it takes up in the journal, about */
  applied({ receivedAt, bytes }: { readonly receivedAt: number; readonly bytes: number }): void {
    this.#receivedAt = receivedAt
    this.#position++
    this.#schedule.applied(bytes, receivedAt)
  }

  /**
   * Makes a checkpoint of the present, and lets it be read as a backup. Rejects if it cannot be made, or with the cause
   * of the reader.
   */
  async read(spaceId: string, reader: (backup: Backup) => Promise<void>): Promise<void> {
    const { store } = this.#options
    await this.#schedule.read(async () => {
      const manifest = this.#checkpointer.newest!
      const { number: checkpoint, receivedAt: asOf } = manifest
      const header = { version: BACKUP_VERSION, spaceId, checkpoint, asOf, parts: partCount(manifest) }
      await reader({ asOf, bytes: encodeBackup(header, storedParts(store, manifest)) })
    })
  }

  /** Makes a checkpoint of the present; resolves when it is stored, or has failed. */
  make(): Promise<void> {
    return this.#schedule.make()
  }

  /** Begins no checkpoint any more: the present must not be stored. */
  abandon(): void {
    this.#schedule.abandon()
  }

  /** Resolves when a last checkpoint, of the present, is stored. */
  stop(): Promise<void> {
    return this.#schedule.stop()
  }

  #source(): Omit<CheckpointSource, 'pressure'> {
    const { space, journal } = this.#options
    const { shard, registry, outbox, recent, sizes, observed, audit } = space
    const rest: SpaceRest = {
      registry: registry.state(),
      recent: recent.state(),
      sizes: sizes.state(),
      observed: observed.state(),
      audit: audit.state(),
      deliveries: outbox.state(),
    }
    return {
      cut: shard.cut(),
      rest,
      position: this.#position,
      journalId: this.#position === 0 ? '' : journal.idOf(this.#position - 1),
      receivedAt: this.#receivedAt,
      chunkIds: CHUNK_IDS,
      pageActors: PAGE_ACTORS,
      further: outbox.outboxes().flatMap(inParts),
    }
  }
}

function inParts({ destinationId, lines }: DestinationOutboxState): (() => Uint8Array)[] {
  const starts = Array.from({ length: Math.ceil(lines.length / PART_QUEUES) }, (_, part) => part * PART_QUEUES)
  return starts.map((start) => () => pack({ destinationId, lines: lines.slice(start, start + PART_QUEUES) }))
}

function immediately(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
