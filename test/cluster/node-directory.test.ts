/** The directory of nodes, with a real Redis, whose clock alone counts. */
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NodeDirectory, type NodeRecord, type OwnerRecord } from '../../src/cluster/node-directory.ts'
import { DRAINED_KEY, NODES_KEY, OWNERS_KEY } from '../../src/redis/keys.ts'
import { useRedis } from '../support/private-redis.ts'

const server = useRedis()
let redis: Redis
let directory: NodeDirectory

beforeEach(async () => {
  redis = new Redis(server().address)
  await redis.flushall()
  directory = new NodeDirectory(server().address)
})

afterEach(() => {
  directory.close()
  redis.disconnect()
})

function record(id: string, more: Partial<NodeRecord> = {}): NodeRecord {
  const url = `http://${id}`
  const having = { weights: {}, standbys: [], moves: {} }
  return { id, url, isEngine: true, startedAt: 7, isEnding: false, ...having, ...more }
}

function owner(nodeId: string, key = 'key'): OwnerRecord {
  return { nodeId, url: `http://${nodeId}`, writeKeys: [key], tokens: ['token'] }
}

/** Notes that a node was last heard of so long ago, by the clock of Redis. */
async function silent(id: string, ms: number): Promise<void> {
  const [seconds] = await redis.time()
  await redis.hset(NODES_KEY, id, `${Number(seconds) * 1000 - ms} ${JSON.stringify(record(id))}`)
}

async function seenBy(id: string): Promise<string[]> {
  return (await directory.beat(record(id))).nodes.map((node) => node.id).sort()
}

describe('a beat', () => {
  it('tells a node of itself, as it described itself last', async () => {
    const weights = { space_1: 1.5, 'ü %d %s': 2 }
    expect(await directory.beat(record('a', { weights }))).toEqual({
      ownersVersion: 0,
      nodes: [record('a', { weights })],
      drained: new Set(),
    })
    const { nodes } = await directory.beat(record('a', { isEnding: true }))
    expect(nodes).toEqual([record('a', { isEnding: true })])
  })

  it('tells of the others that live', async () => {
    await directory.beat(record('b', { isEngine: false }))
    expect((await directory.beat(record('a'))).nodes).toEqual(
      expect.arrayContaining([record('a'), record('b', { isEngine: false })]),
    )
  })

  it('does not tell of a node that is silent, which is there when it is heard of again', async () => {
    await silent('b', 4_000)
    expect(await seenBy('a')).toEqual(['a'])
    expect(await redis.hexists(NODES_KEY, 'b')).toBe(1)
    expect(await seenBy('b')).toEqual(['a', 'b'])
  })

  it('forgets a node that is silent for long', async () => {
    await silent('b', 62_000)
    await silent('c', 30_000)
    for (const id of ['b', 'c']) await directory.drain(id, true)
    expect(await seenBy('a')).toEqual(['a'])
    expect((await redis.hkeys(NODES_KEY)).sort()).toEqual(['a', 'c'])
    expect(await redis.smembers(DRAINED_KEY)).toEqual(['c'])
  })

  it('goes by the clock of Redis, whatever a node takes the time for', async () => {
    await silent('b', -1_000_000)
    expect(await seenBy('a')).toEqual(['a', 'b'])
    const at = Number((await redis.hget(NODES_KEY, 'a'))!.split(' ')[0])
    const [seconds] = await redis.time()
    expect(Math.abs(at / 1000 - Number(seconds))).toBeLessThan(60)
  })

  it('tells which nodes are drained, until they are not', async () => {
    await directory.drain('a', true)
    await directory.drain('b', true)
    expect((await directory.beat(record('a'))).drained).toEqual(new Set(['a', 'b']))
    await directory.drain('a', false)
    expect((await directory.beat(record('a'))).drained).toEqual(new Set(['b']))
    expect(await redis.smembers(DRAINED_KEY)).toEqual(['b'])
  })
})

it('forgets a node that leaves, at once', async () => {
  await directory.beat(record('b'))
  await directory.leave('b')
  await directory.leave('nobody')
  expect(await seenBy('a')).toEqual(['a'])
})

describe('an owner', () => {
  it('is known to all once it is announced, which changes the version', async () => {
    expect(await directory.owners()).toEqual(new Map())
    expect(await directory.announce('s', 3, owner('a'))).toBe(true)
    expect((await directory.beat(record('a'))).ownersVersion).toBe(1)
    expect(await directory.owners()).toEqual(new Map([['s', owner('a')]]))
  })

  it('gives way to a later one, and to itself', async () => {
    await directory.announce('s', 3, owner('a'))
    expect(await directory.announce('s', 3, owner('a', 'another key'))).toBe(true)
    expect(await directory.announce('s', 10, owner('b'))).toBe(true)
    expect(await directory.owners()).toEqual(new Map([['s', owner('b')]]))
  })

  it('does not give way to an earlier one, and the version stays', async () => {
    await directory.announce('s', 10, owner('b'))
    // Shorter as a text, and less as a number.
    expect(await directory.announce('s', 9, owner('a'))).toBe(false)
    await directory.retire('s', 9, owner('a'))
    expect(await directory.owners()).toEqual(new Map([['s', owner('b')]]))
    expect((await directory.beat(record('a'))).ownersVersion).toBe(1)
  })

  it('leaves its keys and tokens when it retires', async () => {
    await directory.announce('s', 3, owner('a'))
    await directory.retire('s', 3, owner('a'))
    expect(await directory.owners()).toEqual(new Map([['s', { ...owner('a'), nodeId: '', url: '' }]]))
    expect((await directory.beat(record('a'))).ownersVersion).toBe(2)
    expect(await directory.announce('s', 4, owner('b'))).toBe(true)
  })

  it('is of one space, and no other', async () => {
    await directory.announce('s', 10, owner('a'))
    expect(await directory.announce('t', 1, owner('b'))).toBe(true)
    await directory.forget('s')
    expect([...(await directory.owners()).keys()]).toEqual(['t'])
  })

  it('is forgotten with its space, and one that begins anew is known', async () => {
    await directory.announce('s', 10, owner('a'))
    await directory.forget('s')
    expect(await redis.exists(OWNERS_KEY)).toBe(0)
    expect((await directory.beat(record('a'))).ownersVersion).toBe(2)
    await directory.forget('s')
    expect((await directory.beat(record('a'))).ownersVersion).toBe(2)
    expect(await directory.announce('s', 1, owner('b'))).toBe(true)
  })
})
