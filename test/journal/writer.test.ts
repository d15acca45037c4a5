import { describe, expect, it } from 'vitest'
import { EngineError } from '../../src/model/errors.ts'
import type { JournalEntry } from '../../src/journal/journal.ts'
import type { SetTimer } from '../../src/model/timer.ts'
import { type EntryPart, type Submission, Writer, WRITER_LIMITS, type WriterLimits } from '../../src/journal/writer.ts'
import { HeldJournal } from './held-journal.ts'
import { eventually } from '../support/eventually.ts'

interface Setup {
  readonly clock?: () => number
  readonly check?: (command: string) => void
  readonly limits?: Partial<WriterLimits>
  readonly timer?: SetTimer
}

interface Committed {
  readonly entry: JournalEntry<string>
  readonly submissions: readonly Submission<string, number>[]
}

const NEVER: SetTimer = () => () => undefined

/** A writer whose entries are answered, when durable, with the number of their entry. */
function setUp({ clock = () => 1000, check = () => undefined, limits, timer = NEVER }: Setup = {}) {
  const journal = new HeldJournal<string>()
  const writer = new Writer<string, Committed, number>({
    journal,
    clock,
    timer,
    read: (entry, submissions) => {
      if (entry.kind === 'command') check(entry.command)
      return { entry, submissions }
    },
    prepare: () => undefined,
    limits: { ...WRITER_LIMITS, ...limits },
    lastReceivedAt: 0,
  })
  const applied: string[] = []
  const failures: unknown[] = []
  writer.committed$.subscribe({
    next: ({ entry, submissions }) => {
      applied.push(row(entry))
      for (const { answer } of submissions) answer(applied.length - 1)
    },
    error: (cause) => failures.push(cause),
  })
  return { journal, writer, applied, failures }
}

function request(text: string): EntryPart<string> {
  return { kind: 'request', request: { endpoint: 'track', sourceId: 's', body: Buffer.from(text) }, calls: [] }
}

function row(entry: JournalEntry<string>): string {
  const text = { requests: '', tick: '', command: '' }
  if (entry.kind === 'requests')
    text.requests = entry.requests.map(({ body }) => Buffer.from(body).toString()).join(' ')
  if (entry.kind === 'command') text.command = entry.command
  return `${entry.receivedAt} ${entry.kind} ${text[entry.kind]}`.trim()
}

/** Waits until the journal holds this many appends. */
async function appended(journal: HeldJournal<string>, count: number): Promise<void> {
  await eventually(() => expect(journal.entries.length).toBe(count))
}

describe('the writer', () => {
  it('puts what waits while an append is in flight into the next entry, in order', async () => {
    const { journal, writer, applied } = setUp()
    const first = writer.submit(request('a'))
    await appended(journal, 1)
    const rest = ['b', 'c', 'd'].map((text) => writer.submit(request(text)))
    expect(applied).toEqual([])
    journal.release()
    expect(await Promise.all([first, ...rest])).toEqual([0, 1, 1, 1])
    expect(applied).toEqual(['1000 requests a', '1000 requests b c d'])
  })

  it('bounds an entry by requests and by bytes', async () => {
    const { journal, writer, applied } = setUp({ limits: { entryRequestsMax: 3, entryBytesMax: 10 } })
    const all = ['a', 'b', 'c', 'd', '123456', '789012', '12345678901234'].map((text) => writer.submit(request(text)))
    journal.release()
    await Promise.all(all)
    expect(applied.map((line) => line.slice(14))).toEqual(['a b c', 'd 123456', '789012', '12345678901234'])
  })

  it('never stamps less than before, whatever the clock does', async () => {
    const instants = [500, 400, 600, 100]
    const { journal, writer, applied } = setUp({ clock: () => instants.shift()! })
    journal.release()
    for (const text of ['a', 'b', 'c', 'd']) await writer.submit(request(text))
    expect(applied).toEqual(['500 requests a', '500 requests b', '600 requests c', '600 requests d'])
  })

  it('stamps a tick after what is due, and what follows not before it', async () => {
    const { journal, writer, applied } = setUp({ clock: () => 1000 })
    journal.release()
    await writer.submit({ kind: 'tick', dueAt: 1000 })
    await writer.submit(request('a'))
    expect(applied).toEqual(['1001 tick', '1001 requests a'])
  })

  it('gives a command an entry of its own, in its place', async () => {
    const { journal, writer, applied } = setUp()
    const parts: EntryPart<string>[] = [request('a'), { kind: 'command', command: 'x' }, request('b'), request('c')]
    const all = parts.map((part) => writer.submit(part))
    journal.release()
    await Promise.all(all)
    expect(applied).toEqual(['1000 requests a', '1000 command x', '1000 requests b c'])
  })

  it('checks a command when all before it is applied, and journals nothing of one that is refused', async () => {
    const { journal, writer, applied } = setUp({
      check: (command) => {
        if (applied.includes(`1000 command ${command}`)) throw new EngineError('key_taken', 'taken')
      },
    })
    const [first, second] = ['x', 'x'].map((command) => writer.submit({ kind: 'command', command }))
    const third = writer.submit(request('a'))
    journal.release()
    await first
    await expect(second).rejects.toMatchObject({ code: 'key_taken' })
    await third
    expect(journal.entries.map(row)).toEqual(['1000 command x', '1000 requests a'])
  })

  it('refuses what is beyond its bounds, and takes more when there is room again', async () => {
    const { journal, writer } = setUp({ limits: { submissionsMax: 2, bytesMax: 100 } })
    const taken = [writer.submit(request('a')), writer.submit(request('b'))]
    await expect(writer.submit(request('c'))).rejects.toMatchObject({ code: 'rate_limit_error', status: 429 })
    journal.release()
    await Promise.all(taken)
    await writer.submit(request('d'))
    await expect(writer.submit(request('x'.repeat(101)))).rejects.toMatchObject({ code: 'rate_limit_error' })
  })

  it('answers all it has taken before it stops, and takes nothing more', async () => {
    const { journal, writer, applied } = setUp()
    const taken = [writer.submit(request('a')), writer.submit(request('b'))]
    const stopped = writer.stop()
    await expect(writer.submit(request('c'))).rejects.toMatchObject({ code: 'unavailable' })
    journal.release()
    await stopped
    expect(await Promise.all(taken)).toEqual([0, 0])
    expect(applied).toEqual(['1000 requests a b'])
  })

  it('acknowledges nothing more once an append has failed', async () => {
    const { journal, writer, failures } = setUp()
    const first = writer.submit(request('a'))
    await appended(journal, 1)
    const second = writer.submit(request('b'))
    const outcomes = Promise.allSettled([first, second])
    journal.fail(new Error('disk'))
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(failures).toEqual([new Error('disk')])
    await expect(writer.submit(request('c'))).rejects.toMatchObject({ code: 'unavailable' })
    expect(writer.isOpen).toBe(false)
  })
})

describe('a journal that does not answer', () => {
  it('keeps nobody waiting for ever, and its entry counts when it is stored after all', async () => {
    const timers: (() => void)[] = []
    const timer: SetTimer = (callback) => {
      timers.push(callback)
      return () => undefined
    }
    const { journal, writer, applied } = setUp({ timer })
    const first = writer.submit(request('a'))
    await appended(journal, 1)
    const second = writer.submit(request('b'))
    timers[0]!()
    for (const refused of [first, second]) await expect(refused).rejects.toMatchObject({ code: 'unavailable' })
    journal.release()
    await eventually(() => expect(applied).toEqual(['1000 requests a']))
    expect(await writer.submit(request('c'))).toBe(1)
  })

  it('is not asked for more while what it was asked last is tried again', async () => {
    const { journal, writer } = setUp()
    journal.isReachable = false
    await expect(writer.submit(request('a'))).rejects.toMatchObject({ code: 'unavailable' })
    expect(journal.entries).toEqual([])
  })
})
