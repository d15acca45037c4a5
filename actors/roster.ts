/** The actors of a space by their ordinals, its accounts by their ids, and the pages that are made of them. */
import { pack, unpack } from 'msgpackr'
import type { AccountActor } from './account-actor.ts'
import { encodeActor } from './actor-codec.ts'
import { PAGE_ACTORS, Pages } from './pages.ts'
import type { SpaceActor } from './space-actor.ts'

export class Roster {
  readonly pages = new Pages((page) => this.#encode(page))
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

  /** All pages, as they are now. */
  encodeAll(): Uint8Array[] {
    return Array.from({ length: Math.ceil(this.#actors.length / PAGE_ACTORS) }, (_, page) => this.#encode(page))
  }

  #encode(page: number): Uint8Array {
    const actors: Uint8Array[] = []
    for (const actor of this.#actors.slice(page * PAGE_ACTORS, (page + 1) * PAGE_ACTORS))
      if (actor) actors.push(encodeActor(actor))
    return pack(actors)
  }
}

/** The actors of a page, each as `encodeActor` wrote it. */
export function actorsOfPage(bytes: Uint8Array): readonly Uint8Array[] {
  return unpack(bytes) as Uint8Array[]
}
