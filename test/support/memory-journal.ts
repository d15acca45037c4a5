/** A journal in the memory of the process, for tests. */
import type { Journal, JournalEntry, JournalRecord } from '../../src/journal/journal.ts'
import { type JournalTail, NOTHING } from '../../src/journal/journal-tail.ts'

/** Entries that a follower gets at once. */
const TAIL_ENTRIES = 3

export class MemoryJournal<Command> implements Journal<Command> {
  readonly isReachable: boolean = true
  readonly #entries: JournalEntry<Command>[] = []
  #closed = false
  /** Position of the first entry that is kept. */
  #first = 0

  append(entry: JournalEntry<Command>): Promise<number> {
    if (this.#closed) return Promise.reject(new Error('append: the journal is closed'))
    return Promise.resolve(this.#entries.push(copyOf(entry)) - 1)
  }

  get nextPosition(): number {
    return this.#entries.length
  }

  idOf(position: number): string {
    return String(position)
  }

  trim(place: string): Promise<void> {
    this.#first = Math.max(this.#first, Number(place))
    return Promise.resolve()
  }

  async *read(from: number): AsyncGenerator<JournalRecord<Command>> {
    for (let position = Math.max(from, this.#first); position < this.#entries.length; position++) {
      if (this.#closed) throw new Error('read: the journal is closed')
      yield await Promise.resolve({ position, entry: this.#entries[position]! })
    }
  }

  close(): Promise<void> {
    this.#closed = true
    return Promise.resolve()
  }

  /** Follows the journal, a few entries at a time. */
  tail(): JournalTail<Command> {
    let isClosed = false
    return {
      after: async (id, waits) => {
        if (waits) await new Promise((resolve) => setImmediate(resolve))
        if (isClosed) throw new Error('follow: the journal is closed')
        const start = Math.max(id === NOTHING ? 0 : Number(id) + 1, this.#first)
        const entries = this.#entries.slice(start, start + TAIL_ENTRIES)
        const records = entries.map((entry, index) => ({ position: start + index, entry }))
        const last = records.length === 0 ? id : String(start + records.length - 1)
        return { records, last, isEnd: start + records.length >= this.#entries.length }
      },
      wake: () => undefined,
      close: () => {
        isClosed = true
      },
    }
  }
}

/**
 * Each body is copied by itself: to clone a small `Buffer` is to clone the pool that it lies in. A command is what JSON
 * carries of it.
 */
function copyOf<Command>(entry: JournalEntry<Command>): JournalEntry<Command> {
  if (entry.kind !== 'requests') return JSON.parse(JSON.stringify(entry)) as JournalEntry<Command>
  return { ...entry, requests: entry.requests.map((request) => ({ ...request, body: new Uint8Array(request.body) })) }
}
