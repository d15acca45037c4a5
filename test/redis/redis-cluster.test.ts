/** A Redis Cluster of three masters: everything that one Redis does for the product, and keys that move meanwhile. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { RedisCheckpoints } from '../../src/checkpoints/redis-checkpoints.ts'
import { BullOwnership } from '../../src/cluster/bull-ownership.ts'
import { NodeDirectory } from '../../src/cluster/node-directory.ts'
import { RedisJournal } from '../../src/journal/redis-journal.ts'
import { outgoing, type OutgoingDelivery } from '../../src/outbox/delivery.ts'
import { NO_ANSWER } from '../../src/outbox/space-outbox.ts'
import { BullQueue } from '../../src/queue/bull-queue.ts'
import type { DeliveryJob } from '../../src/queue/job.ts'
import { slotOf } from '../../src/redis/cluster-map.ts'
import { inspectRedis } from '../../src/redis/inspection.ts'
import { connectionFor, type KeyConnection } from '../../src/redis/key-connection.ts'
import {
  answersKey,
  checkpointIndexKey,
  checkpointKey,
  journalKey,
  lanesKey,
  listsKey,
  queuePrefix,
} from '../../src/redis/keys.ts'
import { RedisSpaceDirectory } from '../../src/redis/redis-space-directory.ts'
import { areKeysOf, removeKeysOf } from '../../src/redis/space-keys.ts'
import { DeliveryWorker } from '../../src/worker/delivery-worker.ts'
import { contextFor } from '../../src/worker/deliver.ts'
import { checkpointContract } from '../checkpoints/checkpoint-contract.ts'
import { journalContract, type NoteCommand } from '../journal/journal-contract.ts'
import { instants, tick } from '../journal/ticks.ts'
import { connection as connectionRecord, delivery } from '../outbox/given.ts'
import { eventually, until } from '../support/eventually.ts'
import { RedisCluster } from '../support/redis-cluster.ts'

let cluster: RedisCluster
let directory = ''
let spaces = 0
const closing: (() => unknown)[] = []

beforeAll(async () => {
  cluster = await RedisCluster.start({ masters: 3 })
  directory = await mkdtemp(join(tmpdir(), 'rollcall-queue-'))
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
afterAll(async () => {
  await cluster.stop()
  await rm(directory, { recursive: true, force: true })
})

function nextSpace(): string {
  return `space_${++spaces}`
}

async function openJournal(
  spaceId = nextSpace(),
  onTrouble: (cause: unknown) => void = () => undefined,
): Promise<RedisJournal<NoteCommand>> {
  const options = { address: cluster.address, key: journalKey(spaceId), onTrouble }
  const journal = await RedisJournal.open<NoteCommand>(options)
  closing.push(() => journal.close())
  return journal
}

async function openCheckpoints(): Promise<RedisCheckpoints> {
  const spaceId = nextSpace()
  const { epoch } = await openJournal(spaceId)
  const checkpoints = new RedisCheckpoints({ address: cluster.address, spaceId, epoch })
  closing.push(() => checkpoints.close())
  return checkpoints
}

function connection(key: string): KeyConnection {
  const opened = connectionFor(cluster.address, key)
  closing.push(() => opened.disconnect())
  return opened
}

function job(id: string): DeliveryJob {
  // What is undefined is left out by the queue.
  const item = JSON.parse(JSON.stringify(outgoing(delivery(1, { actor: 1 })))) as OutgoingDelivery
  return { id, destinationId: 'dst_1', lane: 0, items: [item], connections: [connectionRecord()] }
}

/** Another master than the one that has a key. */
async function otherThan(key: string) {
  const master = await cluster.masterOf(key)
  return cluster.nodes.find((node) => node !== master)!
}

journalContract('RedisJournal in a Redis Cluster', () => openJournal())
checkpointContract('RedisCheckpoints in a Redis Cluster', () => openCheckpoints())

describe('keys', () => {
  it('of a space are in one slot, and each of its queues in one of its own', () => {
    const own = [
      journalKey('shop'),
      checkpointIndexKey('shop'),
      checkpointKey('shop', 7),
      answersKey('shop'),
      lanesKey('shop'),
      listsKey('shop'),
    ]
    expect(new Set(own.map(slotOf)).size).toBe(1)
    const queues = ['dst_1', 'dst_2', 'dst_3'].map((id) =>
      ['wait', 'active'].map((name) => slotOf(`${queuePrefix('shop', id)}:${id}:${name}`)),
    )
    for (const [wait, active] of queues) expect(wait).toBe(active)
    expect(new Set([slotOf(journalKey('shop')), ...queues.flat()]).size).toBe(4)
  })

  it('are in the slots that Redis says', async () => {
    for (const key of [journalKey('shop'), `${queuePrefix('shop', 'dst_1')}:wait`, 'rollcall:spaces'])
      expect(slotOf(key)).toBe(await cluster.nodes[0]!.ask('CLUSTER', 'KEYSLOT', key))
  })

  it('of a space are removed at every master, and those of others stay', async () => {
    const keysOf = (spaceId: string) => [
      journalKey(spaceId),
      checkpointKey(spaceId, 1),
      ...Array.from({ length: 12 }, (_, id) => `${queuePrefix(spaceId, `dst_${id}`)}:dst_${id}:wait`),
    ]
    for (const key of [...keysOf('gone'), ...keysOf('gone_not')])
      await connection(key).ask((redis) => redis.set(key, 1))
    await removeKeysOf(cluster.address, 'gone')
    expect(await areKeysOf(cluster.address, 'gone')).toBe(false)
    for (const key of keysOf('gone_not')) expect(await connection(key).ask((redis) => redis.exists(key))).toBe(1)
  })
})

describe('a connection to the Redis of a key', () => {
  it('finds it again where its slot has gone', async () => {
    const key = 'key-that-goes'
    const held = connection(key)
    await held.ask((redis) => redis.set(key, 'here'))
    await cluster.move(slotOf(key), await otherThan(key))
    expect(await held.ask((redis) => redis.get(key))).toBe('here')
    await cluster.move(slotOf(key), await otherThan(key))
    expect(await held.ask((redis) => redis.get(key))).toBe('here')
  })

  it('finds it at either end while its slot moves', async () => {
    const [here, there] = ['{half-way}:here', '{half-way}:there']
    const held = connection(here)
    for (const key of [here, there]) await held.ask((redis) => redis.set(key, key))
    const [from, to] = [await cluster.masterOf(here), await otherThan(here)]
    const slot = slotOf(here)
    await to.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
    await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
    await from.ask('MIGRATE', '127.0.0.1', to.port, there, 0, 5_000)
    expect(await held.ask((redis) => redis.get(there))).toBe(there)
    expect(await held.ask((redis) => redis.get(here))).toBe(here)
    await from.ask('MIGRATE', '127.0.0.1', to.port, here, 0, 5_000)
    for (const node of [to, from]) await node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
    expect(await held.ask((redis) => redis.mget(here, there))).toEqual([here, there])
  })

  it('says at once that it is closed', async () => {
    const held = connection('closed')
    await held.ask((redis) => redis.set('closed', 1))
    held.disconnect()
    await expect(held.ask((redis) => redis.get('closed'))).rejects.toThrow('Connection is closed')
    const never = connection('closed')
    never.disconnect()
    await expect(never.ask((redis) => redis.get('closed'))).rejects.toThrow('Connection is closed')
  })
})

describe('the journal', () => {
  it('goes on while its slot moves from master to master: nobody sees an error, and the order stays', async () => {
    const spaceId = nextSpace()
    const troubles: unknown[] = []
    const journal = await openJournal(spaceId, (cause) => troubles.push(cause))
    const key = journalKey(spaceId)
    for (let beside = 0; beside < 20; beside++)
      await connection(key).ask((redis) => redis.set(checkpointKey(spaceId, beside), beside))
    let [isOver, count] = [false, 0]
    const appending = (async () => {
      while (!isOver) expect(await journal.append(tick(count))).toBe(count++)
    })()
    for (let moves = 0; moves < 4; moves++)
      await cluster.move(slotOf(key), await otherThan(key), async () => {
        const known = count
        await until(() => count > known + 1)
      })
    isOver = true
    await appending
    expect(troubles).toEqual([])
    expect(count).toBeGreaterThan(80)
    expect(await instants(journal)).toEqual(Array.from({ length: count }, (_, index) => index))
  })

  it('begins no epoch twice, though what began one is lost', async () => {
    const spaceId = nextSpace()
    const older = await openJournal(spaceId)
    await connection(journalKey(spaceId)).ask((redis) => redis.del(journalKey(spaceId)))
    await eventually(() => expect(Date.now()).toBeGreaterThan(older.epoch))
    const newer = await openJournal(spaceId)
    expect(newer.epoch).toBeGreaterThan(older.epoch)
    await expect(older.append(tick(1))).rejects.toThrow('another server has taken over the journal')
  })
})

describe('checkpoints', () => {
  it('are written while their slot moves, once it has', async () => {
    const spaceId = nextSpace()
    const { epoch } = await openJournal(spaceId)
    const checkpoints = new RedisCheckpoints({ address: cluster.address, spaceId, epoch })
    closing.push(() => checkpoints.close())
    await checkpoints.begin(1)
    let [isOver, number] = [false, 1]
    const writing = (async () => {
      for (; !isOver; number++) {
        await checkpoints.begin(number)
        await checkpoints.write(number, [['part', Buffer.from(String(number))]])
        await checkpoints.commit(number, number > 1 ? number - 1 : undefined, '0-0')
      }
    })()
    const key = journalKey(spaceId)
    for (let moves = 0; moves < 3; moves++) await cluster.move(slotOf(key), await otherThan(key))
    isOver = true
    await writing
    expect(await checkpoints.committed()).toEqual([number - 1, number - 2])
    expect(await checkpoints.read(number - 1, ['part'])).toEqual([Buffer.from(String(number - 1))])
  })
})

describe('the queue', () => {
  it('gives jobs to workers and their answers back, and goes on when its slot has moved', async () => {
    const spaceId = nextSpace()
    const queue = new BullQueue(cluster.address, spaceId)
    closing.push(() => queue.close())
    await queue.add(job('job-a'))
    await queue.add(job('job-a'))
    expect(await queue.present('dst_1')).toEqual([job('job-a')])
    const shown = new BullMQAdapter(queue.queueOf('dst_1'), { readOnlyMode: true })
    expect(await shown.getJobCounts()).toMatchObject({ waiting: 1 })
    expect(String(await shown.getRedisInfo())).toContain('redis_version')
    const printed: string[] = []
    const contextOf = contextFor({ directory, allowPrivate: true }, (told) => {
      if (told.kind === 'print') printed.push(told.line)
    })
    const onFault = (cause: unknown): never => {
      throw cause
    }
    const worker = new DeliveryWorker({ address: cluster.address, spaceId, contextOf, onFault })
    closing.push(() => worker.close())
    await worker.open([{ id: 'dst_1', type: 'console', settings: {}, lanes: 2 }])
    const answered: string[] = []
    let last = NO_ANSWER
    const answers = async (count: number): Promise<void> => {
      while (answered.length < count)
        for (const { id, answer } of await queue.answersAfter(last, true)) {
          last = id
          answered.push(answer.jobId)
        }
    }
    await answers(1)
    for (const key of [`${queuePrefix(spaceId, 'dst_1')}:x`, answersKey(spaceId)])
      await cluster.move(slotOf(key), await otherThan(key))
    await eventually(() => queue.add(job('job-b')))
    await answers(2)
    expect(answered).toEqual(['job-a', 'job-b'])
    expect(printed).toHaveLength(2)
    await eventually(async () => expect(await queue.present('dst_1')).toEqual([]))
    await queue.remove('dst_1')
  })
})

describe('ownership', () => {
  it('lets one claim, renew and release, wherever its slot is', async () => {
    let instant = 0
    const [a, b] = ['a', 'b'].map((token) => {
      const ownership = new BullOwnership({ address: cluster.address, token, lockMs: 30_000, now: () => ++instant })
      closing.push(() => ownership.close())
      return ownership
    }) as [BullOwnership, BullOwnership]
    await a.offer(['one', 'two'])
    expect((await a.claim())?.spaceId).toBe('one')
    expect((await eventually(() => b.claim()))?.spaceId).toBe('two')
    expect((await a.renew(['one', 'two'])).lost).toEqual(['two'])
    const key = 'rollcall:{nodes}:spaces:x'
    await cluster.move(slotOf(key), await otherThan(key))
    expect((await a.renew(['one'])).lost).toEqual([])
    await a.release('one')
    expect((await eventually(() => b.claim()))?.spaceId).toBe('one')
  })
})

it('has the directories of nodes and of spaces', async () => {
  const nodes = new NodeDirectory(cluster.address)
  const directoryOfSpaces = new RedisSpaceDirectory(cluster.address)
  closing.push(
    () => nodes.close(),
    () => directoryOfSpaces.close(),
  )
  const record = {
    id: 'a',
    url: 'http://127.0.0.1:1',
    isEngine: true,
    startedAt: 1,
    isEnding: false,
    weights: {},
    standbys: [],
    moves: {},
  }
  expect((await nodes.beat(record)).nodes).toEqual([record])
  expect(await nodes.announce('shop', 1, { nodeId: 'a', url: record.url, writeKeys: [], tokens: [] })).toBe(true)
  expect([...(await nodes.owners()).keys()]).toEqual(['shop'])
  await directoryOfSpaces.put({ id: 'shop', name: 'Shop', createdAt: 1 })
  expect(await directoryOfSpaces.list()).toEqual([{ id: 'shop', name: 'Shop', createdAt: 1 }])
})

it('is inspected master by master', async () => {
  const { faults, warnings } = await inspectRedis(cluster.address, 1)
  expect(faults).toEqual([])
  for (const { port } of cluster.nodes) {
    expect(warnings.some((text) => text.startsWith(`127.0.0.1:${port}: appendfsync is everysec`))).toBe(true)
    expect(warnings.join()).toContain(`127.0.0.1:${port}: JOURNAL_REPLICAS is 1, and 0 are connected, expected 2`)
  }
  expect((await inspectRedis(cluster.address)).warnings.join()).toContain('JOURNAL_REPLICAS is 0')
})
