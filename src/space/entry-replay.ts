/**
 * Applies entries of a journal to a space, one after another, as they were applied when they were live. No entry may be
 * missing.
 */
import { Subject, tap } from 'rxjs'
import type { Manifest } from '../checkpoints/checkpoint-parts.ts'
import { writersOf } from '../checkpoints/checkpoint-parts.ts'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import { ColdPages } from '../checkpoints/cold-pages.ts'
import type { JournalRecord } from '../journal/journal.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import { type EngineEntry, toEngineEntry } from './engine-entry.ts'
import { applyEntries, type Space } from './space.ts'

export interface EntryReplayOptions {
  readonly space: Space
  /** Position of the first entry to be applied. */
  readonly position: number
  /** Receive time of the entry before it. */
  readonly receivedAt: number
  readonly checkpoints: CheckpointStore | undefined
  /** Returns the checkpoint that has what has left memory; undefined if nothing can leave it. */
  readonly manifest: () => Manifest | undefined
}

export class EntryReplay {
  readonly #coldPages: ColdPages | undefined
  readonly #space: Space
  readonly #entries = new Subject<EngineEntry>()
  #position: number
  #receivedAt: number
  #failure: { readonly cause: unknown } | undefined

  constructor({ space, position, receivedAt, checkpoints, manifest }: EntryReplayOptions) {
    this.#space = space
    this.#position = position
    this.#receivedAt = receivedAt
    const { residentPages } = space.shard
    const writers = (page: number): readonly number[] => writersOf(manifest()!.pages[page]!)
    this.#coldPages = checkpoints && new ColdPages({ store: checkpoints, residentPages, writersOf: writers })
    this.#entries
      .pipe(
        applyEntries(space),
        tap(({ entry: { journalled } }) => (this.#receivedAt = journalled.receivedAt)),
      )
      .subscribe({ error: (cause: unknown) => (this.#failure = { cause }) })
  }

  /** Position of the next entry. */
  get position(): number {
    return this.#position
  }

  /** Receive time of the last entry that was applied. */
  get receivedAt(): number {
    return this.#receivedAt
  }

  /** Rejects if it is not the next entry, or cannot be applied: then no further one can be. */
  async apply({ position, entry: journalled }: JournalRecord<SpaceCommand>): Promise<void> {
    if (position !== this.#position)
      throw new Error(`journal: entry ${this.#position} is missing; the next that is there is ${position}`)
    // Read once all before it are applied: only then its meaning and its users are known.
    const entry = toEngineEntry(journalled, this.#space)
    if (this.#space.shard.residentPages.pagesFor(entry).length > 0) await this.#coldPages!.loadFor(entry)
    this.#position++
    this.#entries.next(entry)
    if (this.#failure) throw this.#failure.cause
  }
}
