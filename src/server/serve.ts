/** `rollcall serve`: the server, put together. The one place that reads the environment. */
import { once } from 'node:events'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { z } from 'zod'
import type { Shard } from '../../actors/engine/shard.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import { type Answer, createApp, createStartingApp } from '../http/app.ts'
import { createMetrics } from '../http/metrics.ts'
import { type HttpServer, listen } from '../http/server.ts'
import { EngineError } from '../model/errors.ts'
import { CHECKPOINT_LIMITS } from '../checkpoints/checkpoint-schedule.ts'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import { journalKey } from '../redis/keys.ts'
import { PrivateRedis } from '../redis/private-redis.ts'
import { inspectRedis } from '../redis/inspection.ts'
import { RedisCheckpoints } from '../checkpoints/redis-checkpoints.ts'
import { RedisJournal } from '../journal/redis-journal.ts'
import { Pipeline } from '../space/pipeline.ts'
import type { PipelineOptions, SpaceJournal } from '../space/pipeline-options.ts'
import type { ClientOptions } from '../cli/client.ts'
import { credentialsOf, holdDataDirectory } from './data-directory.ts'
import { deliverySetup, type DeliverySetup, type RunningDeliveries, startDeliveries } from './deliveries.ts'
import { showRecovery } from './recovery-progress.ts'
import { surfacesOf } from './surfaces.ts'

const Environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATA_DIR: z.string().min(1).default('./data'),
  REDIS_URL: z
    .string()
    .regex(/^(rediss?:\/\/|\/)/, 'expected redis://…, rediss://… or the path of a socket')
    .optional(),
  QUEUE_REDIS_URL: z
    .string()
    .regex(/^(rediss?:\/\/|\/)/, 'expected redis://…, rediss://… or the path of a socket')
    .optional(),
  SECRETS_KEY: z.string().optional(),
  DESTINATIONS_ALLOW_PRIVATE: z.string().optional(),
  JOURNAL_FSYNC: z.enum(['always', 'everysec']).default('always'),
  SPACE_ID: z.string().regex(/^\w+$/).default('default'),
  WRITE_KEY: z.string().min(1).optional(),
  ACCESS_TOKEN: z.string().min(1).optional(),
  HISTORY_DAYS: z.coerce.number().int().min(1).max(36_500).default(90),
  HISTORY_EVENTS_MAX: z.coerce.number().int().min(1).default(10_000),
  ANONYMOUS_DAYS: z.coerce.number().int().min(1).max(36_500).default(365),
  PROFILES_MAX: z.coerce.number().int().min(1).max(100_000_000).default(10_000_000),
  CHECKPOINT_SECONDS: z.coerce.number().int().min(1).max(86_400).default(60),
  AWAKE_PROFILES_MAX: z.coerce.number().int().min(1).default(100_000),
  PROFILES_MEMORY_MB: z.coerce.number().int().min(16).default(512),
  DEDUP_IDS_MAX: z.coerce.number().int().min(1).default(50_000_000),
  ROLLCALL_URL: z.url().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

/** What is still to be stored at the end is waited for so long. */
const STOPPED_WITHIN_MS = 5_000
const DAY_MS = 86_400_000
const MEGABYTE = 1024 * 1024
/** A user that nothing has come for since is put to rest. */
const IDLE_MS = 60_000
/** How long an id is known at least, unless more than `DEDUP_IDS_MAX` come. */
const DEDUPLICATION_MS = DAY_MS

export interface ServerConfig {
  readonly host: string
  readonly port: number
  readonly spaceId: string
  readonly writeKey: string
  readonly accessToken: string
  /** Told where it listens, before it is ready. */
  readonly onListening?: (url: string) => void
}

/** Where a space is kept. */
export interface Stores {
  readonly journal: SpaceJournal
  readonly checkpoints?: CheckpointStore & { close?(): void }
  readonly delivery: DeliverySetup
}

export interface RunningServer {
  readonly url: string
  readonly pipeline: Pipeline
  /** Answers what has come in, then ends; the journal stays open. */
  stop(): Promise<void>
}

/** Runs until the process is told to end, or the pipeline cannot go on. */
export async function serve(): Promise<void> {
  const environment = readEnvironment()
  const log = pino({ level: environment.LOG_LEVEL })
  const ending = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.once(name, () => {
      log.info({ signal: name }, 'stopping')
      ending.abort()
    })
  const held = await holdDataDirectory(environment.DATA_DIR)
  try {
    const credentials = await credentialsFor(environment)
    const redis = environment.REDIS_URL === undefined ? await startRedis(environment, log) : undefined
    try {
      await serveJournal(environment, credentials, redis?.address ?? environment.REDIS_URL!, { log, ending })
    } catch (error) {
      // Whoever ended it while it was starting has what was asked for.
      if (error !== ending.signal.reason) throw error
    } finally {
      await redis?.stop()
    }
  } finally {
    await held.release()
  }
}

type Settings = z.infer<typeof Environment>

async function serveJournal(
  environment: Settings,
  credentials: { readonly writeKey: string; readonly accessToken: string },
  address: string,
  { log, ending }: { readonly log: Logger; readonly ending: AbortController },
): Promise<void> {
  await checkRedis(address, log)
  const config: ServerConfig = {
    host: environment.HOST,
    port: environment.PORT,
    spaceId: environment.SPACE_ID,
    ...credentials,
  }
  const { spaceId } = config
  const delivery = await deliverySetup(deliverySettings(environment), log)
  let stores: Stores | undefined
  const open = async (): Promise<Stores> => {
    const onTrouble = redisTrouble(log)
    const options = { address, key: journalKey(spaceId), onTrouble }
    const journal = await RedisJournal.open<SpaceCommand>(options, ending.signal)
    const checkpoints = new RedisCheckpoints({ address, spaceId, epoch: journal.epoch, onTrouble })
    stores = { journal, checkpoints, delivery }
    return stores
  }
  const failed = new AbortController()
  const server = await startServer(config, log, open, {
    retention: {
      historyMs: environment.HISTORY_DAYS * DAY_MS,
      eventsMax: environment.HISTORY_EVENTS_MAX,
      anonymousMs: environment.ANONYMOUS_DAYS * DAY_MS,
      profilesMax: environment.PROFILES_MAX,
    },
    deduplication: { horizonMs: DEDUPLICATION_MS, idsMax: environment.DEDUP_IDS_MAX },
    rest: {
      idleMs: IDLE_MS,
      awakeMax: environment.AWAKE_PROFILES_MAX,
      bytesMax: environment.PROFILES_MEMORY_MB * MEGABYTE,
    },
    checkpointLimits: { ...CHECKPOINT_LIMITS, intervalMs: environment.CHECKPOINT_SECONDS * 1000 },
    onProgress: showRecovery(log),
    onFailure: () => {
      failed.abort()
      ending.abort()
    },
  })
  log.info({ url: server.url, space: config.spaceId }, 'ready')
  if (!ending.signal.aborted) await once(ending.signal, 'abort')
  // A journal that cannot be reached would be waited for without end.
  const giveUp = setTimeout(() => void close(stores), STOPPED_WITHIN_MS)
  await server.stop()
  clearTimeout(giveUp)
  await close(stores)
  await delivery.close()
  if (failed.signal.aborted) process.exitCode = 1
}

async function credentialsFor(environment: Settings): Promise<{ writeKey: string; accessToken: string }> {
  const { WRITE_KEY, ACCESS_TOKEN, DATA_DIR, SPACE_ID } = environment
  if (WRITE_KEY !== undefined && ACCESS_TOKEN !== undefined) return { writeKey: WRITE_KEY, accessToken: ACCESS_TOKEN }
  const stored = await credentialsOf(DATA_DIR, SPACE_ID)
  if (stored.isNew && WRITE_KEY === undefined) process.stdout.write(`Write key (new): ${stored.writeKey}\n`)
  if (stored.isNew && ACCESS_TOKEN === undefined) process.stdout.write(`Access token (new): ${stored.accessToken}\n`)
  return { writeKey: WRITE_KEY ?? stored.writeKey, accessToken: ACCESS_TOKEN ?? stored.accessToken }
}

function deliverySettings(environment: Settings): Parameters<typeof deliverySetup>[0] {
  const allowed = environment.DESTINATIONS_ALLOW_PRIVATE
  return {
    dataDirectory: environment.DATA_DIR,
    spaceId: environment.SPACE_ID,
    address: environment.QUEUE_REDIS_URL ?? environment.REDIS_URL,
    secretsKey: environment.SECRETS_KEY,
    allowPrivate:
      allowed === undefined ? false : allowed === 'all' ? true : allowed.split(',').map((one) => one.trim()),
  }
}

async function startRedis(environment: Settings, log: Logger): Promise<PrivateRedis> {
  if (environment.JOURNAL_FSYNC === 'everysec')
    log.warn('JOURNAL_FSYNC is everysec: what was acknowledged in the last seconds is lost when Redis is killed')
  const directory = join(environment.DATA_DIR, 'journal')
  const onDeath = (how: string) => log.error({ how }, 'redis-server has died; it is started again')
  return PrivateRedis.start({ directory, appendfsync: environment.JOURNAL_FSYNC, onDeath })
}

/** Says unsafe settings loudly; a Redis that cannot hold a journal is refused. */
async function checkRedis(address: string, log: Logger): Promise<void> {
  const { faults, warnings } = await inspectRedis(address).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : 'no answer'
    throw new EngineError('redis_unsuitable', `REDIS_URL: Redis cannot be reached: ${why}`, 'REDIS_URL')
  })
  for (const warning of warnings) log.warn(`REDIS_URL: ${warning}`)
  if (faults.length > 0) throw new EngineError('redis_unsuitable', `REDIS_URL: ${faults.join('; ')}`, 'REDIS_URL')
}

async function close(stores: Stores | undefined): Promise<void> {
  stores?.checkpoints?.close?.()
  await stores?.journal.close()
}

/** Says once that Redis has been lost from sight, and once that it is back. */
function redisTrouble(log: Logger): (cause: unknown) => void {
  let isTroubled = false
  return (cause) => {
    if (cause !== undefined && !isTroubled) log.error({ err: cause }, 'Redis cannot be reached; trying again')
    if (cause === undefined) log.info('Redis can be reached again')
    isTroubled = cause !== undefined
  }
}

/** Listens, refusing all until the journal has been read, and then serves. Port 0: any that is free. */
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
        log.info(summary, 'checkpoint')
        options.onCheckpoint?.(summary)
      },
    })
    space.shard = pipeline.shard
    pipeline.changes$.subscribe({ next: ({ type }) => metrics.countTransition(type), error: () => undefined })
    const { clock = Date.now, timer } = options
    const delivery = startDeliveries(pipeline, stores.delivery, { log, clock, timer })
    running.delivery = delivery
    const app = createApp({
      surfaces: surfacesOf(config, pipeline, { clock, delivery }),
      isReady: () => pipeline.isOpen,
      onFault: (cause, requestId) => log.error({ err: cause, requestId }, 'a request has failed'),
      metrics,
      onAnswer: (answer) => {
        metrics.countAnswer(answer)
        logAnswer(log, answer)
      },
    })
    http.become(app)
    return { url: http.url, pipeline, stop: () => stop(http, pipeline, delivery) }
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

/** Requests that are under way keep their answers: first no new ones, then the pipeline. */
async function stop(http: HttpServer, pipeline: Pipeline, delivery: RunningDeliveries): Promise<void> {
  await http.close()
  await delivery.stop()
  await pipeline.stop()
}

function logAnswer(log: Logger, answer: Answer): void {
  if (answer.status >= 500) log.warn(answer, 'answered')
  else log.debug(answer, 'answered')
}

/** How commands that ask a running server reach it. */
export function clientOptions(): ClientOptions {
  const { HOST, PORT, SPACE_ID, ACCESS_TOKEN, DATA_DIR, ROLLCALL_URL } = readEnvironment()
  return {
    url: ROLLCALL_URL ?? `http://${HOST}:${PORT}`,
    spaceId: SPACE_ID,
    accessToken: ACCESS_TOKEN,
    dataDirectory: DATA_DIR,
  }
}

/** A variable that is no setting of ours, by name: what a file of definitions leaves to the environment. */
export function environmentVariable(name: string): string | undefined {
  return givenEnvironment().get(name)
}

function givenEnvironment(): ReadonlyMap<string, string | undefined> {
  return new Map(Object.entries(process.env).filter(([, value]) => value !== ''))
}

function readEnvironment(): Settings {
  const result = Environment.safeParse(Object.fromEntries(givenEnvironment()))
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]!
  throw new EngineError('validation_error', `${path.join('.')}: ${message}`, path.join('.'))
}
