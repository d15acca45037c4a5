/** The records of spaces in Redis, and the removal of all that a space had there. */
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { checkpointKey, journalKey, queuePrefix } from '../../src/redis/keys.ts'
import { RedisSpaceDirectory } from '../../src/redis/redis-space-directory.ts'
import { removeKeysOf } from '../../src/redis/space-keys.ts'
import { useRedis } from '../support/private-redis.ts'

const server = useRedis()

it('has the spaces in the order in which they were made, as they were changed last', async () => {
  const directory = new RedisSpaceDirectory(server().address)
  const [shop, blog] = [
    { id: 'shop', name: 'Shop', createdAt: 2 },
    { id: 'blog', name: 'Blog', createdAt: 1 },
  ]
  await directory.put(shop)
  await directory.put(blog)
  await directory.put({ ...shop, isEnding: true })
  expect(await directory.list()).toEqual([blog, { ...shop, isEnding: true }])
  await directory.remove('shop')
  expect(await directory.list()).toEqual([blog])
  directory.close()
})

it('takes what comes while it connects', async () => {
  const directory = new RedisSpaceDirectory(server().address)
  const shop = { id: 'shop', name: 'Shop', createdAt: 2 }
  const [before] = await Promise.all([directory.list(), directory.put(shop)])
  expect(before).not.toContainEqual(shop)
  expect(await directory.list()).toContainEqual(shop)
  await directory.remove('shop')
  directory.close()
})

it('is unavailable while Redis does not answer', async () => {
  const directory = new RedisSpaceDirectory('/nowhere/redis.sock')
  await expect(directory.list()).rejects.toMatchObject({ code: 'unavailable', cause: expect.any(Error) as Error })
  directory.close()
})

it('removes all keys of a space, and none of another whose name begins alike', async () => {
  const redis = new Redis(server().address)
  for (const space of ['shop', 'shop_eu'])
    for (const key of [journalKey(space), checkpointKey(space, 7), `${queuePrefix(space, 'dst_1')}:dst_1:wait`])
      await redis.set(key, 'x')
  await removeKeysOf(server().address, 'shop')
  expect((await redis.keys('*shop*')).sort()).toEqual(
    [checkpointKey('shop_eu', 7), journalKey('shop_eu'), `${queuePrefix('shop_eu', 'dst_1')}:dst_1:wait`].sort(),
  )
  redis.disconnect()
})
