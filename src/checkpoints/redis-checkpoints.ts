/** Checkpoints in Redis: a hash of parts for each, and an index of those that are committed. */
import { BEGIN, COMMIT, REMOVE, WRITE } from './checkpoint-scripts.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { checkpointIndexKey, checkpointKey, journalKey } from '../redis/keys.ts'
import { JournalLostError } from '../journal/journal-lost-error.ts'
import { askUntilAnswered } from '../redis/ask-until-answered.ts'
import { type Ask, connectionFor, type KeyConnection } from '../redis/key-connection.ts'

export interface RedisCheckpointsOptions {
  /** `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket. */
  readonly address: string
  readonly spaceId: string
  /** So many must have a checkpoint, with all before it, once it is committed; undefined: none. */
  readonly replicas?: number
  /** The epoch of the journal's owner. */
  readonly epoch: number
  /** Called with the cause whenever an attempt fails, and with undefined when one succeeds after that. */
  readonly onTrouble?: (cause: unknown) => void
}

export class RedisCheckpoints implements CheckpointStore {
  readonly #redis: KeyConnection
  readonly #options: RedisCheckpointsOptions
  readonly #closing = new AbortController()
  /** The newest checkpoint, as far as is known: its number, or 'none'. */
  #newest = ''

  constructor(options: RedisCheckpointsOptions) {
    this.#options = options
    this.#redis = connectionFor(options.address, journalKey(options.spaceId))
  }

  async committed(): Promise<readonly number[]> {
    const index = await this.#ask((redis) => redis.hmget(checkpointIndexKey(this.#options.spaceId), 'newest', 'before'))
    this.#newest = index[0] ?? 'none'
    return index.filter((text) => text !== null && text !== '').map(Number)
  }

  async read(checkpoint: number, names: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    if (names.length === 0) return []
    const parts = await this.#ask((redis) => redis.hmgetBuffer(this.#keyOf(checkpoint), ...names))
    return parts.map((part) => part ?? undefined)
  }

  async begin(checkpoint: number): Promise<void> {
    await this.#run(BEGIN, this.#keyOf(checkpoint), [])
  }

  async write(checkpoint: number, parts: readonly (readonly [name: string, bytes: Buffer])[]): Promise<void> {
    if (parts.length > 0) await this.#run(WRITE, this.#keyOf(checkpoint), parts.flat())
  }

  async commit(checkpoint: number, before: number | undefined, place: string): Promise<void> {
    const { spaceId, replicas } = this.#options
    const given = [String(checkpoint), String(before ?? ''), place, this.#newest]
    await this.#run(COMMIT, checkpointIndexKey(spaceId), given, replicas)
    if (checkpoint > Number(this.#newest) || this.#newest === 'none') this.#newest = String(checkpoint)
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

  async #run(script: string, key: string, values: readonly (string | Buffer)[], replicas = 0): Promise<void> {
    const { spaceId, epoch } = this.#options
    const owner = await this.#ask(
      (redis) => redis.eval(script, 2, journalKey(spaceId), key, epoch, ...values),
      replicas,
    )
    if (owner === -1) throw new JournalLostError('entries that were durable, or the checkpoint before, have been lost')
    if (owner !== 0) throw new JournalLostError('another server has taken over the journal')
  }

  #ask<Answer>(ask: Ask<Answer>, replicas = 0): Promise<Answer> {
    const { onTrouble = () => undefined } = this.#options
    return askUntilAnswered(() => this.#redis.write(ask, replicas), { signal: this.#closing.signal, onTrouble })
  }
}
