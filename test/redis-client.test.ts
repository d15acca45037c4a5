/** A connection that is given up keeps no process alive. */
import { afterEach, expect, it, vi } from 'vitest'
import { createRedis } from '../src/redis/client.ts'

afterEach(() => vi.useRealTimers())

it('is over soon, also where nobody answers', async () => {
  const redis = createRedis('/nowhere/redis.sock')
  await expect(redis.connect()).rejects.toThrow()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  redis.disconnect()
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(200)
  expect(vi.getTimerCount()).toBe(0)
})
