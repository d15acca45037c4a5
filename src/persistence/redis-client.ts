/**
 * Connections to Redis in which nothing hangs and nothing is sent twice behind our back: a command that gets no answer
 * in time fails, none waits for a connection, and none is sent again after one was lost. Whoever asked decides.
 */
import { Redis } from 'ioredis'

export const COMMAND_TIMEOUT_MS = 2_000
const RECONNECT_MS_MAX = 1_000

/** @param address `redis://…`, `rediss://…`, or the path of a unix socket */
export function createRedis(address: string): Redis {
  const redis = new Redis(address, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(RECONNECT_MS_MAX, 20 * 2 ** Math.min(attempt, 10)),
  })
  // Every command says for itself that it has failed; an error that nobody listens for would end the process.
  redis.on('error', () => undefined)
  return redis
}
