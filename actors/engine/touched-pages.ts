/**
 * The pages of all whom some actors reach: users their accounts, and accounts their users where these are looked at or
 * told of something.
 */
import { IS_UNBUILT, FLAGS } from '../rows/row.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import { hasReaders } from '../plan/dependents.ts'
import { PAGE_ACTORS } from '../records/pages.ts'
import type { Roster } from '../records/roster.ts'

export interface TouchedPagesOptions {
  readonly roster: Roster
  readonly store: ActorStore
  /** True while whatever accounts hold of their users' events may have to be computed again. */
  readonly doAccountsReadUsers: () => boolean
}

/** The reason for which actors are touched. */
interface Touch {
  /** True if values of accounts are told to their users. */
  readonly areUsersTold: boolean
  /** False for whoever looks now, and no more: pages need not stay for that. */
  readonly isLasting?: boolean
  /** True if all actors that are linked may settle together. */
  readonly areLinkedSettled?: boolean
}

export class TouchedPages {
  /** Those that have left memory. */
  readonly coldPages = new Set<number>()
  /** All that were looked at. */
  readonly ordinals = new Set<number>()
  readonly #options: TouchedPagesOptions
  readonly #isFar: boolean
  readonly #isNear: boolean
  readonly #isLasting: boolean
  readonly #seen = new Set<number>()
  readonly #waiting: number[] = []

  constructor(options: TouchedPagesOptions, { areUsersTold, isLasting = true, areLinkedSettled = false }: Touch) {
    this.#isLasting = isLasting
    const { plans, laggards } = options.store
    this.#options = options
    this.#isFar = areLinkedSettled || laggards?.reach === 'linked' || hasReaders(plans.user.readersOfAccounts)
    this.#isNear = areUsersTold || laggards?.reach === 'users' || options.doAccountsReadUsers()
  }

  /** Adds an actor by its ordinal, and whom it reaches as far as that is in memory: its links must be known. */
  add(ordinal: number): void {
    this.#waiting.push(ordinal)
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) this.#visit(next)
  }

  /** Adds an actor alone. Returns true if it is in memory. */
  look(ordinal: number): boolean {
    const { roster } = this.#options
    const page = Math.floor(ordinal / PAGE_ACTORS)
    this.ordinals.add(ordinal)
    if (roster.isCold(ordinal)) this.coldPages.add(page)
    else if (this.#isLasting) roster.touch(page)
    return !roster.isCold(ordinal)
  }

  /** Adds the users of an account that is in memory. */
  addUsersOf(account: number): void {
    const { rows, links } = this.#options.store
    for (const user of links.keys(rows.at(account))) this.look(user)
  }

  #visit(ordinal: number): void {
    const { roster, store } = this.#options
    if (this.#seen.has(ordinal)) return
    this.#seen.add(ordinal)
    if (!this.look(ordinal) || !roster.has(ordinal)) return
    const row = store.rows.at(ordinal)
    if (!roster.isAccount(ordinal) || this.#isFar) this.#waiting.push(...store.links.keys(row))
    else if (this.#isNear || (store.memory.state.ints[(row + FLAGS) * 2]! & IS_UNBUILT) !== 0) this.addUsersOf(ordinal)
  }
}
