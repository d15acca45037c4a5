/** The records of spaces in a hash of Redis. */
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import { ROLES } from '../model/role.ts'
import type { SpaceDirectory, SpaceRecord } from '../model/space-record.ts'
import { connectionFor, type KeyConnection } from './key-connection.ts'
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
  readonly #redis: KeyConnection
  readonly #replicas: number

  /**
   * @param address `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket
   * @param replicas so many must have what is put
   */
  constructor(address: string, replicas = 0) {
    this.#redis = connectionFor(address, SPACES_KEY)
    this.#replicas = replicas
  }

  async list(): Promise<readonly SpaceRecord[]> {
    const texts = await this.#asked((connection) => connection.ask((redis) => redis.hvals(SPACES_KEY)))
    return texts.map((text) => recordOf(text)).sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  }

  async put(record: SpaceRecord): Promise<void> {
    await this.#asked((connection) =>
      connection.write((redis) => redis.hset(SPACES_KEY, record.id, JSON.stringify(record)), this.#replicas),
    )
  }

  async remove(id: string): Promise<void> {
    await this.#asked((connection) => connection.ask((redis) => redis.hdel(SPACES_KEY, id)))
  }

  close(): void {
    this.#redis.disconnect()
  }

  /** Rejects with an EngineError if Redis does not answer. */
  async #asked<Answer>(ask: (connection: KeyConnection) => Promise<Answer>): Promise<Answer> {
    try {
      return await ask(this.#redis)
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
