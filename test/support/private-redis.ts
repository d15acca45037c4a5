/** A `redis-server` for the tests of one file, in a directory of its own that goes with it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { PrivateRedis } from '../../src/redis/private-redis.ts'

/** @returns gives the server, once the tests run */
export function useRedis(): () => PrivateRedis {
  let redis: PrivateRedis | undefined
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rollcall-redis-'))
    redis = await PrivateRedis.start({ directory, appendfsync: 'always' })
  })
  afterAll(async () => {
    await redis?.stop()
    await rm(directory, { recursive: true, force: true })
  })
  return () => redis!
}
