/**
 * The connection to a Redis: opened when it is first needed, and anew by whoever comes after it was lost.
 *
 * C1. Nothing is sent twice, or waits for a connection. A signal that is aborted ends the connection, and all that is
 *     under way on it with it.
 * C2. What a connection has sent late changes nothing once a newer one of its destination is open: each begins by
 *     naming itself the writer, which the script compares.
 * C3. Sockets go only where the addresses are allowed.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AbstractConnector, Redis } from 'ioredis'
import { BlockedAddressError, type Addresses } from '../contract/address-guard.ts'
import { RetryableError } from '../contract/destination.ts'
import { timedOut } from '../contract/transport-error.ts'
import { CLOSED_MESSAGE, codeOf, redisError, replyError } from './redis-error.ts'
import type { RedisSettings } from './settings.ts'

const PORT = 6_379

export interface RedisConnectionOptions extends Pick<RedisSettings, 'url' | 'username' | 'password' | 'ca'> {
  readonly addresses: Addresses
  /** The key that names the writer. */
  readonly writerKey: string
}

/** A client that is open. */
export interface RedisWriter {
  readonly redis: Redis
  /** Names the connection to the script. */
  readonly token: string
}

interface Link {
  readonly redis: Redis
  readonly opened: Promise<RedisWriter>
}

export class RedisConnection {
  readonly #options: RedisConnectionOptions
  #link: Link | undefined

  constructor(options: RedisConnectionOptions) {
    this.#options = options
  }

  /**
   * Resolves with the result of `act`. Rejects with a DeliveryError, or a fault of ours; the connection is then given
   * up, as another server may be behind the name by now.
   */
  async use<Result>(signal: AbortSignal, act: (writer: RedisWriter) => Promise<Result>): Promise<Result> {
    if (signal.aborted) throw timedOut(signal)
    const link = (this.#link ??= this.#open())
    const giveUp = () => this.#drop(link)
    signal.addEventListener('abort', giveUp)
    try {
      return await act(await link.opened)
    } catch (error) {
      giveUp()
      throw failureOf(error, signal)
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  /** Ends what is under way. */
  close(): void {
    if (this.#link) this.#drop(this.#link)
  }

  #open(): Link {
    const redis = createClient(this.#options)
    const link = { redis, opened: begin(redis, this.#options) }
    redis.on('end', () => this.#drop(link))
    return link
  }

  #drop(link: Link): void {
    if (this.#link === link) this.#link = undefined
    link.redis.disconnect()
  }
}

function failureOf(error: unknown, signal: AbortSignal): Error {
  return signal.aborted ? timedOut(signal) : redisError(error)
}

function createClient(options: RedisConnectionOptions): Redis {
  const redis = new Redis({
    Connector: connectorTo(options),
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // Commands tell by themselves that the server is loading.
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: () => null,
  })
  // Every command reports its own failure; an error event without a listener would end the process.
  redis.on('error', () => undefined)
  return redis
}

/** Makes the class by which ioredis opens sockets. The client has its own, which look names up unguarded. Keeps C3. */
function connectorTo({ url, ca, addresses }: RedisConnectionOptions) {
  const { protocol, hostname, port } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const target = { host, port: port === '' ? PORT : Number(port), lookup: addresses.lookup }
  return class GuardedConnector extends AbstractConnector {
    #socket: Socket | undefined

    constructor() {
      super(0)
    }

    override async connect(): Promise<Socket> {
      if (isIP(host) !== 0 && !addresses.isAllowed(host)) throw new BlockedAddressError()
      const isTls = protocol === 'rediss:'
      const servername = isIP(host) === 0 ? host : ''
      const socket = isTls ? connectTls({ ...target, servername, ca }) : connectTcp(target)
      this.#socket = socket
      // One that comes late, when nobody listens any more, would end the process.
      socket.on('error', () => undefined)
      await once(socket, isTls ? 'secureConnect' : 'connect')
      return socket
    }

    /** At once: that of the class above waits for the other side, with a timer. */
    override disconnect(): void {
      this.#socket?.destroy(new Error(CLOSED_MESSAGE))
    }
  }
}

/** Keeps C2. */
async function begin(
  redis: Redis,
  { url, username, password, writerKey }: RedisConnectionOptions,
): Promise<RedisWriter> {
  await redis.connect()
  if (password !== undefined)
    await redis.call('AUTH', username === undefined ? [password] : [username, password]).catch((error: unknown) => {
      // A server without passwords says so by a code that stands for anything.
      throw error instanceof Error && codeOf(error) === 'ERR' ? replyError('WRONGPASS') : error
    })
  const database = new URL(url).pathname.slice(1)
  if (Number(database) > 0)
    await redis.select(database).catch((error: unknown) => {
      if (!(error instanceof Error) || codeOf(error) !== 'ERR') throw error
      throw new RetryableError('no_such_database', 'The server has no such database: see settings.url.')
    })
  const token = randomUUID()
  await redis.set(writerKey, token)
  return { redis, token }
}
