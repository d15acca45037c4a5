/** Brings pages of actors that have left memory back from the newest checkpoint. */
import { addToGroup } from '../model/groups.ts'
import type { ReadEntry, ResidentPages } from '../../actors/engine/resident-pages.ts'
import { openPart } from './checkpoint-codec.ts'
import { pageName } from './checkpoint-parts.ts'
import type { CheckpointStore } from './checkpoint-store.ts'

/** Pages that are asked for at once. */
const READ_PAGES = 64

export interface ColdPagesOptions {
  readonly store: CheckpointStore
  readonly residentPages: ResidentPages
  /** Returns the checkpoints that wrote the parts of a page, as the newest one has it: the whole page first. */
  readonly writersOf: (page: number) => readonly number[]
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

  /** Resolves when all that an entry may touch is in memory; rejects as `load` does. */
  async loadFor(entry: ReadEntry): Promise<void> {
    const { residentPages } = this.#options
    for (let pages = residentPages.pagesFor(entry); pages.length > 0; pages = residentPages.pagesFor(entry))
      await this.load(pages)
  }

  async #loadGroup(pages: readonly number[]): Promise<void> {
    const underWay = pages.flatMap((page) => this.#loading.get(page) ?? [])
    const begun = pages.filter((page) => !this.#loading.has(page))
    if (begun.length > 0) {
      const reading = this.#read(begun).finally(() => {
        for (const page of begun) this.#loading.delete(page)
      })
      for (const page of begun) this.#loading.set(page, reading)
      underWay.push(reading)
    }
    await Promise.all(underWay)
  }

  async #read(pages: readonly number[]): Promise<void> {
    const { store, residentPages } = this.#options
    const writers = new Map(pages.map((page) => [page, this.#options.writersOf(page)]))
    const byWriter = new Map<number, number[]>()
    for (const [page, ofPage] of writers) for (const writer of ofPage) addToGroup(byWriter, writer, page)
    const parts = new Map<string, Buffer>()
    const readFrom = async (writer: number, group: readonly number[]): Promise<void> => {
      const sealed = await store.read(writer, group.map(pageName))
      const open = async (bytes: Buffer | undefined, page: number): Promise<void> => {
        parts.set(`${writer} ${page}`, await openPart(bytes, `page ${page} of ${writer}`))
      }
      await Promise.all(sealed.map((bytes, index) => open(bytes, group[index]!)))
    }
    await Promise.all(Array.from(byWriter, ([writer, group]) => readFrom(writer, group)))
    for (const [page, ofPage] of writers)
      residentPages.admit(
        page,
        ofPage.map((writer) => parts.get(`${writer} ${page}`)!),
      )
  }
}
