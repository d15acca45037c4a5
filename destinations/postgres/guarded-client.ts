/**
 * pg's client, on sockets that go only where they may, with answers that are bounded. Nothing is taken from the
 * environment, and no file of passwords is read.
 */
import { isIP, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Client, type ClientConfig, Connection, Pool, type PoolClient } from 'pg'
import { type Addresses, BlockedAddressError } from '../contract/address-guard.ts'
import { DeliveryError } from '../contract/destination.ts'
import { notPostgres, wholeMessages } from './answers.ts'
import type { PostgresServer } from './settings.ts'

/** Postgres has a hundred connections by default, for everybody. */
const CONNECTIONS_MAX = 4
const IDLE_MS = 10_000
/** The answers of so many transactions are far below the bound for a connection. */
const USES_MAX = 1_000

export interface PoolOptions {
  readonly addresses: Addresses
  /** Time for a connection to come about. */
  readonly timeoutMs: number
}

/** The part of pg's connection that its types do not have. */
interface Attaching {
  attachListeners(stream: Pick<Duplex, 'on'>): void
}

const OpenConnection = Connection as unknown as new (config: ClientConfig) => Connection & Attaching

/** A socket that pg tells the port and the host to connect to. */
class GuardedSocket extends Socket {
  readonly #addresses: Addresses

  constructor(addresses: Addresses) {
    super()
    this.#addresses = addresses
  }

  override connect(...target: unknown[]): this {
    const [port, host] = target as [number, string]
    const addresses = this.#addresses
    // An address is not looked up.
    if (isIP(host) !== 0 && !addresses.isAllowed(host)) return this.destroy(new BlockedAddressError())
    return super.connect({ port, host, lookup: addresses.lookup })
  }
}

class GuardedConnection extends OpenConnection {
  override attachListeners(stream: Duplex): void {
    const guarded = (listener: (chunk: Buffer) => void) => {
      const take = wholeMessages(listener)
      return (chunk: Buffer) => {
        try {
          take(chunk)
        } catch (error) {
          stream.destroy(error instanceof DeliveryError ? error : notPostgres())
        }
      }
    }
    const on = (event: string, listener: (chunk: Buffer) => void) =>
      stream.on(event, event === 'data' ? guarded(listener) : listener)
    super.attachListeners({ on } as Pick<Duplex, 'on'>)
  }
}

class GuardedClient extends Client {
  readonly #socket: Socket

  constructor({ tls: ssl, password, ...server }: PostgresServer, addresses: Addresses) {
    const socket = new GuardedSocket(addresses)
    const connection = new GuardedConnection({ stream: () => socket, ssl })
    const config = {
      ...server,
      ssl,
      // For an empty text, pg would look into the environment and into files.
      password: () => password,
      sslnegotiation: 'postgres',
      application_name: 'rollcall',
      connection,
    } as const
    super(config)
    this.#socket = socket
    // Of a connection that breaks between two queries; the next one fails.
    this.on('error', () => undefined)
  }

  /** Breaks the connection off at once; what waits for an answer is rejected. */
  cut(): void {
    this.#socket.destroy()
  }
}

/** A client of a pool, to be given back. */
type PooledClient = GuardedClient & Pick<PoolClient, 'release'>

export interface ClientPool {
  /** Resolves with a client that is connected, once one is free. */
  connect(): Promise<PooledClient>
  /** Closes all connections. */
  end(): Promise<void>
}

export function openPool(server: PostgresServer, { addresses, timeoutMs }: PoolOptions): ClientPool {
  const connecting = new Set<GuardedClient>()
  const pool = new Pool({
    max: CONNECTIONS_MAX,
    maxUses: USES_MAX,
    idleTimeoutMillis: IDLE_MS,
    connectionTimeoutMillis: timeoutMs,
    Client: class extends GuardedClient {
      constructor() {
        super(server, addresses)
        connecting.add(this)
        for (const event of ['connect', 'end'] as const) this.once(event, () => connecting.delete(this))
      }
    },
  })
  pool.on('error', () => undefined)
  return {
    connect: async () => (await pool.connect()) as unknown as PooledClient,
    end: async () => {
      const ended = pool.end()
      for (const client of connecting) client.cut()
      await ended
    },
  }
}
