/**
 * The contract that ownership needs of BullMQ, with a real Redis. A lock lasts half a minute, so that none runs out by
 * itself while a test runs: one is made to by taking its key away.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Redis } from 'ioredis'
import { BullOwnership } from '../../src/cluster/bull-ownership.ts'
import type { Claim } from '../../src/cluster/ownership.ts'
import { NODES_PREFIX } from '../../src/redis/keys.ts'
import { eventually } from '../support/eventually.ts'
import { useRedis } from '../support/private-redis.ts'
import { TcpRedis } from '../support/tcp-redis.ts'

const LOCK_MS = 30_000
const PREFIX = `${NODES_PREFIX}:spaces:`

const server = useRedis()
let redis: Redis
let opened: BullOwnership[]
let instant: number

beforeEach(async () => {
  redis = new Redis(server().address)
  await redis.flushall()
  ;[opened, instant] = [[], 0]
})

afterEach(async () => {
  await Promise.all(opened.map((ownership) => ownership.close()))
  redis.disconnect()
})

function ownershipOf(token: string, address = server().address): BullOwnership {
  const ownership = new BullOwnership({ address, token, lockMs: LOCK_MS, now: () => ++instant })
  opened.push(ownership)
  return ownership
}

function lockKey(spaceId: string): string {
  return `${PREFIX}space-${spaceId}:lock`
}

/** The lock of a space runs out. */
async function expire(spaceId: string): Promise<void> {
  expect(await redis.del(lockKey(spaceId))).toBe(1)
}

/** Resolves with a claim once there is one: locks that have run out are looked for twice a second. */
function claimed(ownership: BullOwnership): Promise<Claim> {
  return eventually(async () => {
    const claim = await ownership.claim()
    if (!claim) throw new Error('there is nothing to claim')
    return claim
  })
}

async function loseAll(): Promise<void> {
  await redis.del(...(await redis.keys(`${PREFIX}*`)))
}

describe('a space', () => {
  it('can be claimed by one, once it was offered', async () => {
    const [a, b] = [ownershipOf('a'), ownershipOf('b')]
    expect(await a.claim()).toBeUndefined()
    await a.offer(['one'])
    const claim = await b.claim()
    expect(claim?.spaceId).toBe('one')
    expect(await a.claim()).toBeUndefined()
    expect(await redis.get(lockKey('one'))).toBe('b')
  })

  it('is claimed as of the instant before that was asked for, for less than the lock lasts', async () => {
    const a = ownershipOf('a')
    await a.offer(['one'])
    instant = 41
    expect(await a.claim()).toEqual({ spaceId: 'one', askedAt: 42 })
    expect(a.leaseMs).toBe(0.8 * LOCK_MS)
    expect(await redis.pttl(lockKey('one'))).toBeGreaterThan(a.leaseMs)
  })

  it('stays as it is when it is offered again, waiting or claimed', async () => {
    const [a, b] = [ownershipOf('a'), ownershipOf('b')]
    await a.offer(['one'])
    await b.offer(['one'])
    expect((await a.claim())?.spaceId).toBe('one')
    await b.offer(['one'])
    expect(await b.claim()).toBeUndefined()
    expect((await a.renew(['one'])).lost).toEqual([])
  })

  it('may have a number for its id', async () => {
    const a = ownershipOf('a')
    await a.offer(['17'])
    expect((await a.claim())?.spaceId).toBe('17')
    expect((await a.renew(['17'])).lost).toEqual([])
    await a.release('17')
    expect((await a.claim())?.spaceId).toBe('17')
  })

  it('is one of many, each of which is claimed once', async () => {
    const [a, b] = [ownershipOf('a'), ownershipOf('b')]
    const ids = Array.from({ length: 50 }, (_, number) => `s_${number}`)
    await a.offer(ids)
    const found: string[] = []
    const claimAll = async (ownership: BullOwnership): Promise<void> => {
      for (let claim = await ownership.claim(); claim; claim = await ownership.claim()) found.push(claim.spaceId)
    }
    await Promise.all([claimAll(a), claimAll(b)])
    expect(found.sort()).toEqual([...ids].sort())
  })
})

describe('a renewal', () => {
  it('extends the locks', async () => {
    const a = ownershipOf('a')
    await a.offer(['one', 'two'])
    await a.claim()
    await a.claim()
    await redis.pexpire(lockKey('one'), 20_000)
    instant = 99
    expect(await a.renew(['one', 'two'])).toEqual({ askedAt: 100, lost: [] })
    expect(await redis.pttl(lockKey('one'))).toBeGreaterThan(20_000)
  })

  it('names those that another has, and those that are gone', async () => {
    const a = ownershipOf('a')
    await a.offer(['kept', 'taken', 'gone'])
    for (let count = 0; count < 3; count++) await a.claim()
    await redis.set(lockKey('taken'), 'b')
    await expire('gone')
    expect((await a.renew(['kept', 'taken', 'gone'])).lost).toEqual(['taken', 'gone'])
    expect(await redis.get(lockKey('taken'))).toBe('b')
    expect(await redis.exists(lockKey('gone'))).toBe(0)
  })

  it('names all of them if the queue has lost all that it had, and asks for nothing if there is none', async () => {
    const a = ownershipOf('a')
    await a.offer(['one', 'two'])
    await a.claim()
    await a.claim()
    await loseAll()
    expect((await a.renew(['one', 'two'])).lost).toEqual(['one', 'two'])
    expect((await a.renew([])).lost).toEqual([])
  })
})

describe('a lock that has run out', () => {
  it('goes to whoever claims next, however often', async () => {
    const [a, b] = [ownershipOf('a'), ownershipOf('b')]
    await a.offer(['one'])
    await a.claim()
    let [owner, next] = [a, b]
    for (let times = 1; times <= 4; times++) {
      await expire('one')
      expect((await claimed(next)).spaceId).toBe('one')
      expect((await owner.renew(['one'])).lost).toEqual(['one'])
      expect((await next.renew(['one'])).lost).toEqual([])
      ;[owner, next] = [next, owner]
    }
  })

  it('goes to another, though its owner is gone for good', async () => {
    const [a, b] = [ownershipOf('a'), ownershipOf('b')]
    await a.offer(['one'])
    await a.claim()
    await a.close()
    expect(await b.claim()).toBeUndefined()
    await expire('one')
    expect((await claimed(b)).spaceId).toBe('one')
  })

  it('is not given back by whoever had it, and stays with the next', async () => {
    const [a, b] = [ownershipOf('a'), ownershipOf('b')]
    await a.offer(['one'])
    await a.claim()
    await expire('one')
    await claimed(b)
    await expect(a.release('one')).rejects.toThrow()
    expect((await b.renew(['one'])).lost).toEqual([])
    expect(await a.claim()).toBeUndefined()
  })

  it('comes back to whoever had it, if nobody else was there', async () => {
    const a = ownershipOf('a')
    await a.offer(['one'])
    await a.claim()
    await expire('one')
    await claimed(a)
    expect((await a.renew(['one'])).lost).toEqual([])
    await a.release('one')
    expect((await a.claim())?.spaceId).toBe('one')
  })
})

describe('a space that is released', () => {
  it('can be claimed by another at once', async () => {
    const [a, b] = [ownershipOf('a'), ownershipOf('b')]
    await a.offer(['one'])
    await a.claim()
    await a.release('one')
    expect((await b.claim())?.spaceId).toBe('one')
    expect((await a.renew(['one'])).lost).toEqual(['one'])
  })

  it('comes before those that have waited longer', async () => {
    // So a claim that is given back is the next one: whoever gives back goes on only after the last.
    const a = ownershipOf('a')
    await a.offer(['one', 'two'])
    await a.claim()
    await a.release('one')
    expect((await a.claim())?.spaceId).toBe('one')
  })

  it('is let be if it was never claimed here', async () => {
    const [a, b] = [ownershipOf('a'), ownershipOf('b')]
    await a.offer(['one'])
    await a.claim()
    await b.release('one')
    await b.withdraw('one')
    expect((await a.renew(['one'])).lost).toEqual([])
  })
})

describe('a space that is withdrawn', () => {
  it('is gone, and can be offered again', async () => {
    const a = ownershipOf('a')
    await a.offer(['one', 'two'])
    expect((await a.claim())?.spaceId).toBe('one')
    await a.withdraw('one')
    expect((await redis.keys(`${PREFIX}space-one*`)).length).toBe(0)
    expect((await a.renew(['one'])).lost).toEqual(['one'])
    expect((await a.claim())?.spaceId).toBe('two')
    expect(await a.claim()).toBeUndefined()
    await a.offer(['one'])
    expect((await a.claim())?.spaceId).toBe('one')
  })
})

describe('a queue that has lost all that it had', () => {
  it('gives a space to whoever claims it, once it is offered again', async () => {
    const [a, b] = [ownershipOf('a'), ownershipOf('b')]
    await a.offer(['one'])
    await a.claim()
    await loseAll()
    expect(await b.claim()).toBeUndefined()
    await a.offer(['one'])
    await b.offer(['one'])
    expect((await a.claim())?.spaceId).toBe('one')
    expect(await b.claim()).toBeUndefined()
    expect((await a.renew(['one'])).lost).toEqual([])
  })
})

it('closes, and closes twice', async () => {
  const a = ownershipOf('a')
  await a.offer(['one'])
  await a.claim()
  await a.close()
  await a.close()
  await expect(a.offer(['two'])).rejects.toThrow()
})

describe('a Redis that is away', () => {
  let own: TcpRedis
  beforeEach(async () => {
    own = await TcpRedis.start()
  })
  afterEach(() => own.kill())

  it('is an error to whoever asks, and nothing is lost when it is back', async () => {
    const a = ownershipOf('a', own.url)
    await a.offer(['one'])
    await a.claim()
    await own.kill()
    await expect(a.renew(['one'])).rejects.toThrow()
    await expect(a.claim()).rejects.toThrow()
    await expect(a.offer(['two'])).rejects.toThrow()
    await own.start()
    await eventually(async () => {
      expect((await a.renew(['one'])).lost).toEqual([])
    })
  })

  it('keeps nobody from closing', async () => {
    const a = ownershipOf('a', own.url)
    await a.offer(['one'])
    await a.claim()
    await own.kill()
    await a.close()
    const never = ownershipOf('b', own.url)
    await never.close()
  })
})
