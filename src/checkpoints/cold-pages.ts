/** Brings pages of users that have left memory back from the newest checkpoint. */
import { addToGroup } from '../model/groups.ts'
import type { ResidentPages } from '../../actors/engine/resident-pages.ts'
import { openPart } from './checkpoint-codec.ts'
import { pageName } from './checkpoint-parts.ts'
import type { CheckpointStore } from './checkpoint-store.ts'

/** Pages that are asked for at once. */
const READ_PAGES = 64

export interface ColdPagesOptions {
  readonly store: CheckpointStore
  readonly residentPages: ResidentPages
  /** Returns the checkpoint that wrote a page, as the newest one has it. */
  readonly writerOf: (page: number) => number
}

export class ColdPages {
  readonly #options: ColdPagesOptions
  readonly #loading = new Map<number, Promise<void>>()

  constructor(options: ColdPagesOptions) {
    this.#options = options
  }

  /** Resolves when the pages are in memory; rejects with a CheckpointDamagedError if one is damaged. */
  async load(pages: readonly number[]): Promise<void> {
    for (let from = 0; from < pages.length; from += READ_PAGES)
      await this.#loadGroup(pages.slice(from, from + READ_PAGES))
  }

  async #loadGroup(pages: readonly number[]): Promise<void> {
    const underWay = pages.flatMap((page) => this.#loading.get(page) ?? [])
    const byWriter = new Map<number, number[]>()
    for (const page of pages) {
      if (this.#loading.has(page)) continue
      addToGroup(byWriter, this.#options.writerOf(page), page)
    }
    const begun = Array.from(byWriter, ([writer, group]) => this.#read(writer, group))
    await Promise.all([...underWay, ...begun])
  }

  #read(writer: number, pages: readonly number[]): Promise<void> {
    const { store, residentPages } = this.#options
    const reading = store
      .read(writer, pages.map(pageName))
      .then((parts) => Promise.all(parts.map((bytes, index) => openPart(bytes, `page ${pages[index]} of ${writer}`))))
      .then((opened) => {
        for (const [index, bytes] of opened.entries()) residentPages.admit(pages[index]!, bytes)
      })
      .finally(() => {
        for (const page of pages) this.#loading.delete(page)
      })
    for (const page of pages) this.#loading.set(page, reading)
    return reading
  }
}
