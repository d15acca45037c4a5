/** A Redis of its own for a run, with the journal and the checkpoints of a space in it; all gone after it. */
import { join } from 'node:path'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { journalKey } from '../../src/redis/keys.ts'
import { PrivateRedis, type PrivateRedisOptions } from '../../src/redis/private-redis.ts'
import { RedisCheckpoints } from '../../src/checkpoints/redis-checkpoints.ts'
import { RedisJournal } from '../../src/journal/redis-journal.ts'
import { inDirectory } from './directory.ts'

const SPACE = 'bench'

export interface SpaceStores {
  /** Address of the Redis. */
  readonly address: string
  readonly journal: RedisJournal<SpaceCommand>
  readonly checkpoints: RedisCheckpoints
}

export function inStores<Value>(
  { appendfsync }: Pick<PrivateRedisOptions, 'appendfsync'>,
  use: (stores: SpaceStores) => Promise<Value>,
): Promise<Value> {
  return inDirectory(async (directory) => {
    const redis = await PrivateRedis.start({ directory: join(directory, 'redis'), appendfsync })
    try {
      const { address } = redis
      const journal = await RedisJournal.open<SpaceCommand>({ address, key: journalKey(SPACE) })
      const checkpoints = new RedisCheckpoints({ address, spaceId: SPACE, epoch: journal.epoch })
      const value = await use({ address, journal, checkpoints })
      checkpoints.close()
      await journal.close()
      return value
    } finally {
      await redis.stop()
    }
  })
}
