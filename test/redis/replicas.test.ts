/** Writes that wait for a replica, which may stand still. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RedisCheckpoints } from '../../src/checkpoints/redis-checkpoints.ts'
import type { JournalEntry } from '../../src/journal/journal.ts'
import { APPEND, OWN } from '../../src/journal/journal-scripts.ts'
import { RedisJournal } from '../../src/journal/redis-journal.ts'
import { connectionFor } from '../../src/redis/key-connection.ts'
import { checkpointIndexKey, journalKey } from '../../src/redis/keys.ts'
import { RedisSpaceDirectory } from '../../src/redis/redis-space-directory.ts'
import type { NoteCommand } from '../journal/journal-contract.ts'
import { eventually } from '../support/eventually.ts'
import { TcpRedis } from '../support/tcp-redis.ts'

let master: TcpRedis
let replica: TcpRedis
let spaces = 0
let spaceId = ''
const closing: (() => unknown)[] = []

beforeAll(async () => {
  ;[master, replica] = await Promise.all([TcpRedis.start(), TcpRedis.start()])
  await master.ask('CONFIG', 'SET', 'repl-diskless-sync-delay', 0)
  await replica.ask('REPLICAOF', '127.0.0.1', master.port)
  await eventually(async () => expect(await replica.ask('INFO', 'replication')).toContain('master_link_status:up'))
})
beforeEach(() => {
  spaceId = `space_${++spaces}`
})
afterEach(async () => {
  replica.signal('SIGCONT')
  for (const close of closing.splice(0).reverse()) await close()
})
afterAll(async () => {
  await Promise.all([master.kill(), replica.kill()])
})

async function openJournal(replicas: number): Promise<RedisJournal<NoteCommand>> {
  const options = { address: master.url, key: journalKey(spaceId), replicas }
  const journal = await RedisJournal.open<NoteCommand>(options)
  closing.push(() => journal.close())
  return journal
}

function tick(receivedAt: number): JournalEntry<NoteCommand> {
  return { kind: 'tick', receivedAt }
}

/** Returns the times that the master has been asked to wait for replicas. */
async function waits(): Promise<number> {
  const stats = String(await master.ask('INFO', 'commandstats'))
  return Number(/cmdstat_wait:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

/** Resolves when replicas have been waited for in vain some times more. */
async function stillWaits(): Promise<void> {
  const before = await waits()
  await eventually(async () => expect(await waits()).toBeGreaterThan(before + 2))
}

/** Watches a promise, which must not be settled yet. */
function watch(promise: Promise<unknown>): { isSettled: boolean } {
  const watched = { isSettled: false }
  const settled = () => void (watched.isSettled = true)
  promise.then(settled, settled)
  return watched
}

async function expectCaughtUp(): Promise<void> {
  expect(await replica.ask('XLEN', journalKey(spaceId))).toBe(await master.ask('XLEN', journalKey(spaceId)))
}

describe('an entry', () => {
  it('is durable once a replica has it', async () => {
    const journal = await openJournal(1)
    await expectCaughtUp()
    for (let instant = 0; instant < 20; instant++) {
      expect(await journal.append(tick(instant))).toBe(instant)
      await expectCaughtUp()
    }
  })

  it('waits for a replica that stands still, and is there once', async () => {
    const journal = await openJournal(1)
    replica.signal('SIGSTOP')
    const appended = journal.append(tick(1))
    const watched = watch(appended)
    await eventually(() => expect(journal.isReachable).toBe(false))
    await stillWaits()
    expect(watched.isSettled).toBe(false)
    replica.signal('SIGCONT')
    expect(await appended).toBe(0)
    expect(journal.isReachable).toBe(true)
    expect(await journal.append(tick(2))).toBe(1)
    expect(await master.ask('XLEN', journalKey(spaceId))).toBe(3)
  })

  it('waits on another connection, too, which has written nothing of it', async () => {
    const journal = await openJournal(1)
    replica.signal('SIGSTOP')
    const appended = journal.append(tick(1))
    const watched = watch(appended)
    await eventually(async () => expect(await master.ask('XLEN', journalKey(spaceId))).toBe(2))
    await master.ask('CLIENT', 'KILL', 'TYPE', 'normal')
    await stillWaits()
    expect(watched.isSettled).toBe(false)
    replica.signal('SIGCONT')
    expect(await appended).toBe(0)
    expect(await master.ask('XLEN', journalKey(spaceId))).toBe(2)
  })

  it('waits for none by default, and nobody is asked', async () => {
    const before = await waits()
    const journal = await openJournal(0)
    replica.signal('SIGSTOP')
    expect(await journal.append(tick(1))).toBe(0)
    expect(await waits()).toBe(before)
  })
})

it('a journal is taken over once a replica has that', async () => {
  replica.signal('SIGSTOP')
  const opening = openJournal(1)
  const watched = watch(opening)
  await stillWaits()
  expect(watched.isSettled).toBe(false)
  replica.signal('SIGCONT')
  expect((await opening).epoch).toBe(1)
  await expectCaughtUp()
})

it('a checkpoint is committed once a replica has it', async () => {
  const { epoch } = await openJournal(1)
  const checkpoints = new RedisCheckpoints({ address: master.url, spaceId, epoch, replicas: 1 })
  closing.push(() => checkpoints.close())
  await checkpoints.begin(1)
  replica.signal('SIGSTOP')
  await checkpoints.write(1, [['part', Buffer.from('part')]])
  const committed = checkpoints.commit(1, undefined, '0-0')
  const watched = watch(committed)
  await stillWaits()
  expect(watched.isSettled).toBe(false)
  replica.signal('SIGCONT')
  await committed
  expect(await replica.ask('HGET', checkpointIndexKey(spaceId), 'newest')).toBe('1')
})

it('a space is recorded once a replica has that, or refused', async () => {
  const directory = new RedisSpaceDirectory(master.url, 1)
  closing.push(() => directory.close())
  const record = { id: spaceId, name: 'Shop', createdAt: 1 }
  replica.signal('SIGSTOP')
  await expect(directory.put(record)).rejects.toThrow('The list of spaces cannot be reached')
  replica.signal('SIGCONT')
  await eventually(() => directory.put(record))
  expect(await replica.ask('HGET', 'rollcall:spaces', spaceId)).toBe(JSON.stringify(record))
})

it('a script that finds its work done writes, or there would be nothing to wait for', async () => {
  const key = journalKey(spaceId)
  const connection = connectionFor(master.url, key)
  closing.push(() => connection.disconnect())
  const written = async (script: string, ...given: (string | number)[]): Promise<boolean> => {
    const offset = async () =>
      Number(/master_repl_offset:(\d+)/.exec(String(await master.ask('INFO', 'replication')))?.[1])
    await connection.ask((redis) => redis.eval(script, 1, key, ...given))
    const before = await offset()
    await connection.ask((redis) => redis.eval(script, 1, key, ...given))
    return (await offset()) > before
  }
  expect(await written(OWN, 'token', 1)).toBe(true)
  expect(await written(APPEND, '1-0', '1-1', 'bytes')).toBe(true)
})
