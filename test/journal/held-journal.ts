/** A journal whose appends wait for the test's word, as those of a slow disk do. */
import type { JournalEntry } from '../../src/journal/journal.ts'
import { MemoryJournal } from '../support/memory-journal.ts'

export class HeldJournal<Command> extends MemoryJournal<Command> {
  override isReachable = true
  readonly entries: JournalEntry<Command>[] = []
  #isHeld = true
  #waiting: { release: () => void; fail: (cause: Error) => void }[] = []

  override async append(entry: JournalEntry<Command>): Promise<number> {
    this.entries.push(entry)
    if (this.#isHeld) await new Promise<void>((release, fail) => this.#waiting.push({ release, fail }))
    return super.append(entry)
  }

  /** Holds what comes from now on, and forgets what has come. */
  hold(): void {
    this.#isHeld = true
    this.entries.length = 0
  }

  /** Stores what waits, and from now on everything at once. */
  release(): void {
    this.#isHeld = false
    for (const { release } of this.#waiting.splice(0)) release()
  }

  fail(cause: Error): void {
    for (const { fail } of this.#waiting.splice(0)) fail(cause)
  }
}
