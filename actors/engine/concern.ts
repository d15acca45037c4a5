/**
 * Tells whom other definitions concern, from the row of an actor alone: no history is read.
 *
 * Example: an audience `event('Ordered').count() >= 1` concerns whoever may have had an event 'Ordered'; with `NOT`
 * before it, everybody.
 */
import type { ActorStore } from '../actor/actor-store.ts'
import type { NameBits } from '../history/histories.ts'
import { type Adoption, isEmptyAdoption } from '../plan/adoption.ts'
import { DUE_AT, TRAITS } from '../rows/row.ts'

export class Concern {
  readonly #store: ActorStore
  readonly #user: Adoption
  readonly #bits: NameBits
  readonly #isForAccounts: boolean
  readonly #now: number

  /** @param now actors that are due by then are concerned */
  constructor(store: ActorStore, adoptions: { readonly user: Adoption; readonly account: Adoption }, now = -Infinity) {
    this.#store = store
    this.#user = adoptions.user
    this.#bits = store.histories.bitsOf(adoptions.user.names)
    this.#isForAccounts = !isEmptyAdoption(adoptions.account)
    this.#now = now
  }

  /** True if no actor is concerned but those that are due. */
  get isNobody(): boolean {
    const { concernsAll, readsTraits, readsDefined, dropped, successions, valued } = this.#user
    if (this.#isForAccounts || concernsAll || readsTraits || readsDefined) return false
    return (this.#bits.low | this.#bits.high) === 0 && dropped.size + successions.size + valued.size === 0
  }

  /** True if an actor must take part. Accounts do not tell: they take part in whatever is about accounts. */
  of(ordinal: number, isAccount: boolean): boolean {
    const { rows, histories, values, links, memory } = this.#store
    const { doubles, ints } = memory.state
    const row = rows.at(ordinal)
    if (doubles[row + DUE_AT]! <= this.#now) return true
    if (isAccount) return this.#isForAccounts
    const { concernsAll, readsTraits, readsDefined, dropped, successions, valued } = this.#user
    if (concernsAll || histories.mayHold(row, this.#bits)) return true
    // The traits are a reference; 0 is none.
    if (readsTraits && ints[(row + TRAITS) * 2 + 1] !== 0) return true
    // Values and links are counted: a list that has become empty keeps its block until the actor is read from a record.
    if (readsDefined && (values.count(row) > 0 || links.count(row) > 0)) return true
    if (dropped.size + successions.size > 0)
      for (const id of rows.entryIds(row)) if (dropped.has(id) || successions.has(id)) return true
    return valued.size > 0 && values.ids(row).some((id) => valued.has(id))
  }
}
