/** Addresses of Redis, and the settings that depend on them. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { clusterAddressOf, isRedisAddress } from '../src/redis/address.ts'
import { clusterMapOf } from '../src/redis/key-connection.ts'
import { clusterSettings, readSettings } from '../src/server/settings.ts'

afterEach(() => vi.unstubAllEnvs())

describe('an address', () => {
  it('of a single Redis is no cluster', () => {
    for (const address of ['redis://127.0.0.1:6379', 'rediss://u:p@redis.internal:6380/2', '/run/redis.sock']) {
      expect(isRedisAddress(address)).toBe(true)
      expect(clusterAddressOf(address)).toBeUndefined()
      expect(clusterMapOf(address)).toBeUndefined()
    }
  })

  it.each([
    ['redis+cluster://a:7000,b:7001', ['redis://a:7000', 'redis://b:7001']],
    ['redis+cluster://redis-0.redis.svc/', ['redis://redis-0.redis.svc:6379']],
    [
      'rediss+cluster://u:p%40ss@10.0.0.1:7000,10.0.0.2',
      ['rediss://u:p%40ss@10.0.0.1:7000', 'rediss://u:p%40ss@10.0.0.2:6379'],
    ],
    ['redis+cluster://:secret@[::1]:7000', ['redis://:secret@[::1]:7000']],
  ])('%s names nodes of a cluster', (address, seeds) => {
    expect(isRedisAddress(address)).toBe(true)
    expect(clusterAddressOf(address)?.seeds).toEqual(seeds)
  })

  it('gives other nodes the same credentials', () => {
    const address = clusterAddressOf('rediss+cluster://u:p@a:7000')!
    expect(address.urlOf('10.0.0.7', 7002)).toBe('rediss://u:p@10.0.0.7:7002')
    expect(address.urlOf('fd00::7', 7002)).toBe('rediss://u:p@[fd00::7]:7002')
  })

  it('has one map, whoever asks, and nodes that leave out their host are where they answer', () => {
    const map = clusterMapOf('redis+cluster://a:7000')!
    expect(clusterMapOf('redis+cluster://a:7000')).toBe(map)
    expect(map.urlOf('', 7001, 'redis://b:7000')).toBe('redis://b:7001')
  })

  it.each([
    'http://a:7000',
    'redis+cluster://',
    'redis+cluster://a:7000,',
    'redis+cluster://a:70000',
    'redis+cluster://a b:7000',
    'redis+cluster://a:7000/1',
    'redis+cluster://a:7000?x',
  ])('%s is none', (address) => {
    expect(isRedisAddress(address)).toBe(false)
  })
})

describe('settings', () => {
  const NODE = {
    OWNERSHIP: 'bullmq',
    QUEUE_REDIS_URL: 'redis://127.0.0.1',
    SECRETS_KEY: 'key',
    WRITE_KEY: 'key',
    ACCESS_TOKEN: 'token',
  }

  function settingsOf(environment: Readonly<Record<string, string>>) {
    vi.unstubAllEnvs()
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
    return readSettings()
  }

  it('lock spaces for longer than the failover of a Redis Cluster', () => {
    const lockMs = (environment: Readonly<Record<string, string>>) =>
      clusterSettings(settingsOf({ ...NODE, ...environment }))?.lockMs
    expect(lockMs({ REDIS_URL: 'redis://a' })).toBe(5_000)
    expect(lockMs({ REDIS_URL: 'redis+cluster://a:7000,b:7000' })).toBe(12_000)
    expect(lockMs({ REDIS_URL: 'redis+cluster://a:7000', LOCK_SECONDS: '7' })).toBe(7_000)
  })

  it('say what an address may be', () => {
    for (const name of ['REDIS_URL', 'QUEUE_REDIS_URL'])
      expect(() => settingsOf({ [name]: 'redis+cluster://a:x' })).toThrow(
        `${name}: expected redis://…, rediss://…, redis+cluster://host:port,host:port or the path of a socket`,
      )
  })

  it('wait for replicas of a Redis that may have some alone', () => {
    expect(settingsOf({}).JOURNAL_REPLICAS).toBe(0)
    expect(settingsOf({ REDIS_URL: 'redis://a', JOURNAL_REPLICAS: '1' }).JOURNAL_REPLICAS).toBe(1)
    expect(() => settingsOf({ JOURNAL_REPLICAS: '1' })).toThrow('JOURNAL_REPLICAS: expected 0, as REDIS_URL names no')
    expect(() => settingsOf({ REDIS_URL: 'redis://a', JOURNAL_REPLICAS: '-1' })).toThrow('JOURNAL_REPLICAS')
  })
})
