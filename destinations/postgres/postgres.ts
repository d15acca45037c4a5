/**
 * Keeps memberships and values of computed traits as tables in a company's Postgres, to be joined with its own: a row
 * for each id that calls have addressed.
 */
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import {
  DeliveryError,
  TerminalError,
  type Destination,
  type DestinationContext,
  type DestinationType,
} from '../contract/destination.ts'
import { changeOf, type TableChange } from './changes.ts'
import { type PostgresClient, PostgresConnections } from './connections.ts'
import { begin, beginAlone, migrate, type SchemaOptions } from './schema.ts'
import { PostgresSettings, serverOf } from './settings.ts'
import { failureOf, isOfOneRow } from './sql-state.ts'
import { remove, write, writeNothing } from './statements.ts'

export const postgresDestination: DestinationType<PostgresSettings> = {
  slug: 'postgres',
  name: 'Postgres',
  kind: 'event',
  description: 'Keeps memberships and computed traits as tables in a Postgres.',
  settings: PostgresSettings,
  secrets: ['connectionString', 'password'],
  hosts: ['host', 'port'],
  deletesUsers: true,
  limits: ({ batchSize, timeoutSeconds }) => ({
    batchCalls: batchSize,
    timeoutMs: timeoutSeconds * 1_000,
    gatherMs: 0,
  }),
  connect: (settings, context) => new Postgres(settings, context),
}

/** A call that the tables can hold, by its place among those that came with it. */
interface Readable {
  readonly place: number
  readonly change: TableChange
}

type Failures = (DeliveryError | undefined)[]

class Postgres implements Destination {
  readonly #options: SchemaOptions
  readonly #connections: PostgresConnections

  constructor(settings: PostgresSettings, { addresses }: DestinationContext) {
    const timeoutMs = Math.ceil(settings.timeoutSeconds * 1_000)
    this.#options = { schema: settings.schema, timeoutMs }
    this.#connections = new PostgresConnections(serverOf(settings), { addresses, timeoutMs })
  }

  async deliver(call: DeliveryCall, signal: AbortSignal): Promise<void> {
    const [failure] = await this.deliverBatch([call], signal)
    if (failure) throw failure
  }

  /** Writes all by one transaction. If the tables refuse some of it, the rest is written without that. */
  async deliverBatch(calls: readonly DeliveryCall[], signal: AbortSignal): Promise<Failures> {
    const failures: Failures = []
    const readable: Readable[] = []
    for (const [place, call] of calls.entries()) {
      const change = changeOf(call)
      if (change instanceof TerminalError) failures[place] = change
      else readable.push({ place, change })
    }
    if (readable.length > 0)
      await this.#connections.use(signal, (client) => this.#writeSome(client, readable, failures))
    return Array.from(calls, (_, place) => failures[place])
  }

  /** Removes the rows of all ids that the call names. */
  async deleteUser(call: DeliveryCall, signal: AbortSignal): Promise<void> {
    const change = changeOf(call)
    // Nothing of a call that the tables cannot hold is in them.
    if (change instanceof TerminalError) return
    await this.#connections.use(signal, async (client) => {
      await begin(client, this.#options)
      await remove(client, this.#options.schema, change)
      await client.query('commit')
    })
  }

  /** Makes the tables, if need be, writes nothing into them, and takes all of it back. */
  async testConnection(signal: AbortSignal): Promise<void> {
    const { schema } = this.#options
    await this.#connections.use(signal, async (client) => {
      await beginAlone(client, this.#options)
      await migrate(client, this.#options)
      await writeNothing(client, schema)
      await client.query('rollback')
    })
  }

  async close(): Promise<void> {
    await this.#connections.close()
  }

  /** Halves what is refused, until it is known whose fault it is. */
  async #writeSome(client: PostgresClient, some: readonly Readable[], failures: Failures): Promise<void> {
    try {
      await begin(client, this.#options)
      await write(
        client,
        this.#options.schema,
        some.map(({ change }) => change),
      )
      await client.query('commit')
    } catch (error) {
      if (!isOfOneRow(error)) throw error
      await client.query('rollback')
      const failure = failureOf(error)
      if (some.length === 1 && failure instanceof DeliveryError) failures[some[0]!.place] = failure
      else {
        const half = Math.ceil(some.length / 2)
        await this.#writeSome(client, some.slice(0, half), failures)
        await this.#writeSome(client, some.slice(half), failures)
      }
    }
  }
}
