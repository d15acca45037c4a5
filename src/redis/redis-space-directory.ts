/** The records of spaces in a hash of Redis. */
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { SpaceDirectory, SpaceRecord } from '../model/space-record.ts'
import { createRedis } from './client.ts'
import { SPACES_KEY } from './keys.ts'

const Stored = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.number(),
  isEnding: z.boolean().optional(),
})

export class RedisSpaceDirectory implements SpaceDirectory {
  readonly #redis: Redis

  /** @param address `redis://…`, `rediss://…`, or the path of a unix socket */
  constructor(address: string) {
    this.#redis = createRedis(address)
  }

  async list(): Promise<readonly SpaceRecord[]> {
    await this.#connected()
    const texts = await this.#redis.hvals(SPACES_KEY)
    return texts.map((text) => recordOf(text)).sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  }

  async put(record: SpaceRecord): Promise<void> {
    await this.#connected()
    await this.#redis.hset(SPACES_KEY, record.id, JSON.stringify(record))
  }

  async remove(id: string): Promise<void> {
    await this.#connected()
    await this.#redis.hdel(SPACES_KEY, id)
  }

  close(): void {
    this.#redis.disconnect()
  }

  async #connected(): Promise<void> {
    if (this.#redis.status === 'wait') await this.#redis.connect()
  }
}

function recordOf(text: string): SpaceRecord {
  const { isEnding, ...record } = Stored.parse(JSON.parse(text))
  return isEnding ? { ...record, isEnding } : record
}
