/** Writes batches by the script, as the one writer of its name. */
import type { Addresses } from '../contract/address-guard.ts'
import { RedisConnection, type RedisWriter } from './connection.ts'
import { replyError } from './redis-error.ts'
import type { RedisSettings } from './settings.ts'
import { WRITE_SCRIPT } from './write-script.ts'
import type { Write } from './writes.ts'

export interface BatchWriterOptions {
  readonly settings: RedisSettings
  readonly addresses: Addresses
  /** The key that names the writer. */
  readonly writerKey: string
}

export class BatchWriter {
  readonly #options: BatchWriterOptions
  readonly #connection: RedisConnection

  constructor(options: BatchWriterOptions) {
    const { settings, addresses, writerKey } = options
    this.#options = options
    this.#connection = new RedisConnection({ ...settings, addresses, writerKey })
  }

  /**
   * Makes writes in their order. Resolves with the code of each, an empty text if it is made. Rejects with a
   * DeliveryError: then none is made, or all are, or a replica has refused them.
   */
  async write(writes: readonly Write[], signal: AbortSignal): Promise<readonly string[]> {
    if (writes.length === 0) return []
    return this.#connection.use(signal, async (writer) => {
      const codes = await this.#evaluate(writer, writes)
      // A failover: another server takes the writes now.
      if (codes.includes('READONLY')) throw replyError('READONLY')
      return codes
    })
  }

  /** Ends what is under way. */
  close(): void {
    this.#connection.close()
  }

  async #evaluate({ redis, token }: RedisWriter, writes: readonly Write[]): Promise<string[]> {
    const { settings, writerKey } = this.#options
    const keys = [writerKey, ...writes.map(({ key }) => key)]
    const lifetime = settings.ttlSeconds === undefined ? '' : String(settings.ttlSeconds)
    const commands = writes.flatMap(({ command, argument }) => [command, argument])
    return (await redis.call('EVAL', [WRITE_SCRIPT, keys.length, ...keys, token, lifetime, ...commands])) as string[]
  }
}
