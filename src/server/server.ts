/** The server, put together: HTTP, the pipeline of its space, and deliveries. */
import type { Logger } from 'pino'
import type { Shard } from '../../actors/engine/shard.ts'
import { type AnsweredRequest, createApp, createStartingApp } from '../http/app.ts'
import { createMetrics } from '../http/metrics.ts'
import { type HttpServer, listen } from '../http/server.ts'
import { EXPORT_LIMITS, type ExportLimits } from '../exports/exports.ts'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import { Pipeline } from '../space/pipeline.ts'
import { TransitionFeed } from '../space/transition-feed.ts'
import { setTimer } from '../model/timer.ts'
import type { PipelineOptions, SpaceJournal } from '../space/pipeline-options.ts'
import { type DeliverySetup, type RunningDeliveries, startDeliveries } from './deliveries.ts'
import { Erasure } from './erasure.ts'
import { exportsOf } from './exports.ts'
import { previewsOf } from './previews.ts'
import { type SurfaceConfig, surfacesOf } from './surfaces.ts'

export interface ServerConfig extends SurfaceConfig {
  readonly host: string
  readonly port: number
  /** The folder for the files of exports; undefined: one among the system's temporary ones. */
  readonly exportsDirectory?: string
  readonly exportLimits?: ExportLimits
  /** Called with its address, before it is ready. */
  readonly onListening?: (url: string) => void
}

/** The stores of a space. */
export interface Stores {
  readonly journal: SpaceJournal
  readonly checkpoints?: CheckpointStore & { close?(): void }
  readonly delivery: DeliverySetup
  /** Lets the Redis of the product's own write their files anew. */
  readonly rewrite?: () => Promise<void>
}

export interface RunningServer {
  readonly url: string
  readonly pipeline: Pipeline
  /** Answers the requests under way, then ends; the journal stays open. */
  stop(): Promise<void>
}

/** Listens, refuses all requests until the journal has been read, and then serves. Port 0: any that is free. */
export async function startServer(
  config: ServerConfig,
  log: Logger,
  openStores: () => Promise<Stores>,
  options: Omit<PipelineOptions, 'journal' | 'checkpoints'>,
): Promise<RunningServer> {
  const running: { delivery?: RunningDeliveries } = {}
  const http = await listen(createStartingApp(), config)
  config.onListening?.(http.url)
  try {
    const stores = await openStores()
    const { clock = Date.now, timer = setTimer } = options
    const erasure = new Erasure({
      rewrite: stores.rewrite ?? (() => Promise.resolve()),
      clock,
      timer,
      onFailed: (cause) => log.error({ err: cause }, 'the files of Redis could not be rewritten after a deletion'),
    })
    const space: { shard?: Shard } = {}
    const metrics = createMetrics({
      profiles: () => space.shard?.profileCount ?? 0,
      messageIdsKnownSince: () => space.shard?.deduplication.knownSince,
      deliveries: () => running.delivery?.byDestination() ?? [],
    })
    const pipeline = await openPipeline(stores, log, {
      ...options,
      onCheckpoint: (summary) => {
        metrics.setCheckpoint(summary)
        running.delivery?.checkpointed()
        erasure.checkpointed()
        log.info(summary, 'checkpoint')
        options.onCheckpoint?.(summary)
      },
    })
    const { shard, registry, recent, applied$ } = pipeline
    space.shard = shard
    pipeline.changes$.subscribe({ next: ({ type }) => metrics.countTransition(type), error: () => undefined })
    const delivery = startDeliveries(pipeline, stores.delivery, { log, clock, timer })
    running.delivery = delivery
    const previews = previewsOf(pipeline, { clock, timer })
    const feed = new TransitionFeed({ shard, registry, recent, applied$, timer })
    const { exportsDirectory: directory, exportLimits: limits = EXPORT_LIMITS } = config
    const { exports, members } = exportsOf(pipeline, { clock, timer, directory, limits })
    await exports.clear()
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
    const app = createApp({
      surfaces: surfacesOf(config, pipeline, { clock, delivery, previews, feed, exports, members }),
      isReady: () => pipeline.isOpen,
      onFault: (cause, requestId) => log.error({ err: cause, requestId }, 'a request has failed'),
      metrics,
      onAnswer: (answer) => {
        metrics.countAnswer(answer)
        logAnswer(log, answer)
      },
    })
    http.become(app)
    const stopAll = async (): Promise<void> => {
      previews.stop()
      feed.stop()
      erasure.stop()
      await Promise.all([exports.stop(), stop(http, pipeline, delivery)])
    }
    return { url: http.url, pipeline, stop: stopAll }
  } catch (error) {
    await http.close()
    throw error
  }
}

function openPipeline(
  stores: Stores,
  log: Logger,
  options: Omit<PipelineOptions, 'journal' | 'checkpoints'>,
): Promise<Pipeline> {
  const { journal, checkpoints } = stores
  return Pipeline.open({
    ...options,
    journal,
    ...(checkpoints && { checkpoints }),
    onDamaged: (cause) => {
      log.error({ err: cause }, 'a checkpoint is damaged; the one before it is tried')
      options.onDamaged?.(cause)
    },
    onCheckpointFailed: (cause) => {
      log.error({ err: cause }, 'no checkpoint could be made; it is tried again later')
      options.onCheckpointFailed?.(cause)
    },
    onFailure: (cause) => {
      log.fatal({ err: cause }, 'the pipeline has failed')
      options.onFailure?.(cause)
    },
    onSetAside: (cause) => log.error({ err: cause }, 'a message was set aside'),
  })
}

/** Ends in order, so that requests under way are answered: first no new ones, then the pipeline. */
async function stop(http: HttpServer, pipeline: Pipeline, delivery: RunningDeliveries): Promise<void> {
  await http.close()
  await delivery.stop()
  await pipeline.stop()
}

function logAnswer(log: Logger, answer: AnsweredRequest): void {
  if (answer.status >= 500) log.warn(answer, 'answered')
  else log.debug(answer, 'answered')
}
