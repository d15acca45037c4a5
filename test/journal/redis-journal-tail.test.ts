/** The end of a journal in a real Redis, as one reads it who does not own it. */
import { afterEach, describe, expect, it } from 'vitest'
import { JournalLostError } from '../../src/journal/journal-lost-error.ts'
import { NOTHING } from '../../src/journal/journal-tail.ts'
import { RedisJournal } from '../../src/journal/redis-journal.ts'
import { RedisJournalTail } from '../../src/journal/redis-journal-tail.ts'
import { useRedis } from '../support/private-redis.ts'
import type { NoteCommand } from './journal-contract.ts'

const redis = useRedis()
const closing: (() => unknown)[] = []
let keys = 0

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function owner(key: string): Promise<RedisJournal<NoteCommand>> {
  const journal = await RedisJournal.open<NoteCommand>({ address: redis().address, key })
  closing.push(() => journal.close())
  return journal
}

function follower(key: string): RedisJournalTail<NoteCommand> {
  const tail = new RedisJournalTail<NoteCommand>({ address: redis().address, key })
  closing.push(() => tail.close())
  return tail
}

async function append(journal: RedisJournal<NoteCommand>, ...instants: number[]): Promise<void> {
  for (const receivedAt of instants) await journal.append({ kind: 'tick', receivedAt })
}

describe('the tail of a journal', () => {
  it('has all entries in order, over several owners, page after page', async () => {
    const key = `tail-${++keys}`
    const instants = Array.from({ length: 120 }, (_, index) => index)
    await append(await owner(key), ...instants.slice(0, 70))
    await append(await owner(key), ...instants.slice(70))
    const tail = follower(key)
    const found: number[] = []
    for (let last = NOTHING; ;) {
      const page = await tail.after(last, false)
      expect(page.isEnd).toBe(found.length + page.records.length === instants.length)
      if (page.last === last) break
      for (const { position, entry } of page.records) {
        expect(position).toBe(found.length)
        found.push(entry.receivedAt)
      }
      last = page.last
    }
    expect(found).toEqual(instants)
  })

  it('waits for the next entry, and is woken by the next owner', async () => {
    const key = `tail-${++keys}`
    const journal = await owner(key)
    const tail = follower(key)
    const { last } = await tail.after(NOTHING, true)
    const waiting = tail.after(last, true)
    await append(journal, 7)
    const page = await waiting
    expect(page.records.map(({ entry }) => entry.receivedAt)).toEqual([7])
    const woken = tail.after(page.last, true)
    await owner(key)
    expect(await woken).toEqual({ records: [], last: '2-0', isEnd: true })
  })

  it('keeps nobody waiting once it is woken, and goes on from there', async () => {
    const key = `tail-${++keys}`
    const journal = await owner(key)
    await append(journal, 1)
    const tail = follower(key)
    const { last } = await tail.after(NOTHING, true)
    const waiting = tail.after(last, true)
    tail.wake()
    expect(await waiting).toEqual({ records: [], last, isEnd: true })
    await append(journal, 2)
    expect((await tail.after(last, true)).records.map(({ entry }) => entry.receivedAt)).toEqual([2])
  })

  it('ends where it cannot be told how the journal goes on', async () => {
    const key = `tail-${++keys}`
    await append(await owner(key), 1)
    const tail = follower(key)
    const { last } = await tail.after(NOTHING, false)
    const newer = await owner(key)
    await append(newer, 2, 3)
    await newer.trim(newer.idOf(2))
    await expect(tail.after(last, false)).rejects.toThrow(JournalLostError)
  })

  it('rejects when it is closed, also while it waits', async () => {
    const key = `tail-${++keys}`
    await owner(key)
    const tail = follower(key)
    const { last } = await tail.after(NOTHING, false)
    const waiting = tail.after(last, true)
    tail.close()
    await expect(waiting).rejects.toThrow('follow: the journal is closed')
  })
})
