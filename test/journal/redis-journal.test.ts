/** The journal in a real Redis: its contract, its owners, and what becomes of it when Redis is in trouble. */
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { encodeEntry } from '../../src/journal/journal-codec.ts'
import { APPEND } from '../../src/journal/journal-scripts.ts'
import { createRedis } from '../../src/redis/client.ts'
import { JournalLostError } from '../../src/journal/journal-lost-error.ts'
import { RedisJournal } from '../../src/journal/redis-journal.ts'
import { eventually } from '../support/eventually.ts'
import { useRedis } from '../support/private-redis.ts'
import { journalContract, type NoteCommand } from './journal-contract.ts'
import { instants, tick } from './ticks.ts'

const redis = useRedis()
const opened: RedisJournal<NoteCommand>[] = []
let keys = 0

async function open(
  key = `journal-${++keys}`,
  onTrouble?: (cause: unknown) => void,
): Promise<RedisJournal<NoteCommand>> {
  const options = { address: redis().address, key, ...(onTrouble ? { onTrouble } : {}) }
  const journal = await RedisJournal.open<NoteCommand>(options)
  opened.push(journal)
  return journal
}

afterEach(async () => {
  vi.restoreAllMocks()
  for (const journal of opened.splice(0)) await journal.close()
})

journalContract('RedisJournal', () => open())

describe('an owner of the journal', () => {
  it('goes on after the one before, however many there were', async () => {
    const key = `journal-${++keys}`
    for (let owner = 0; owner < 40; owner++) {
      const journal = await open(key)
      if (owner % 20 === 0) expect(await journal.append(tick(owner))).toBe(owner / 20)
    }
    expect(await instants(await open(key))).toEqual([0, 20])
  })

  it('can append no more once there is another', async () => {
    const key = `journal-${++keys}`
    const older = await open(key)
    await older.append(tick(1))
    const newer = await open(key)
    await expect(older.append(tick(2))).rejects.toThrow(JournalLostError)
    await expect(older.append(tick(3))).rejects.toThrow('another server has taken over the journal')
    expect(await newer.append(tick(4))).toBe(1)
    expect(await instants(newer)).toEqual([1, 4])
  })

  it('stops where durable entries are gone', async () => {
    const key = `journal-${++keys}`
    const journal = await open(key)
    await journal.append(tick(1))
    const client = createRedis(redis().address)
    await client.connect()
    await client.del(key)
    client.disconnect()
    await expect(journal.append(tick(2))).rejects.toThrow('the journal ends at 0-0')
  })

  it('is not emptied by dropping what is before an entry that is gone', async () => {
    const key = `journal-${++keys}`
    const journal = await open(key)
    for (let instant = 0; instant < 3; instant++) await journal.append(tick(instant))
    const client = createRedis(redis().address)
    await client.connect()
    await client.xdel(key, journal.idOf(2))
    await journal.trim(journal.idOf(2))
    expect(await instants(journal)).toEqual([0, 1])
    await journal.trim(journal.idOf(1))
    expect(await client.xlen(key)).toBe(1)
    client.disconnect()
  })

  it('notices an entry that is damaged', async () => {
    const key = `journal-${++keys}`
    const journal = await open(key)
    await journal.append(tick(1))
    const client = createRedis(redis().address)
    await client.connect()
    const bytes = encodeEntry(1, tick(2))
    bytes[12]! ^= 1
    await client.eval(APPEND, 1, key, '1-1', '1-2', bytes)
    client.disconnect()
    await expect(instants(journal)).rejects.toThrow('checksum')
  })
})

describe('the script that appends', () => {
  it('says stored, already for a repeat, and what is last for anything else', async () => {
    const key = `journal-${++keys}`
    const client = createRedis(redis().address)
    await client.connect()
    const append = (tail: string, id: string) => client.eval(APPEND, 1, key, tail, id, 'bytes')
    expect(await append('0-0', '1-1')).toBe('stored')
    expect(await append('0-0', '1-1')).toBe('already')
    expect(await append('1-1', '1-2')).toBe('stored')
    expect(await append('0-0', '1-1')).toBe('1-2')
    expect(await append('1-3', '1-4')).toBe('1-2')
    expect(await client.xlen(key)).toBe(2)
    client.disconnect()
  })
})

/** Lets a command get to Redis, and loses its answer. */
function loseAnswer(): void {
  const ask = Reflect.get(Redis.prototype, 'eval') as (...given: unknown[]) => Promise<unknown>
  vi.spyOn(Redis.prototype, 'eval').mockImplementationOnce(async function (this: Redis, ...given: unknown[]) {
    await ask.apply(this, given)
    throw new Error('Command timed out')
  })
}

describe('trouble with Redis', () => {
  it('in which an answer is lost stores the entry once, and the next one after it', async () => {
    const journal = await open()
    await journal.append(tick(1))
    loseAnswer()
    expect(await journal.append(tick(2))).toBe(1)
    loseAnswer()
    expect(await journal.append(tick(3))).toBe(2)
    expect(await instants(journal)).toEqual([1, 2, 3])
  })

  it('is over when Redis answers with a refusal: entries are taken again', async () => {
    const journal = await open()
    await journal.append(tick(1))
    loseAnswer()
    vi.spyOn(Redis.prototype, 'eval').mockRejectedValueOnce(new Error('NOPERM this user has no permissions'))
    const trimmed = journal.trim(journal.idOf(0))
    await expect(trimmed).rejects.toThrow('NOPERM')
    expect(journal.isReachable).toBe(true)
  })

  it('is found by a probe, though nothing is written', async () => {
    const journal = await open()
    process.kill(redis().pid!, 'SIGSTOP')
    journal.probe()
    await eventually(() => expect(journal.isReachable).toBe(false))
    process.kill(redis().pid!, 'SIGCONT')
    await eventually(() => expect(journal.isReachable).toBe(true))
  })

  it('is waited out when it is frozen: stored once, in order, when it goes on', async () => {
    const troubles: unknown[] = []
    const journal = await open(undefined, (cause) => troubles.push(cause))
    await journal.append(tick(1))
    process.kill(redis().pid!, 'SIGSTOP')
    const appends = [journal.append(tick(2)), journal.append(tick(3))]
    await eventually(() => expect(journal.isReachable).toBe(false))
    process.kill(redis().pid!, 'SIGCONT')
    expect(await Promise.all(appends)).toEqual([1, 2])
    expect(journal.isReachable).toBe(true)
    expect(troubles.at(-1)).toBeUndefined()
    expect(await instants(journal)).toEqual([1, 2, 3])
  })

  it('loses and repeats nothing when it is killed again and again while entries come', async () => {
    const journal = await open()
    const positions: Promise<number>[] = []
    for (let kill = 0; kill < 3; kill++) {
      const { pid } = redis()
      for (let entry = 0; entry < 200; entry++) positions.push(journal.append(tick(positions.length)))
      await positions.at(-100)
      process.kill(pid!, 'SIGKILL')
      await eventually(() => expect(redis().pid).not.toBe(pid))
    }
    expect(await Promise.all(positions)).toEqual(positions.map((_, index) => index))
    expect(await instants(journal)).toEqual(positions.map((_, index) => index))
  })
})
