/** All keys that a space has in a Redis, or at all masters of a Redis Cluster. */
import type { Redis } from 'ioredis'
import { createRedis } from './client.ts'
import { clusterMapOf } from './key-connection.ts'
import { spacePattern } from './keys.ts'

const SCAN_COUNT = 1_000

/**
 * Resolves with true if the space has any key there.
 * @param address `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket
 */
export function areKeysOf(address: string, spaceId: string): Promise<boolean> {
  return withKeysOf(address, spaceId, async (pages) => {
    for await (const keys of pages) if (keys.length > 0) return true
    return false
  })
}

/**
 * Removes every key of a space.
 * @param address `redis://…`, `rediss://…`, `redis+cluster://…`, or the path of a unix socket
 */
export async function removeKeysOf(address: string, spaceId: string): Promise<void> {
  await withKeysOf(address, spaceId, async (pages, redis) => {
    for await (const keys of pages) await unlink(redis, keys)
    return false
  })
}

/** One by one, as they may lie in several slots. */
async function unlink(redis: Redis, keys: readonly string[]): Promise<void> {
  const removing = redis.pipeline()
  for (const key of keys) removing.unlink(key)
  for (const [failure] of (await removing.exec()) ?? []) if (failure) throw failure
}

/** Looks at one Redis after another, until it finds what it looks for. */
async function withKeysOf(
  address: string,
  spaceId: string,
  look: (pages: AsyncIterable<string[]>, redis: Redis) => Promise<boolean>,
): Promise<boolean> {
  const shards = await clusterMapOf(address)?.shards()
  for (const one of shards?.map(({ master }) => master) ?? [address]) {
    const redis = createRedis(one)
    try {
      await redis.connect()
      if (await look(redis.scanStream({ match: spacePattern(spaceId), count: SCAN_COUNT }), redis)) return true
    } finally {
      redis.disconnect()
    }
  }
  return false
}
