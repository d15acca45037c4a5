/**
 * Connections to Redis in which nothing hangs and nothing is sent twice unasked: a command that gets no answer in time
 * fails, none waits for a connection, and none is sent again after one was lost. The caller decides.
 */
import { Redis } from 'ioredis'

export const COMMAND_TIMEOUT_MS = 2_000
const RECONNECT_MS_MAX = 1_000
/** After it a connection that is given up is cut, though the other side has not answered to that. */
export const DISCONNECT_TIMEOUT_MS = 100
/** The message of ioredis for a command without an answer. */
const TIMED_OUT = 'Command timed out'

/** A connection on which an answer is overdue may be half open: it is given up for a new one. */
class ImpatientRedis extends Redis {
  override sendCommand(...[command, stream]: Parameters<Redis['sendCommand']>): unknown {
    const answer = super.sendCommand(command, stream)
    command.promise.catch((error: unknown) => {
      if (error instanceof Error && error.message === TIMED_OUT) this.disconnect(true)
    })
    return answer
  }
}

/** @param address `redis://…`, `rediss://…`, or the path of a unix socket */
export function createRedis(address: string): Redis {
  const redis = new ImpatientRedis(address, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // Commands under way on a connection that is lost fail with it.
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: COMMAND_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(RECONNECT_MS_MAX, 20 * 2 ** Math.min(attempt, 10)),
  })
  // Every command reports its own failure; an error event without a listener would end the process.
  redis.on('error', () => undefined)
  return redis
}
