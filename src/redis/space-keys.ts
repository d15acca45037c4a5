/** All keys that a space has in a Redis. */
import type { Redis } from 'ioredis'
import { createRedis } from './client.ts'
import { spacePattern } from './keys.ts'

const SCAN_COUNT = 1_000

/** Resolves with true if the space has any key there. @param redis connected */
export async function areKeysOf(redis: Redis, spaceId: string): Promise<boolean> {
  for await (const keys of keysOf(redis, spaceId)) if (keys.length > 0) return true
  return false
}

/** Removes every key of a space. @param address `redis://…`, `rediss://…`, or the path of a unix socket */
export async function removeKeysOf(address: string, spaceId: string): Promise<void> {
  const redis = createRedis(address)
  try {
    await redis.connect()
    for await (const keys of keysOf(redis, spaceId)) if (keys.length > 0) await redis.unlink(...keys)
  } finally {
    redis.disconnect()
  }
}

function keysOf(redis: Redis, spaceId: string): AsyncIterable<string[]> {
  return redis.scanStream({ match: spacePattern(spaceId), count: SCAN_COUNT })
}
