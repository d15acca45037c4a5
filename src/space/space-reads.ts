/** Reads of a space: profiles by their ids, fetched if they have left memory, and what every profile shows. */
import type { Definitions } from '../../actors/compiler/definitions.ts'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { Shard } from '../../actors/engine/shard.ts'
import { EngineError } from '../model/errors.ts'
import type { ExternalId } from '../model/external-id.ts'
import type { SetTimer } from '../model/timer.ts'
import { type Collection, TraitCatalogue } from '../model/trait-catalogue.ts'
import type { Registry } from './registry.ts'

export interface SpaceReadsOptions {
  readonly shard: Shard
  readonly registry: Registry
  /** Resolves when the pages are in memory. */
  readonly load: (pages: readonly number[]) => Promise<void>
  readonly timer: SetTimer
  /** A read waits for a page at most so long, ms. */
  readonly patienceMs: number
}

const NO_PAGES: readonly number[] = []

export class SpaceReads {
  readonly #options: SpaceReadsOptions
  #definitions: Definitions | undefined
  #revision = -1
  #catalogue = new TraitCatalogue([])

  constructor(options: SpaceReadsOptions) {
    this.#options = options
  }

  /**
   * Finds a user by any id, or an account by its `group_id`: at once if it is in memory with all that its values are
   * read from, else once that has been fetched. Rejects with an EngineError (`unavailable`) if that takes too long.
   * @param withUsers for an account: its users are looked at too
   */
  find(
    collection: Collection,
    id: ExternalId,
    withUsers = false,
  ): SpaceActor | undefined | Promise<SpaceActor | undefined> {
    const pages = this.#pagesOf(collection, id, withUsers)
    return pages.length === 0 ? this.#inMemory(collection, id) : this.#fetch(pages, collection, id, withUsers)
  }

  /**
   * Returns the actors of these ordinals, fetched if they have left memory; those that are no more are left out.
   * Rejects with an EngineError (`unavailable`) if that takes too long.
   * @param withUsers true to look at the users of accounts too
   */
  async at(ordinals: readonly number[], withUsers = false): Promise<SpaceActor[]> {
    for (let pages = this.pagesOf(ordinals, withUsers); pages.length > 0; pages = this.pagesOf(ordinals, withUsers))
      await this.#patiently(this.load(pages))
    return ordinals.flatMap((ordinal) => this.#options.shard.reader.view(ordinal) ?? [])
  }

  /** Lists the pages that must be fetched before these actors can be looked at. */
  pagesOf(ordinals: readonly number[], withUsers = false): readonly number[] {
    const { residentPages } = this.#options.shard
    if (residentPages.coldPages === 0) return NO_PAGES
    return [...new Set(ordinals.flatMap((ordinal) => residentPages.pagesOf(ordinal, withUsers)))]
  }

  /** Resolves when pages are in memory. */
  load(pages: readonly number[]): Promise<void> {
    return this.#options.load(pages)
  }

  /** Returns what the present definitions make every profile show. */
  catalogue(): TraitCatalogue {
    const { shard, registry } = this.#options
    const { definitions } = shard
    const { revision } = registry
    if (this.#definitions !== definitions || this.#revision !== revision) {
      const defined = definitions
        .inputs()
        .map(({ id, source }) => ({ id, source, recordId: registry.idOf(source) }))
        // One that is being taken out shows no more.
        .filter(({ recordId }) => registry.get(recordId)?.enabled)
      this.#definitions = definitions
      this.#revision = revision
      this.#catalogue = new TraitCatalogue(defined)
    }
    return this.#catalogue
  }

  #pagesOf(collection: Collection, { type, value }: ExternalId, withUsers: boolean): readonly number[] {
    const { shard } = this.#options
    if (collection === 'users') return shard.residentPages.pagesOf(shard.ordinalOf(type, value))
    return type === 'group_id' ? shard.residentPages.pagesOf(shard.ordinalOfAccount(value), withUsers) : NO_PAGES
  }

  #inMemory(collection: Collection, { type, value }: ExternalId): SpaceActor | undefined {
    const { shard } = this.#options
    if (collection === 'users') return shard.profile(type, value)
    return type === 'group_id' ? shard.account(value) : undefined
  }

  async #fetch(
    pages: readonly number[],
    collection: Collection,
    id: ExternalId,
    withUsers: boolean,
  ): Promise<SpaceActor | undefined> {
    await this.#patiently(this.load(pages))
    return this.find(collection, id, withUsers)
  }

  async #patiently(loading: Promise<void>): Promise<void> {
    const { timer, patienceMs } = this.#options
    let cancel: (() => void) | undefined
    const overdue = new Promise<never>((_, refuse) => {
      cancel = timer(() => refuse(notInMemory()), patienceMs)
    })
    try {
      await Promise.race([loading, overdue])
    } finally {
      cancel?.()
    }
  }
}

function notInMemory(): EngineError {
  return new EngineError('unavailable', 'The profile is not in memory, and cannot be fetched; try again later')
}
