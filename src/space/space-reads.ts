/** Reads of a space: profiles by their ids, fetched if they have left memory, and what every profile shows. */
import type { Definitions } from '../../actors/compiler/definitions.ts'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { Shard } from '../../actors/engine/shard.ts'
import { EngineError } from '../model/errors.ts'
import { canonicalId, type ExternalId } from '../model/external-id.ts'
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

export class SpaceReads {
  readonly #options: SpaceReadsOptions
  #definitions: Definitions | undefined
  #catalogue = new TraitCatalogue([])

  constructor(options: SpaceReadsOptions) {
    this.#options = options
  }

  /**
   * Finds a user by any id, or an account by its `group_id`: at once if it is in memory, else once it has been fetched.
   * Rejects with an EngineError (`unavailable`) if its page does not come in time.
   */
  find(collection: Collection, { type, value }: ExternalId): SpaceActor | undefined | Promise<SpaceActor | undefined> {
    const { shard } = this.#options
    if (collection === 'accounts') return type === 'group_id' ? shard.account(value) : undefined
    const page = shard.residentPages.pageOf(type, canonicalId(type, value))
    return page === undefined ? shard.profile(type, value) : this.#fetch(page, { type, value })
  }

  /** Returns what the present definitions make every profile show. */
  catalogue(): TraitCatalogue {
    const { shard, registry } = this.#options
    const { definitions } = shard
    if (this.#definitions !== definitions) {
      const defined = definitions.inputs().map(({ id, source }) => ({ id, source, recordId: registry.idOf(source) }))
      this.#definitions = definitions
      this.#catalogue = new TraitCatalogue(defined)
    }
    return this.#catalogue
  }

  async #fetch(page: number, id: ExternalId): Promise<SpaceActor | undefined> {
    const { load, timer, patienceMs } = this.#options
    let cancel: (() => void) | undefined
    const overdue = new Promise<never>((_, refuse) => {
      cancel = timer(() => refuse(notInMemory()), patienceMs)
    })
    try {
      await Promise.race([load([page]), overdue])
    } finally {
      cancel?.()
    }
    return this.find('users', id)
  }
}

function notInMemory(): EngineError {
  return new EngineError('unavailable', 'The profile is not in memory, and cannot be fetched; try again later')
}
