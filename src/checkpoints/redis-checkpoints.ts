/** Checkpoints in Redis: a hash of parts for each, and an index of those that are committed. */
import type { Redis } from 'ioredis'
import { BEGIN, COMMIT, REMOVE, WRITE } from './checkpoint-scripts.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { checkpointIndexKey, checkpointKey, journalKey } from '../redis/keys.ts'
import { createRedis } from '../redis/client.ts'
import { JournalLostError } from '../journal/journal-lost-error.ts'
import { askUntilAnswered } from '../redis/ask-until-answered.ts'

export interface RedisCheckpointsOptions {
  /** `redis://…`, `rediss://…`, or the path of a unix socket. */
  readonly address: string
  readonly spaceId: string
  /** The epoch of the journal's owner. */
  readonly epoch: number
  /** Called with the cause whenever an attempt fails, and with undefined when one succeeds after that. */
  readonly onTrouble?: (cause: unknown) => void
}

export class RedisCheckpoints implements CheckpointStore {
  readonly #redis: Redis
  readonly #options: RedisCheckpointsOptions
  readonly #closing = new AbortController()

  constructor(options: RedisCheckpointsOptions) {
    this.#options = options
    this.#redis = createRedis(options.address)
  }

  async committed(): Promise<readonly number[]> {
    const index = await this.#ask(() =>
      this.#redis.hmget(checkpointIndexKey(this.#options.spaceId), 'newest', 'before'),
    )
    return index.filter((text) => text !== null && text !== '').map(Number)
  }

  async read(checkpoint: number, names: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    if (names.length === 0) return []
    const parts = await this.#ask(() => this.#redis.hmgetBuffer(this.#keyOf(checkpoint), ...names))
    return parts.map((part) => part ?? undefined)
  }

  async begin(checkpoint: number): Promise<void> {
    await this.#run(BEGIN, this.#keyOf(checkpoint), [])
  }

  async write(checkpoint: number, parts: readonly (readonly [name: string, bytes: Buffer])[]): Promise<void> {
    if (parts.length > 0) await this.#run(WRITE, this.#keyOf(checkpoint), parts.flat())
  }

  async commit(checkpoint: number, before: number | undefined): Promise<void> {
    await this.#run(COMMIT, checkpointIndexKey(this.#options.spaceId), [String(checkpoint), String(before ?? '')])
  }

  async remove(checkpoint: number, names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.#run(REMOVE, this.#keyOf(checkpoint), [...names])
  }

  /** Closes it; commands under way reject. */
  close(): void {
    this.#closing.abort(new Error('checkpoints: closed'))
    this.#redis.disconnect()
  }

  #keyOf(checkpoint: number): string {
    return checkpointKey(this.#options.spaceId, checkpoint)
  }

  async #run(script: string, key: string, values: readonly (string | Buffer)[]): Promise<void> {
    const { spaceId, epoch } = this.#options
    const owner = await this.#ask(() => this.#redis.eval(script, 2, journalKey(spaceId), key, epoch, ...values))
    if (owner !== 0) throw new JournalLostError('another server has taken over the journal')
  }

  #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const { onTrouble = () => undefined } = this.#options
    const connected = async (): Promise<Answer> => {
      if (this.#redis.status === 'wait') await this.#redis.connect()
      return ask()
    }
    return askUntilAnswered(connected, { signal: this.#closing.signal, onTrouble })
  }
}
