/** Deliveries of the server, put together: the queue of jobs, the workers, and the keys of secrets. */
import { join, resolve } from 'node:path'
import type { Queue } from 'bullmq'
import type { Logger } from 'pino'
import type { DestinationDeliveries } from '../http/metrics.ts'
import type { BullQueue } from '../queue/bull-queue.ts'
import type { AnsweredJob } from '../dispatch/dispatcher.ts'
import { DeliveryService, type DeliveryWorkers, type SaveSettings } from '../dispatch/service.ts'
import { destinationAdmin } from '../dispatch/admin.ts'
import { Authorizations } from '../dispatch/authorizations.ts'
import type { Secrets } from '../dispatch/secrets.ts'
import { WorkerProcess } from '../dispatch/worker-process.ts'
import type { DeliveryQueue } from '../queue/delivery-queue.ts'
import type { DestinationAdmin } from '../model/destination-admin.ts'
import { setTimer, type SetTimer } from '../model/timer.ts'
import { PrivateRedis } from '../redis/private-redis.ts'
import type { Pipeline } from '../space/pipeline.ts'
import { openSecrets, type SecretsSettings } from './secrets-keys.ts'

/** Opens queue and workers when there is the first destination. */
export interface DeliverySetup {
  readonly secrets: Secrets
  open(save: SaveSettings): Promise<{ readonly queue: DeliveryQueue; readonly workers: DeliveryWorkers }>
}

export interface RunningDeliveries {
  readonly admin: DestinationAdmin
  readonly authorizations: Authorizations
  queues(): readonly Queue[]
  /** Counts of each destination, for the metrics. */
  byDestination(): readonly DestinationDeliveries[]
  checkpointed(): void
  stop(): Promise<void>
}

export interface DeliverySettings extends SecretsSettings {
  /** Address of the queue; undefined: a private one is started. */
  readonly address: string | undefined
  readonly allowPrivate: boolean | readonly string[]
}

/** Deliveries of an installation: the key of its secrets, and the Redis of its queues. */
export interface DeliveryHost {
  /** Prepares the deliveries of a space: its queue, and workers of its own. */
  setupOf(spaceId: string, log: Logger): DeliverySetup
  /** Opens the queue of a space that another process has, to read the answers of its workers. */
  openAnswers(spaceId: string): Promise<Pick<DeliveryQueue, 'answersAfter' | 'close'>>
  /** The Redis of the queues; undefined while none is needed. */
  readonly address: string | undefined
  /** Lets the private Redis write its files anew, if it runs. */
  rewrite(): Promise<void>
  /** Ends the Redis that was started. */
  close(): Promise<void>
}

/** Prepares deliveries as `rollcall serve` has them. */
export async function deliveryHost(settings: DeliverySettings, log: Logger): Promise<DeliveryHost> {
  const { dataDirectory, allowPrivate } = settings
  const { secrets, isRotating } = await openSecrets(settings)
  if (isRotating) log.warn('the key of secrets is being rotated: end it by `rollcall secrets rotate`')
  let starting: Promise<PrivateRedis> | undefined
  let redis: PrivateRedis | undefined
  const addressOf = async (): Promise<string> => {
    if (settings.address !== undefined) return settings.address
    starting ??= PrivateRedis.start({
      directory: join(dataDirectory, 'queue'),
      // Everything that the queue may lose is in the outbox.
      appendfsync: 'everysec',
      onDeath: (how) => log.error({ how }, 'redis-server of the queue exited; restarting'),
    })
    redis = await starting
    return redis.address
  }
  const openQueue = async (spaceId: string): Promise<BullQueue> => {
    const { BullQueue } = await import('../queue/bull-queue.ts')
    return new BullQueue(await addressOf(), spaceId)
  }
  const open = async (spaceId: string, ofSpace: Logger, onSave: SaveSettings) => {
    const address = await addressOf()
    const workers = new WorkerProcess({
      program: process.argv[1]!,
      config: { address, spaceId, directory: resolve(dataDirectory, 'destinations'), allowPrivate },
      onSave,
      onPrint: (line) => void process.stdout.write(`${line}\n`),
      onFault: (message, destinationId) => ofSpace.error({ fault: message, destinationId }, 'a delivery was set aside'),
      onDeath: (how) => ofSpace.error({ how }, 'the process of the workers exited; restarting'),
    })
    return { queue: await openQueue(spaceId), workers }
  }
  return {
    setupOf: (spaceId, ofSpace) => ({ secrets, open: (save) => open(spaceId, ofSpace, save) }),
    openAnswers: openQueue,
    get address() {
      return settings.address ?? redis?.address
    },
    rewrite: async () => redis?.rewrite(),
    close: async () => redis?.stop(),
  }
}

/** Sends the deliveries of the space from now on. */
export function startDeliveries(
  pipeline: Pipeline,
  setup: DeliverySetup,
  {
    spaceId,
    log,
    clock = Date.now,
    timer = setTimer,
    onJob,
  }: {
    spaceId: string
    log: Logger
    clock?: (() => number) | undefined
    timer?: SetTimer | undefined
    onJob?: ((job: AnsweredJob) => void) | undefined
  },
): RunningDeliveries {
  const { outbox } = pipeline
  const { secrets } = setup
  let bull: BullQueue | undefined
  let isTroubled = false
  const service = new DeliveryService({
    outbox,
    secrets,
    command: (command) => pipeline.command(command),
    open: async (save) => {
      const opened = await setup.open(save)
      if ('queueOf' in opened.queue) bull = opened.queue as BullQueue
      return opened
    },
    clock,
    timer,
    random: Math.random,
    onJob,
    onTrouble: (cause) => {
      if (!isTroubled) log.error({ err: cause }, 'deliveries: the queue cannot be reached; trying again')
      isTroubled = true
    },
    onWell: () => {
      if (isTroubled) log.info('deliveries: the queue can be reached again')
      isTroubled = false
    },
  })
  const following = pipeline.applied$.subscribe({ next: () => service.changed(), error: () => undefined })
  service.changed()
  const authorizations = new Authorizations({
    service,
    find: (id) => outbox.destination(id)?.record,
    put: (destination, by) => pipeline.command({ kind: 'put destination', destination }, by),
    clock,
  })
  const admin = destinationAdmin({ outbox, service, secrets, authorizations, spaceId, clock, timer })
  return {
    admin,
    authorizations,
    byDestination: () =>
      Array.from(outbox.destinations(), ({ record: { id: destination }, counts }) => ({
        destination,
        isReachable: !service.isOpen(destination),
        overview: admin.overview(destination),
        latencies: counts.latencies(),
      })),
    queues: () => (bull ? Array.from(outbox.destinations(), ({ record }) => bull!.queueOf(record.id)) : []),
    checkpointed: () => service.checkpointed(),
    stop: async () => {
      following.unsubscribe()
      await service.stop()
    },
  }
}
