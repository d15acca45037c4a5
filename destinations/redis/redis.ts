/**
 * Keeps memberships and values in a Redis, for other services to read: a set for each audience, a key for each value of
 * an identity, or both. A call writes what is so after it; a repeat changes nothing.
 */
import { randomUUID } from 'node:crypto'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import {
  type DeliveryError,
  type Destination,
  type DestinationContext,
  type DestinationType,
  TerminalError,
} from '../contract/destination.ts'
import { BatchWriter } from './batch-writer.ts'
import { replyError } from './redis-error.ts'
import { RedisSettings } from './settings.ts'
import { writesOf } from './writes.ts'

export const redisDestination: DestinationType<RedisSettings> = {
  slug: 'redis',
  name: 'Redis',
  kind: 'event',
  description: 'Keeps members of audiences, and values, in a Redis for other services to read.',
  settings: RedisSettings,
  secrets: ['password'],
  hosts: ['url'],
  limits: ({ batchSize, timeoutSeconds }) => ({
    batchCalls: batchSize,
    timeoutMs: timeoutSeconds * 1_000,
    gatherMs: 0,
  }),
  connect: (settings, context) => new MembershipStore(settings, context),
}

class MembershipStore implements Destination {
  readonly #settings: RedisSettings
  readonly #context: DestinationContext
  readonly #writer: BatchWriter

  constructor(settings: RedisSettings, context: DestinationContext) {
    this.#settings = settings
    this.#context = context
    // Several destinations may write with one prefix.
    this.#writer = this.#writerNamed(`writer:${context.destinationId}`)
  }

  async deliver(call: DeliveryCall, signal: AbortSignal): Promise<void> {
    const [failure] = await this.deliverBatch([call], signal)
    if (failure) throw failure
  }

  /** Writes the calls at once, in their order. A call whose key holds something else fails alone. */
  async deliverBatch(calls: readonly DeliveryCall[], signal: AbortSignal): Promise<(DeliveryError | undefined)[]> {
    const made = calls.map((call) => writesOf(call, this.#settings))
    const writes = made.flatMap((own) => (own instanceof TerminalError ? [] : own))
    const codes = await this.#writer.write(writes, signal)
    let index = 0
    return made.map((own) => {
      if (own instanceof TerminalError) return own
      return failureOf(codes.slice(index, (index += own.length)))
    })
  }

  /** Makes each kind of write, under a name of its own, of which nothing stays. */
  async testConnection(signal: AbortSignal): Promise<void> {
    const name = `connection-test:${randomUUID()}`
    const writer = this.#writerNamed(name)
    const key = `${this.#settings.keyPrefix}${name}`
    const members = { key: `${key}:members`, argument: 'test' }
    try {
      const codes = await writer.write(
        [
          { command: 'SADD', ...members },
          { command: 'SREM', ...members },
          { command: 'DEL', key, argument: '' },
        ],
        signal,
      )
      const failure = failureOf(codes)
      if (failure) throw failure
    } finally {
      writer.close()
    }
  }

  close(): Promise<void> {
    this.#writer.close()
    return Promise.resolve()
  }

  #writerNamed(name: string): BatchWriter {
    const { keyPrefix } = this.#settings
    const { addresses } = this.#context
    return new BatchWriter({ settings: this.#settings, addresses, writerKey: `${keyPrefix}${name}` })
  }
}

function failureOf(codes: readonly string[]): DeliveryError | undefined {
  const code = codes.find((one) => one !== '')
  return code === undefined ? undefined : replyError(code)
}
