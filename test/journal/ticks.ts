/** Entries that are told apart by their instants. */
import { expect } from 'vitest'
import type { Journal, JournalEntry } from '../../src/journal/journal.ts'
import type { NoteCommand } from './journal-contract.ts'

export function tick(receivedAt: number): JournalEntry<NoteCommand> {
  return { kind: 'tick', receivedAt }
}

/** Reads the instants of all entries, none of which may be missing. */
export async function instants(journal: Journal<NoteCommand>): Promise<number[]> {
  const found: number[] = []
  for await (const { position, entry } of journal.read(0)) {
    expect(position).toBe(found.length)
    found.push(entry.receivedAt)
  }
  return found
}
