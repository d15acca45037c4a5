/** One space of the server, put together: its pipeline, its deliveries, and the APIs that lead to it. */
import type { Logger } from 'pino'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import { noteDeletions } from '../dispatch/note-deletions.ts'
import { resealSpace } from '../dispatch/reseal.ts'
import { EXPORT_LIMITS, type ExportLimits } from '../exports/exports.ts'
import type { DeliveryCommand } from '../model/destination.ts'
import type { SpaceMetrics } from '../http/metrics.ts'
import { Traffic } from '../ingest/traffic.ts'
import { SegmentIds } from '../model/segment-id.ts'
import { setTimer } from '../model/timer.ts'
import type { Trace } from '../model/trace.ts'
import { Pipeline } from '../space/pipeline.ts'
import type { PipelineOptions, SpaceJournal } from '../space/pipeline-options.ts'
import { TransitionFeed } from '../space/transition-feed.ts'
import { type DeliverySetup, type RunningDeliveries, startDeliveries } from './deliveries.ts'
import { Backups } from '../exports/backups.ts'
import { Erasure } from './erasure.ts'
import { exportsOf } from './exports.ts'
import { previewsOf } from './previews.ts'
import type { SurfaceParts } from './surfaces.ts'
import { checkpointSpan, jobSpan, tracedJournal } from './tracing.ts'

/** The stores of a space. */
export interface Stores {
  readonly journal: SpaceJournal
  readonly checkpoints?: CheckpointStore & { close?(): void }
  readonly delivery: DeliverySetup
  /** Counts the owners that the journal has had; absent where nobody counts. */
  readonly epoch?: number
  /** Finds out if the journal's Redis answers; absent where there is none. */
  readonly probe?: () => void
  /** Lets the Redis of the product's own write their files anew. */
  readonly rewrite?: () => Promise<void>
  /** Ends connections and processes; absent where there are none. */
  readonly close?: () => Promise<void>
}

export interface SpaceServerOptions {
  readonly spaceId: string
  readonly log: Logger
  readonly metrics: SpaceMetrics
  /** Takes spans of what is done; undefined: nothing is traced. */
  readonly trace: Trace | undefined
  /** The folder for the files of exports; undefined: one among the system's temporary ones. */
  readonly exportsDirectory: string | undefined
  readonly exportLimits: ExportLimits | undefined
  readonly pipeline: Omit<PipelineOptions, 'journal' | 'checkpoints'>
}

/** The parts of a space that its APIs lead to. */
export interface SpaceServer extends SurfaceParts {
  readonly pipeline: Pipeline
  /** Epoch ms. */
  readonly openedAt: number
  /** Finds out if the journal can be reached. */
  readonly probe: () => void
  /** Ends the streams and exports that readers follow, who would hold up the end. */
  dismiss(): Promise<void>
  /** Ends in order: what was taken is answered. The journal stays open. */
  stop(): Promise<void>
  /**
   * Ends likewise, but stores nothing, and resolves when what was taken is answered: from then on another process may
   * have the space. Jobs that are under way go on until `done`; whoever has the space then reads how they went.
   */
  handOver(): Promise<{ readonly done: Promise<void> }>
}

/** Brings a space up to its journal's last entry, and starts it. */
export async function openSpace(stores: Stores, options: SpaceServerOptions): Promise<SpaceServer> {
  const { spaceId, log, metrics, trace } = options
  const { clock = Date.now, timer = setTimer } = options.pipeline
  const running: { delivery?: RunningDeliveries } = {}
  const erasure = new Erasure({
    rewrite: stores.rewrite ?? (() => Promise.resolve()),
    clock,
    timer,
    onFailed: (cause) => log.error({ err: cause }, 'the files of Redis could not be rewritten after a deletion'),
  })
  const journal = trace ? tracedJournal(stores.journal, trace, { spaceId, clock }) : stores.journal
  const pipeline = await openPipeline({ ...stores, journal }, log, {
    ...options.pipeline,
    onCheckpoint: (summary) => {
      metrics.setCheckpoint(summary)
      trace?.(checkpointSpan(summary, spaceId, clock()))
      running.delivery?.checkpointed()
      erasure.checkpointed()
      log.info(summary, 'checkpoint')
      options.pipeline.onCheckpoint?.(summary)
    },
    onCheckpointFailed: (cause) => {
      metrics.countCheckpointFailure()
      options.pipeline.onCheckpointFailed?.(cause)
    },
    onFailure: (cause) => {
      metrics.countFault()
      options.pipeline.onFailure?.(cause)
    },
    onSetAside: (cause) => {
      metrics.countFault()
      options.pipeline.onSetAside?.(cause)
    },
  })
  await upgradeOrStop(pipeline, stores.delivery.secrets, options)
  const { shard, registry, recent, applied$ } = pipeline
  pipeline.changes$.subscribe({ next: ({ type }) => metrics.countTransition(type), error: () => undefined })
  const delivery = startDeliveries(pipeline, stores.delivery, {
    spaceId,
    log,
    clock,
    timer,
    onJob: trace && ((job) => trace(jobSpan(job, spaceId))),
  })
  running.delivery = delivery
  metrics.follow({
    profiles: () => shard.profileCount,
    messageIdsKnownSince: () => shard.deduplication.knownSince,
    deliveries: () => delivery.byDestination(),
    journal: () => {
      const { submissions: requests, bytes } = pipeline.backlog
      return { reachable: pipeline.isJournalReachable ? 1 : 0, requests, bytes }
    },
  })
  const previews = previewsOf(pipeline, { clock, timer })
  const segmentIds = new SegmentIds(spaceId)
  const feed = new TransitionFeed({ shard, registry, segmentIds, recent, applied$, timer })
  const { exportsDirectory: directory, exportLimits: limits = EXPORT_LIMITS } = options
  const { exports, members } = exportsOf(pipeline, {
    segmentIds,
    clock,
    timer,
    directory,
    limits,
  })
  const backups = new Backups({
    backUp: (reader) => pipeline.backUp(options.spaceId, reader),
    timer,
    bytesMax: limits.bytesMax,
    directory: directory && `${directory}-backup`,
  })
  await Promise.all([exports.clear(), backups.clear()])
  applied$.subscribe({
    next: ({ isDeletion, suppressed }) => {
      if (isDeletion) {
        exports.outdate()
        erasure.deleted()
      }
      if (suppressed > 0) metrics.countSuppressed(suppressed)
    },
    error: () => undefined,
  })
  const traffic = new Traffic(clock)
  const dismiss = async (): Promise<void> => {
    previews.stop()
    feed.stop()
    traffic.stop()
    await Promise.all([exports.stop(), backups.stop()])
  }
  const stop = async (): Promise<void> => {
    metrics.forget()
    erasure.stop()
    await Promise.all([dismiss(), delivery.stop().then(() => pipeline.stop())])
  }
  const handOver = async (): Promise<{ readonly done: Promise<void> }> => {
    metrics.forget()
    erasure.stop()
    const done = Promise.all([dismiss(), delivery.stop()]).then(() => undefined)
    await pipeline.stop({ isStored: false })
    return { done }
  }
  const { probe = () => undefined } = stores
  return {
    pipeline,
    openedAt: clock(),
    probe,
    clock,
    delivery,
    previews,
    feed,
    exports,
    members,
    backups,
    traffic,
    dismiss,
    stop,
    handOver,
  }
}

/**
 * Brings destinations to what they are by the present key and the present types, before anybody can change one. A space
 * whose secrets no key opens does not start.
 */
async function upgradeOrStop(
  pipeline: Pipeline,
  secrets: DeliverySetup['secrets'],
  { spaceId, log }: Pick<SpaceServerOptions, 'spaceId' | 'log'>,
): Promise<void> {
  const { outbox } = pipeline
  const command = (given: DeliveryCommand): Promise<void> => pipeline.command(given)
  try {
    const count = await resealSpace({ spaceId, outbox, command }, secrets)
    await noteDeletions({ outbox, command })
    if (count > 0) log.info({ destinations: count }, 'the secrets of destinations have been sealed anew')
  } catch (cause) {
    await pipeline.stop()
    throw cause
  }
}

function openPipeline(
  { journal, checkpoints }: Stores,
  log: Logger,
  options: Omit<PipelineOptions, 'journal' | 'checkpoints'>,
): Promise<Pipeline> {
  return Pipeline.open({
    ...options,
    journal,
    ...(checkpoints && { checkpoints }),
    onDamaged: (cause) => {
      log.error({ err: cause }, 'a checkpoint is damaged; the one before it is tried')
      options.onDamaged?.(cause)
    },
    onStandbyLost: (cause) => {
      log.warn({ err: cause }, 'the standby of the space does not fit; the space is read')
      options.onStandbyLost?.(cause)
    },
    onCheckpointFailed: (cause) => {
      log.error({ err: cause }, 'no checkpoint could be made; it is tried again later')
      options.onCheckpointFailed?.(cause)
    },
    onFailure: (cause) => {
      log.fatal({ err: cause }, 'the pipeline has failed')
      options.onFailure?.(cause)
    },
    onSetAside: (cause) => {
      log.error({ err: cause }, 'a message was set aside')
      options.onSetAside?.(cause)
    },
  })
}
