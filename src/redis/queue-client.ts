/**
 * Connections for BullMQ, whose queues lie in one slot each: to the only Redis or, in a Redis Cluster, to all of its
 * masters. The client of a cluster follows keys that move and masters that fail over, and may send a command again for
 * that, which BullMQ's scripts and the few commands beside them allow.
 */
import { Cluster, type ClusterOptions, Redis } from 'ioredis'
import { clusterAddressOf } from './address.ts'
import { COMMAND_TIMEOUT_MS, createRedis, DISCONNECT_TIMEOUT_MS } from './client.ts'

export type QueueClient = Redis | Cluster

/** More than BullMQ's workers let a command block, which is 10 s. */
const BLOCKING_TIMEOUT_MS = 15_000
/** A master that stands still is not noticed by what it answers: the nodes are asked so often who they are. */
const REFRESH_MS = 2_000
const REDIRECTIONS_MAX = 8
const TRY_AGAIN_MS = 100
const RECONNECT_MS_MAX = 1_000

/** A connection on which a command fails soon if Redis is away. */
export function createQueueClient(address: string): QueueClient {
  if (!clusterAddressOf(address)) return createRedis(address)
  return clusterOf(address, {
    enableOfflineQueue: false,
    redisOptions: { commandTimeout: COMMAND_TIMEOUT_MS, maxRetriesPerRequest: 0 },
  })
}

/** Resolves when it is connected, or could not be yet: then a command says why. */
export async function connectQueueClient(client: QueueClient): Promise<void> {
  if (client.status === 'wait') return client.connect()
  if (!client.isCluster || client.status !== 'connecting') return
  const events = ['ready', 'error', 'end'] as const
  let settle: () => void = () => undefined
  await new Promise<void>((resolve) => {
    settle = resolve
    for (const event of events) client.once(event, settle)
  })
  for (const event of events) client.off(event, settle)
}

/** A connection for a worker, on which commands wait for Redis. @param commandTimeout ms; undefined: they may block */
export function createWorkerClient(address: string, commandTimeout?: number): QueueClient {
  if (clusterAddressOf(address))
    return clusterOf(address, {
      enableOfflineQueue: commandTimeout === undefined,
      redisOptions: { commandTimeout: commandTimeout ?? BLOCKING_TIMEOUT_MS, maxRetriesPerRequest: null },
    })
  const redis = new Redis(address, {
    maxRetriesPerRequest: null,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    ...(commandTimeout !== undefined && { connectTimeout: commandTimeout, commandTimeout }),
  })
  redis.on('error', () => undefined)
  return redis
}

function clusterOf(address: string, options: ClusterOptions): Cluster {
  const urls = clusterAddressOf(address)!.seeds.map((seed) => new URL(seed))
  const [{ username, password, protocol }] = urls as [URL]
  const cluster = new Cluster(
    urls.map(({ hostname, port }) => ({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) })),
    {
      ...options,
      // A cluster in which one master is being replaced has others.
      enableReadyCheck: false,
      // As they are named: a certificate may be for the name.
      dnsLookup: (name, callback) => callback(null, name),
      slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
      slotsRefreshInterval: REFRESH_MS,
      maxRedirections: REDIRECTIONS_MAX,
      retryDelayOnTryAgain: TRY_AGAIN_MS,
      retryDelayOnClusterDown: TRY_AGAIN_MS,
      retryDelayOnFailover: TRY_AGAIN_MS,
      clusterRetryStrategy: (attempt) => Math.min(RECONNECT_MS_MAX, 20 * 2 ** Math.min(attempt, 10)),
      redisOptions: {
        ...options.redisOptions,
        connectTimeout: COMMAND_TIMEOUT_MS,
        disconnectTimeout: DISCONNECT_TIMEOUT_MS,
        autoResendUnfulfilledCommands: false,
        ...(username !== '' && { username: decodeURIComponent(username) }),
        ...(password !== '' && { password: decodeURIComponent(password) }),
        ...(protocol === 'rediss:' && { tls: {} }),
      },
    },
  )
  cluster.on('error', () => undefined)
  return cluster
}
