/** Checkpoints in a real Redis: the contract, and who may write. */
import { afterEach, describe, expect, it } from 'vitest'
import { JournalLostError } from '../../src/journal/journal-lost-error.ts'
import { checkpointIndexKey, checkpointKey, journalKey } from '../../src/redis/keys.ts'
import { createRedis } from '../../src/redis/client.ts'
import { RedisCheckpoints } from '../../src/checkpoints/redis-checkpoints.ts'
import { RedisJournal } from '../../src/journal/redis-journal.ts'
import { until } from '../support/eventually.ts'
import { useRedis } from '../support/private-redis.ts'
import { checkpointContract } from './checkpoint-contract.ts'

const redis = useRedis()
const opened: { close(): unknown }[] = []
let spaces = 0

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function open(spaceId = `space${++spaces}`): Promise<RedisCheckpoints> {
  const { address } = redis()
  const journal = await RedisJournal.open<never>({ address, key: journalKey(spaceId) })
  const checkpoints = new RedisCheckpoints({ address, spaceId, epoch: journal.epoch })
  opened.push(journal, checkpoints)
  return checkpoints
}

checkpointContract('RedisCheckpoints', () => open())

it('lets nobody write but the owner of the journal', async () => {
  const older = await open('owned')
  await older.write(1, [['a', Buffer.from('older')]])
  await older.commit(1, undefined, '0-0')
  const newer = await open('owned')
  for (const attempt of [
    () => older.begin(1),
    () => older.write(1, [['a', Buffer.from('late')]]),
    () => older.commit(2, 1, '0-0'),
    () => older.remove(1, ['a']),
  ])
    await expect(attempt()).rejects.toThrow(JournalLostError)
  expect(await newer.committed()).toEqual([1])
  expect(await newer.read(1, ['a'])).toEqual([Buffer.from('older')])
})

/** As a replica has that had not got the last writes when it took its master's place. */
describe('a Redis that has gone back', () => {
  async function openBoth(spaceId: string) {
    const { address } = redis()
    const journal = await RedisJournal.open<never>({ address, key: journalKey(spaceId) })
    const checkpoints = new RedisCheckpoints({ address, spaceId, epoch: journal.epoch })
    const client = createRedis(address)
    await client.connect()
    opened.push(journal, checkpoints, { close: () => client.disconnect() })
    for (let position = 0; position < 3; position++) await journal.append({ kind: 'tick', receivedAt: position })
    return { journal, checkpoints, client }
  }

  it('takes no checkpoint that ends with an entry which is gone', async () => {
    const { journal, checkpoints, client } = await openBoth('gone_entry')
    await client.xdel(journalKey('gone_entry'), journal.idOf(2))
    await expect(checkpoints.commit(1, undefined, journal.idOf(2))).rejects.toThrow(JournalLostError)
    expect(await checkpoints.committed()).toEqual([])
    await checkpoints.commit(1, undefined, journal.idOf(1))
    expect(await checkpoints.committed()).toEqual([1])
  })

  it('takes no checkpoint after one that is gone', async () => {
    const { journal, checkpoints, client } = await openBoth('gone_checkpoint')
    await checkpoints.commit(1, undefined, journal.idOf(0))
    await checkpoints.commit(2, 1, journal.idOf(1))
    await client.hset(checkpointIndexKey('gone_checkpoint'), 'newest', 1, 'before', '')
    await expect(checkpoints.commit(3, 2, journal.idOf(2))).rejects.toThrow('have been lost')
    expect(await checkpoints.committed()).toEqual([1])
    await checkpoints.commit(2, 1, journal.idOf(2))
    await client.del(checkpointIndexKey('gone_checkpoint'))
    await expect(checkpoints.commit(3, 2, journal.idOf(2))).rejects.toThrow('have been lost')
  })

  it('takes the first checkpoint of an owner that found none, if there is none still', async () => {
    const { journal, checkpoints, client } = await openBoth('gone_none')
    expect(await checkpoints.committed()).toEqual([])
    await client.hset(checkpointIndexKey('gone_none'), 'newest', 1, 'before', '')
    await expect(checkpoints.commit(2, undefined, journal.idOf(2))).rejects.toThrow('have been lost')
  })
})

it('is begun once by an owner, whatever arrives late, and anew by the next', async () => {
  const owner = await open('begun')
  await owner.begin(1)
  await owner.write(1, [['a', Buffer.from('a')]])
  await owner.begin(1)
  expect(await owner.read(1, ['a'])).toEqual([Buffer.from('a')])
  const next = await open('begun')
  await next.begin(1)
  expect(await next.read(1, ['a'])).toEqual([undefined])
})

it('is gone with the last of its parts', async () => {
  const checkpoints = await open('gone')
  await checkpoints.begin(1)
  await checkpoints.write(1, [
    ['a', Buffer.from('a')],
    ['b', Buffer.from('b')],
  ])
  const client = createRedis(redis().address)
  await client.connect()
  await checkpoints.remove(1, ['a'])
  expect(await client.exists(checkpointKey('gone', 1))).toBe(1)
  await checkpoints.remove(1, ['b'])
  expect(await client.exists(checkpointKey('gone', 1))).toBe(0)
  client.disconnect()
})

it('waits for a Redis that is away, and ends when it is told to', async () => {
  const checkpoints = await open()
  const child = redis().pid!
  process.kill(child, 'SIGSTOP')
  try {
    const written = checkpoints.write(1, [['a', Buffer.from('a')]])
    process.kill(child, 'SIGKILL')
    await written
    expect(await checkpoints.read(1, ['a'])).toEqual([Buffer.from('a')])
  } finally {
    await until(() => redis().pid !== child)
  }
  checkpoints.close()
  await expect(checkpoints.write(1, [['a', Buffer.from('b')]])).rejects.toThrow('checkpoints: closed')
})
