/**
 * Connections to one Postgres: a few, opened when they are needed and closed when they are idle.
 *
 * C1. An aborted signal ends its work at once, wherever it is: waiting for a connection, connecting, or in a query.
 * C2. A connection on which something has failed is not used again.
 */
import type { PoolClient } from 'pg'
import { timedOut } from '../contract/transport-error.ts'
import type { ClientPool, PoolOptions } from './guarded-client.ts'
import type { PostgresServer } from './settings.ts'
import { failureOf } from './sql-state.ts'

/** The part of a connection that queries need. */
export type PostgresClient = Pick<PoolClient, 'query'>

export class PostgresConnections {
  readonly #server: PostgresServer
  readonly #options: PoolOptions
  #pool: Promise<ClientPool> | undefined

  constructor(server: PostgresServer, options: PoolOptions) {
    this.#server = server
    this.#options = options
  }

  /** Resolves with what the work does. Rejects with a DeliveryError for any failure of the world. */
  async use<Result>(signal: AbortSignal, work: (client: PostgresClient) => Promise<Result>): Promise<Result> {
    if (signal.aborted) throw timedOut(signal)
    const client = await this.#connect(signal)
    const cut = (): void => client.cut()
    let isSound = false
    try {
      signal.addEventListener('abort', cut)
      const result = await work(client)
      isSound = true
      return result
    } catch (error) {
      throw failureUnder(signal, error)
    } finally {
      signal.removeEventListener('abort', cut)
      client.release(!isSound)
    }
  }

  /** Closes all connections; nobody may use them then. */
  async close(): Promise<void> {
    await (await this.#pool)?.end()
  }

  /** Resolves with a client of the pool. Keeps C1. */
  async #connect(signal: AbortSignal): Promise<Awaited<ReturnType<ClientPool['connect']>>> {
    // Processes without such a destination do not load pg.
    this.#pool ??= import('./guarded-client.ts').then(({ openPool }) => openPool(this.#server, this.#options))
    const pool = await this.#pool
    if (signal.aborted) throw timedOut(signal)
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(timedOut(signal))
      signal.addEventListener('abort', giveUp)
      pool.connect().then(
        (client) => {
          signal.removeEventListener('abort', giveUp)
          if (signal.aborted) client.release()
          else resolve(client)
        },
        (error: unknown) => {
          signal.removeEventListener('abort', giveUp)
          reject(failureUnder(signal, error))
        },
      )
    })
  }
}

/** Returns the failure of work that ends early if its signal does. */
function failureUnder(signal: AbortSignal, error: unknown): Error {
  return signal.aborted ? timedOut(signal) : failureOf(error)
}
