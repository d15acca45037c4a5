/** The end of a journal that another process writes, for whoever follows it. */
import type { JournalRecord } from './journal.ts'

/** Entries in order. */
export interface JournalPage<Command> {
  readonly records: readonly JournalRecord<Command>[]
  /** The id up to which the journal has been read. */
  readonly last: string
  /** True if there was nothing after that. */
  readonly isEnd: boolean
}

/** The id before all entries. */
export const NOTHING = '0-0'

export interface JournalTail<Command> {
  /**
   * Resolves with the entries after an id, some at a time. If there is none yet, it `waits` a little, and may resolve
   * with none. Rejects with a JournalLostError if the journal does not go on from there.
   */
  after(id: string, waits: boolean): Promise<JournalPage<Command>>
  /** Has whoever waits get what there is by now; nobody waits any more. */
  wake(): void
  /** Closes it; a read after that rejects. */
  close(): void
}
