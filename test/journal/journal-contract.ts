/** The contract of every journal; each implementation runs through it. */
import { describe, expect, it } from 'vitest'
import type { Journal, JournalEntry, JournalRecord } from '../../src/journal/journal.ts'

export interface NoteCommand {
  readonly note: string
}

/** @param make a journal without entries; called once for each test */
export function journalContract(name: string, make: () => Promise<Journal<NoteCommand>>): void {
  describe(`${name} as a journal`, () => {
    it('is empty at first', async () => {
      expect(await readAll(await make())).toEqual([])
    })

    it('gives back every kind of entry as it was appended, bytes included', async () => {
      const journal = await make()
      const entries = [
        requests(1, '{"userId":"u1"}', ' {"é":"\\ud83d\\ude00"}\n'),
        command(2, 'a'),
        tick(3),
        requests(3),
      ]
      for (const entry of entries) await journal.append(entry)
      expect((await readAll(journal)).map(({ entry }) => readable(entry))).toEqual(entries.map(readable))
    })

    it('numbers entries from 0 without a gap, and says the number', async () => {
      const journal = await make()
      const positions = [await journal.append(tick(1)), await journal.append(tick(2)), await journal.append(tick(2))]
      expect(positions).toEqual([0, 1, 2])
      expect((await readAll(journal)).map(({ position }) => position)).toEqual([0, 1, 2])
    })

    it('keeps the order of appends that are not awaited', async () => {
      const journal = await make()
      const instants = Array.from({ length: 100 }, (_, index) => index)
      const positions = await Promise.all(instants.map((instant) => journal.append(tick(instant))))
      expect(positions).toEqual(instants)
      expect((await readAll(journal)).map(({ entry }) => entry.receivedAt)).toEqual(instants)
    })

    it('reads from a position on; past the end, nothing', async () => {
      const journal = await make()
      for (let instant = 0; instant < 5; instant++) await journal.append(tick(instant))
      expect((await readAll(journal, 3)).map(({ position }) => position)).toEqual([3, 4])
      expect(await readAll(journal, 5)).toEqual([])
      expect(await readAll(journal, 9)).toEqual([])
    })

    it('lets a reader see what is appended while it reads', async () => {
      const journal = await make()
      await journal.append(tick(1))
      const positions: number[] = []
      for await (const { position } of journal.read(0)) {
        positions.push(position)
        if (position < 2) await journal.append(tick(2))
      }
      expect(positions).toEqual([0, 1, 2])
    })

    it('does not change when what was appended is changed', async () => {
      const journal = await make()
      const body = Buffer.from('{"a":1}')
      await journal.append({ kind: 'requests', receivedAt: 1, requests: [{ endpoint: 'track', sourceId: 's', body }] })
      body.fill(0)
      expect(readable((await readAll(journal))[0]!.entry)).toEqual(['requests', 1, 'track s {"a":1}'])
    })

    it('refuses to append once it is closed', async () => {
      const journal = await make()
      await journal.close()
      await expect(journal.append(tick(1))).rejects.toThrow()
    })
  })
}

function tick(receivedAt: number): JournalEntry<NoteCommand> {
  return { kind: 'tick', receivedAt }
}

function command(receivedAt: number, note: string): JournalEntry<NoteCommand> {
  return { kind: 'command', receivedAt, command: { note } }
}

function requests(receivedAt: number, ...bodies: string[]): JournalEntry<NoteCommand> {
  return {
    kind: 'requests',
    receivedAt,
    requests: bodies.map((body) => ({ endpoint: 'batch', sourceId: 'source', body: Buffer.from(body) })),
  }
}

function readable(entry: JournalEntry<NoteCommand>): readonly unknown[] {
  switch (entry.kind) {
    case 'tick':
      return ['tick', entry.receivedAt]
    case 'command':
      return ['command', entry.receivedAt, entry.command]
    case 'requests': {
      const texts = entry.requests.map(
        ({ endpoint, sourceId, body }) => `${endpoint} ${sourceId} ${Buffer.from(body).toString()}`,
      )
      return ['requests', entry.receivedAt, ...texts]
    }
  }
}

async function readAll(journal: Journal<NoteCommand>, from = 0): Promise<JournalRecord<NoteCommand>[]> {
  const records: JournalRecord<NoteCommand>[] = []
  for await (const record of journal.read(from)) records.push(record)
  return records
}
