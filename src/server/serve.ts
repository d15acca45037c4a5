/** `rollcall serve`: holds the data directory, starts Redis, and runs the server until it is told to end. */
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { BullOwnership } from '../cluster/bull-ownership.ts'
import { ChangeSignal } from '../cluster/change-signal.ts'
import { NodeDirectory } from '../cluster/node-directory.ts'
import { StaticOwnership } from '../cluster/static-ownership.ts'
import type { Certificate } from '../http/certificate.ts'
import { EngineError } from '../model/errors.ts'
import { setTimer } from '../model/timer.ts'
import { letHeapGrow } from '../process/heap.ts'
import { PrivateRedis } from '../redis/private-redis.ts'
import { RedisSpaceDirectory } from '../redis/redis-space-directory.ts'
import { removeKeysOf } from '../redis/space-keys.ts'
import { inspectRedis } from '../redis/inspection.ts'
import { credentialsOf, holdDataDirectory } from './data-directory.ts'
import { deliveryHost } from './deliveries.ts'
import { Edges } from './edges.ts'
import { type NodeConfig, startNode } from './node.ts'
import { openCertificate } from './open-certificate.ts'
import { showRecovery } from './recovery-progress.ts'
import {
  alertSettings,
  type ClusterSettings,
  clusterSettings,
  deliverySettings,
  edgeSocketPath,
  exportSettings,
  type CommandSettings,
  pipelineSettings,
  readSettings,
  type Settings,
} from './settings.ts'
import { type ServerConfig, startServer } from './server.ts'
import type { Stores } from './space-server.ts'
import type { Installation } from './spaces.ts'
import { followStores, openStores } from './stores.ts'

/** At the end, stores that do not answer are waited for so long; a node has its spaces to hand over first. */
const STOPPED_WITHIN_MS = { server: 5_000, node: 120_000 }

/**
 * Runs until the process is told to end, or the pipeline cannot go on.
 * @param given by the command line
 */
export async function serve(given: CommandSettings): Promise<void> {
  letHeapGrow()
  const settings = readSettings(given)
  const log = pino({ level: settings.LOG_LEVEL })
  const ending = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.once(name, () => {
      log.info({ signal: name }, 'stopping')
      ending.abort()
    })
  const held = await holdDataDirectory(settings.DATA_DIR)
  let certificate: Certificate | undefined
  try {
    certificate = openCertificate(settings, log)
    const credentials = await credentialsFor(settings)
    const redis = settings.REDIS_URL === undefined ? await startRedis(settings, log) : undefined
    try {
      await serveSpaces(settings, { ...credentials, certificate }, redis, { log, ending })
    } finally {
      await redis?.stop()
    }
  } finally {
    certificate?.stop()
    await held.release()
  }
}

async function serveSpaces(
  settings: Settings,
  given: Pick<ServerConfig, 'writeKey' | 'accessToken' | 'certificate'>,
  redis: PrivateRedis | undefined,
  { log, ending }: { readonly log: Logger; readonly ending: AbortController },
): Promise<void> {
  const address = redis?.address ?? settings.REDIS_URL!
  const replicas = settings.JOURNAL_REPLICAS
  await checkRedis(address, replicas, log)
  const failed = new AbortController()
  const alerts = alertSettings(settings)
  const { OTEL_EXPORTER_OTLP_ENDPOINT: collector } = settings
  const tracing = collector === undefined ? undefined : (await import('../tracing/otlp.ts')).openTracing(collector)
  const edges = edgesOf(settings, log)
  const config: ServerConfig = {
    host: settings.HOST,
    port: settings.PORT,
    spaceId: settings.SPACE_ID,
    profileApiRate: settings.PROFILE_API_RATE,
    traitsLimit: settings.TRAITS_LIMIT,
    publicUrl: settings.PUBLIC_URL,
    ...given,
    ...(settings.ADMIN_TOKEN !== undefined && { adminToken: settings.ADMIN_TOKEN }),
    exportsDirectory: join(settings.DATA_DIR, 'exports'),
    exportLimits: exportSettings(settings),
    ...(alerts && { alerts }),
    trace: tracing?.trace,
    ...(edges && { edges, socketPath: edgeSocketPath(settings) }),
    onLost: () => {
      failed.abort()
      ending.abort()
    },
  }
  const delivery = await deliveryHost(deliverySettings(settings), log)
  const directory = new RedisSpaceDirectory(address, replicas)
  const opened = new Set<Stores>()
  const installation: Installation = {
    directory,
    open: async (spaceId) => {
      const redisStores = await openStores(spaceId, { address, replicas, onTrouble: redisTrouble(log) }, ending.signal)
      const probe = () => redisStores.journal.probe()
      const { epoch } = redisStores.journal
      const stores = { ...redisStores, delivery: delivery.setupOf(spaceId, log), probe, epoch }
      opened.add(stores)
      const rewrite = async (): Promise<void> => {
        await Promise.all([redis?.rewrite(), delivery.rewrite()])
      }
      return { ...stores, rewrite }
    },
    remove: async (spaceId) => {
      await removeKeysOf(address, spaceId)
      if (delivery.address !== undefined) await removeKeysOf(delivery.address, spaceId)
    },
  }
  const follow: NodeConfig['follow'] = (spaceId) =>
    followStores(spaceId, { address, openAnswers: () => delivery.openAnswers(spaceId) })
  let isStarted = false
  const cluster = clusterSettings(settings)
  const isEnded = actAfter(ending.signal, STOPPED_WITHIN_MS[cluster ? 'node' : 'server'], () => {
    directory.close()
    void closeAll(opened)
  })
  try {
    const options = { ...pipelineSettings(settings), onProgress: showRecovery(log) }
    const server = cluster
      ? await startNode(
          { ...config, ...nodeOf(cluster, address), follow, ending: ending.signal },
          log,
          installation,
          options,
        )
      : await startServer(config, log, installation, options)
    isStarted = true
    log.info({ url: (await edges?.listening) ?? server.url, space: config.spaceId }, 'ready')
    if (!ending.signal.aborted) await once(ending.signal, 'abort')
    await edges?.stop()
    await server.stop()
  } catch (error) {
    // It was ended while it was starting, as asked.
    if (isStarted || !ending.signal.aborted) throw error
  } finally {
    isEnded()
    await edges?.stop()
    // A server that could not start has stores that nothing else closes.
    await closeAll(opened)
    directory.close()
    await delivery.close()
    await tracing?.stop()
  }
  if (failed.signal.aborted) process.exitCode = 1
}

/** Prepares edge processes, which listen in the place of the server; undefined: it listens itself. */
function edgesOf({ EDGES: count }: Settings, log: Logger): Edges | undefined {
  if (count === 0) return undefined
  const onDeath = (how: string) => log.error({ how }, 'an edge process exited; restarting')
  const edges = new Edges({ count, program: process.argv[1]!, onDeath })
  process.on('SIGHUP', () => edges.reload())
  return edges
}

/** Makes what a node has beside what a server by itself has. */
function nodeOf(
  { ownership, isEngine, hasStandbys, url, secret, lockMs, nodes, ordinal }: ClusterSettings,
  address: string,
): Pick<NodeConfig, 'nodeId' | 'nodeUrl' | 'isEngine' | 'hasStandbys' | 'secret' | 'ownership' | 'nodes' | 'signal'> {
  // Also part of cookies.
  const nodeId = `${hostname().replaceAll(/[^\w-]/g, '-')}-${randomBytes(4).toString('hex')}`
  const now = () => performance.now()
  return {
    nodeId,
    nodeUrl: url,
    isEngine,
    hasStandbys,
    secret,
    ownership:
      ownership === 'bullmq'
        ? new BullOwnership({ address, token: nodeId, lockMs, now })
        : new StaticOwnership({ ordinal, nodes, now }),
    nodes: new NodeDirectory(address),
    signal: new ChangeSignal(address, setTimer),
  }
}

/**
 * Acts if it takes too long to end, in the middle of a start too: a journal that cannot be reached would be waited for
 * without end. Returns a function to be called once it has ended.
 */
function actAfter(ending: AbortSignal, ms: number, act: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  ending.addEventListener('abort', () => (timer = setTimeout(act, ms)), { once: true })
  return () => clearTimeout(timer)
}

async function closeAll(stores: Iterable<Stores>): Promise<void> {
  await Promise.all(Array.from(stores, async ({ close }) => close?.()))
}

async function credentialsFor(settings: Settings): Promise<{ writeKey: string; accessToken: string }> {
  const { WRITE_KEY, ACCESS_TOKEN, DATA_DIR, SPACE_ID } = settings
  if (WRITE_KEY !== undefined && ACCESS_TOKEN !== undefined) return { writeKey: WRITE_KEY, accessToken: ACCESS_TOKEN }
  const stored = await credentialsOf(DATA_DIR, SPACE_ID)
  if (stored.isNew && WRITE_KEY === undefined) process.stdout.write(`Write key (new): ${stored.writeKey}\n`)
  if (stored.isNew && ACCESS_TOKEN === undefined) process.stdout.write(`Access token (new): ${stored.accessToken}\n`)
  return { writeKey: WRITE_KEY ?? stored.writeKey, accessToken: ACCESS_TOKEN ?? stored.accessToken }
}

async function startRedis(settings: Settings, log: Logger): Promise<PrivateRedis> {
  if (settings.JOURNAL_FSYNC === 'everysec')
    log.warn('JOURNAL_FSYNC is everysec: calls that were acknowledged in the last seconds are lost if Redis is killed')
  const directory = join(settings.DATA_DIR, 'journal')
  const onDeath = (how: string) => log.error({ how }, 'redis-server exited; restarting')
  return PrivateRedis.start({ directory, appendfsync: settings.JOURNAL_FSYNC, onDeath })
}

/** Warns of unsafe settings. Throws an EngineError for a Redis that cannot hold a journal. */
async function checkRedis(address: string, replicas: number, log: Logger): Promise<void> {
  const { faults, warnings } = await inspectRedis(address, replicas).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : 'no answer'
    throw new EngineError('redis_unsuitable', `REDIS_URL: Redis cannot be reached: ${why}`, 'REDIS_URL')
  })
  for (const warning of warnings) log.warn(`REDIS_URL: ${warning}`)
  if (faults.length > 0) throw new EngineError('redis_unsuitable', `REDIS_URL: ${faults.join('; ')}`, 'REDIS_URL')
}

/** Logs once that Redis cannot be reached, and once that it is back. */
function redisTrouble(log: Logger): (cause: unknown) => void {
  let isTroubled = false
  return (cause) => {
    if (cause !== undefined && !isTroubled) log.error({ err: cause }, 'Redis cannot be reached; trying again')
    if (cause === undefined) log.info('Redis can be reached again')
    isTroubled = cause !== undefined
  }
}
