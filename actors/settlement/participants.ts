/** The actors that take part in a settlement, each with one view, which is bound anew in each settlement. */
import { AccountActor } from '../actor/account-actor.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import { ProfileActor } from '../actor/profile-actor.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { JOINED_IN, VIEW } from '../rows/row.ts'
import { Bag } from './bag.ts'

export class Participants {
  readonly #store: ActorStore
  readonly #isAccount: (ordinal: number) => boolean
  readonly #all = new Bag<SpaceActor>()
  /** Views, and how many of each kind are in use. */
  readonly #userViews: ProfileActor[] = []
  readonly #accountViews: AccountActor[] = []
  #userCount = 0
  #accountCount = 0

  constructor(store: ActorStore, isAccount: (ordinal: number) => boolean) {
    this.#store = store
    this.#isAccount = isAccount
  }

  get count(): number {
    return this.#all.count
  }

  at(index: number): SpaceActor {
    return this.#all.at(index)
  }

  toArray(): SpaceActor[] {
    return this.#all.toArray()
  }

  /** Returns the view of an actor that takes part already. */
  known(ordinal: number): SpaceActor | undefined {
    const { rows, memory } = this.#store
    const row = rows.at(ordinal)
    if (memory.state.ints[(row + JOINED_IN) * 2 + 1] !== memory.barrier.stamp) return undefined
    return this.#all.at(memory.state.ints[(row + VIEW) * 2 + 1]!)
  }

  /** Adds an actor that is in memory and does not take part yet. */
  add(ordinal: number): SpaceActor {
    const { rows, memory } = this.#store
    const row = rows.at(ordinal)
    rows.touch(row)
    const { ints } = memory.state
    ints[(row + JOINED_IN) * 2 + 1] = memory.barrier.stamp
    ints[(row + VIEW) * 2 + 1] = this.#all.count
    const view = this.#isAccount(ordinal) ? this.#accountView(ordinal) : this.#userView(ordinal)
    this.#all.add(view)
    return view
  }

  clear(): void {
    this.#all.clear()
    this.#userCount = 0
    this.#accountCount = 0
  }

  #userView(ordinal: number): ProfileActor {
    const view = (this.#userViews[this.#userCount++] ??= new ProfileActor(this.#store, this.#store.plans.user))
    view.bind(ordinal, this.#store.plansOf(ordinal).user)
    return view
  }

  #accountView(ordinal: number): AccountActor {
    const view = (this.#accountViews[this.#accountCount++] ??= new AccountActor(this.#store, this.#store.plans.account))
    view.bind(ordinal, this.#store.plansOf(ordinal).account)
    return view
  }
}
