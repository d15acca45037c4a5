/** The actors of a space by their ordinals, its accounts by their ids, and the pages that are made of them. */
import type { AccountActor } from './account-actor.ts'
import { encodeActor } from './actor-codec.ts'
import { encodePage, PAGE_ACTORS, Pages } from './pages.ts'
import type { SpaceActor } from './space-actor.ts'

export class Roster {
  readonly pages = new Pages((ordinal) => this.#encode(ordinal))
  /** By ordinal; undefined where a profile was absorbed by another. */
  readonly #actors: (SpaceActor | undefined)[] = []
  readonly #accounts = new Map<string, AccountActor>()
  #userCount = 0

  /** Of the next actor to come. */
  get nextOrdinal(): number {
    return this.#actors.length
  }

  get userCount(): number {
    return this.#userCount
  }

  at(ordinal: number): SpaceActor | undefined {
    return this.#actors[ordinal]
  }

  account(groupId: string): AccountActor | undefined {
    return this.#accounts.get(groupId)
  }

  all(): readonly SpaceActor[] {
    return this.#actors.filter((actor) => actor !== undefined)
  }

  /** Puts an actor in the place of its ordinal. */
  add(actor: SpaceActor): void {
    this.pages.changing(actor.ordinal)
    this.#actors[actor.ordinal] = actor
    if (actor.kind === 'account') this.#accounts.set(actor.groupId, actor)
    else this.#userCount++
  }

  /** Takes an actor away; its ordinal is not given again. */
  remove(actor: SpaceActor): void {
    this.pages.changing(actor.ordinal)
    this.#actors[actor.ordinal] = undefined
    if (actor.kind === 'account') this.#accounts.delete(actor.groupId)
    else this.#userCount--
  }

  /** Takes the last actor that came away, as if it had never come. */
  takeBack(actor: SpaceActor): void {
    this.remove(actor)
    this.#actors.length = actor.ordinal
  }

  /** There have been so many actors: those that are not put in their places are no more. */
  expect(count: number): void {
    this.#actors.length = count
  }

  /** All actors, as they are now, page by page. */
  encodeAll(): Uint8Array[] {
    const pages: Uint8Array[] = []
    for (let first = 0; first < this.#actors.length; first += PAGE_ACTORS) {
      const actors: Uint8Array[] = []
      for (const actor of this.#actors.slice(first, first + PAGE_ACTORS)) if (actor) actors.push(encodeActor(actor))
      pages.push(encodePage(actors))
    }
    return pages
  }

  #encode(ordinal: number): Uint8Array | undefined {
    const actor = this.#actors[ordinal]
    return actor && encodeActor(actor)
  }
}
