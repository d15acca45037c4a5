/** The records of spaces in a hash of Redis. */
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import { ROLES } from '../model/role.ts'
import type { SpaceDirectory, SpaceRecord } from '../model/space-record.ts'
import { createRedis } from './client.ts'
import { SPACES_KEY } from './keys.ts'

const Stored = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.number(),
  isEnding: z.boolean().optional(),
  isDemonstration: z.boolean().optional(),
  first: z
    .object({
      token: z.object({
        id: z.string(),
        description: z.string(),
        role: z.enum(ROLES),
        digest: z.string(),
        createdAt: z.number(),
      }),
      writeKey: z.string(),
    })
    .optional(),
})

export class RedisSpaceDirectory implements SpaceDirectory {
  readonly #redis: Redis
  #connecting: Promise<void> | undefined

  /** @param address `redis://…`, `rediss://…`, or the path of a unix socket */
  constructor(address: string) {
    this.#redis = createRedis(address)
  }

  async list(): Promise<readonly SpaceRecord[]> {
    const texts = await this.#ask(() => this.#redis.hvals(SPACES_KEY))
    return texts.map((text) => recordOf(text)).sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  }

  async put(record: SpaceRecord): Promise<void> {
    await this.#ask(() => this.#redis.hset(SPACES_KEY, record.id, JSON.stringify(record)))
  }

  async remove(id: string): Promise<void> {
    await this.#ask(() => this.#redis.hdel(SPACES_KEY, id))
  }

  close(): void {
    this.#redis.disconnect()
  }

  /**
   * Nothing waits for a connection by itself: whoever comes while it is being made waits for it here. Rejects with an
   * EngineError if Redis does not answer.
   */
  async #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      if (this.#redis.status === 'wait') this.#connecting = this.#redis.connect()
      if (this.#redis.status !== 'ready') await this.#connecting
      return await ask()
    } catch (cause) {
      throw Object.assign(new EngineError('unavailable', 'The list of spaces cannot be reached; try again'), { cause })
    }
  }
}

function recordOf(text: string): SpaceRecord {
  const { isEnding, isDemonstration, first, ...record } = Stored.parse(JSON.parse(text))
  return {
    ...record,
    ...(isEnding && { isEnding }),
    ...(isDemonstration && { isDemonstration }),
    ...(first && { first }),
  }
}
