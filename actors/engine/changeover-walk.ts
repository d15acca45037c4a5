/**
 * Brings all actors on to other plans, one after another, while entries come in between. An actor that something comes
 * for is brought on before it is touched.
 *
 * W1. Plans that only hold more states than those before change no value that anybody sees: an actor takes them over
 *     as it is, within whatever settlement it takes part in.
 * W2. Other definitions have held since one instant, the same for all: what they change of an actor is settled at that
 *     instant, by itself, before anything later of it.
 */
import type { Slice } from '../../src/model/entry.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import { Laggards, type StoredLaggards } from '../actor/laggards.ts'
import type { DefinedList } from '../actor/message.ts'
import type { PlanPair } from '../actor/plan-pair.ts'
import { settledAt } from '../actor/settled-at.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { viewOf, viewOfUser } from '../actor/views.ts'
import type { PlansChange } from '../compiler/compile.ts'
import type { DefinitionInput } from '../compiler/references.ts'
import { type Adoption, isEmptyAdoption } from '../plan/adoption.ts'
import { hasReaders } from '../plan/dependents.ts'
import type { DefinitionNode } from '../plan/plan.ts'
import type { Roster } from '../records/roster.ts'
import { FLAGS, IS_UNBUILT } from '../rows/row.ts'
import type { DefinedValue } from '../rows/defined-values.ts'
import { BY_DEFINITION } from '../settlement/causes.ts'
import type { Settlement } from '../settlement/settlement.ts'
import type { FailedDeadline } from './applied.ts'
import { Concern } from './concern.ts'
import { EverCounted } from './ever-counted.ts'
import { linkedTo } from './linked-actors.ts'

/** Users that settle together. */
const TOGETHER = 64

export interface WalkOptions {
  readonly roster: Roster
  readonly settlement: Settlement
  readonly store: ActorStore
  /** Returns the space's present. */
  readonly now: () => number
  /** Called for an actor that cannot be brought on: its states are computed when they are next needed. */
  readonly onFault: (fault: FailedDeadline) => void
}

/** The plans that the actors get. */
export interface WalkChange extends PlansChange {
  readonly before: PlanPair
  /** The instant since which the definitions hold; undefined if the plans only hold more states. */
  readonly since: number | undefined
  /** Definitions that begin, or begin anew. */
  readonly begun: readonly DefinitionInput[]
  readonly inputs: readonly DefinitionInput[]
  /** Tells of a definition that is not there if its last values are kept. */
  readonly isAside: (definition: number) => boolean
}

export class ChangeoverWalk {
  readonly laggards: Laggards
  readonly #options: WalkOptions
  readonly #change: WalkChange
  readonly #everCounted: EverCounted
  /** True if linked actors must settle together: accounts count the users that satisfy a condition. */
  readonly #areGroupsTogether: boolean
  readonly #readsAccounts: boolean
  #concern: Concern | undefined
  #nameCount = -1

  constructor(options: WalkOptions, change: WalkChange, stored?: StoredLaggards) {
    this.#options = options
    this.#change = change
    this.#everCounted = new EverCounted(change.inputs, options.store.rules)
    const isSwitch = change.since !== undefined
    this.#areGroupsTogether = isSwitch && reachesConditions(change.adoptions)
    this.#readsAccounts = isSwitch && hasReaders(change.plans.user.readersOfAccounts)
    // Accounts compute what is new from the kept events of their users.
    const ofAccounts = isEmptyAdoption(change.adoptions.account) ? 'itself' : 'users'
    const reach = this.#areGroupsTogether ? 'linked' : ofAccounts
    this.laggards = new Laggards({ plans: change.before, reach }, stored?.end ?? options.roster.nextOrdinal, stored)
  }

  get since(): number | undefined {
    return this.#change.since
  }

  /** Passes over all actors if the plans concern none of them: then it returns true. */
  passOverAll(): boolean {
    if (this.#areGroupsTogether || !this.#concernNow().isNobody) return false
    this.laggards.passTo(this.laggards.end)
    return true
  }

  /** Goes on until all actors have the plans: then it returns true; or until the budget is spent. */
  go(budget: Budget, transitions: Transition[]): boolean {
    const { laggards } = this
    let together: number[] = []
    let ordinal = laggards.next
    for (; ordinal < laggards.end && budget.look(); ordinal++) {
      if (!laggards.isBehind(ordinal) || !this.#isConcerned(ordinal)) continue
      budget.take(this.#eventsOf(ordinal))
      together.push(ordinal)
      if (together.length < TOGETHER) continue
      this.#settle(together, transitions)
      together = []
    }
    this.#settle(together, transitions)
    laggards.passTo(ordinal)
    return ordinal >= laggards.end
  }

  /** Brings on those actors whose values the definitions may change. Keeps W2. */
  bring(ordinals: Iterable<number>, transitions: Transition[]): void {
    for (const ordinal of ordinals)
      if (this.laggards.isBehind(ordinal) && this.#isConcerned(ordinal)) this.#settle([ordinal], transitions)
  }

  /** Settles the actors that are due at the very instant since which the definitions hold. */
  settleDue(ordinals: readonly number[], transitions: Transition[]): void {
    for (const ordinal of ordinals) if (this.laggards.isBehind(ordinal)) this.#settle([ordinal], transitions)
  }

  /** Gives the plans to an actor that takes part in a settlement. Keeps W1. */
  adopt(actor: SpaceActor, now: number): void {
    const { settlement, store } = this.#options
    const { plans, adoptions, begun, isAside, since } = this.#change
    const { ordinal, kind } = actor
    actor.now = since === undefined ? settledAt(now, actor.dueAt) : now
    this.laggards.bringOn(ordinal)
    settlement.onFailure(() => this.laggards.leaveBehind(ordinal))
    const { byId } = plans[kind]
    if (since !== undefined) store.values.keepOnly(actor.row, (id) => byId.has(id) || isAside(id))
    const adoption = adoptions[kind]
    actor.receive({ kind: 'definitions changed', at: now, adoption, conditions: plans.user.byId })
    for (const input of begun) this.#everCounted.begin(actor, plans[kind], input, now)
  }

  /** Gives the plans to a user that takes part in no settlement, as another one takes it over in this one. */
  adoptAbsorbed(ordinal: number, now: number): void {
    const { roster, settlement, store } = this.#options
    roster.changing(ordinal)
    store.rows.touch(store.rows.at(ordinal))
    const user = viewOfUser(store, ordinal)
    user.now = settledAt(now, user.dueAt)
    this.laggards.bringOn(ordinal)
    settlement.onFailure(() => this.laggards.leaveBehind(ordinal))
    user.adoptQuietly(this.#change.adoptions.user)
  }

  /** Returns the values of an actor as the definitions have them, if it has not been brought on yet. */
  foresee(ordinal: number): DefinedList | undefined {
    const { settlement, store } = this.#options
    const { since } = this.#change
    if (since === undefined || !this.laggards.isBehind(ordinal) || !this.#isConcerned(ordinal)) return undefined
    const held = new Map<number, DefinedValue>()
    settlement.foresee(since, {
      act: () => this.#join(ordinal),
      look: () => {
        const row = store.rows.at(ordinal)
        for (const id of store.values.ids(row)) held.set(id, store.values.read(store.values.find(row, id)))
      },
    })
    return { get: (id) => held.get(id), ids: () => [...held.keys()] }
  }

  /** Keeps W2. */
  #settle(ordinals: readonly number[], transitions: Transition[]): void {
    const { settlement, now } = this.#options
    // Deadlines of the present instant may not have fired yet.
    settlement.begin(this.#change.since ?? now() - 1, BY_DEFINITION)
    try {
      for (const ordinal of ordinals) this.#join(ordinal)
      settlement.finish(transitions)
    } catch (cause) {
      settlement.rollBack()
      if (ordinals.length === 1) this.#setAside(ordinals[0]!, cause)
      else for (const ordinal of ordinals) this.#settle([ordinal], transitions)
    }
  }

  /** Lets an actor take part, after whatever it reads. */
  #join(ordinal: number): void {
    const { roster, settlement, store } = this.#options
    if (this.#change.since === undefined) {
      // Its present stays; it may have been told of something by those before it.
      if (this.laggards.isBehind(ordinal)) settlement.enter(ordinal)
      return
    }
    if (this.#areGroupsTogether) for (const other of linkedTo(store, ordinal, new Set())) settlement.join(other)
    else if (!roster.isAccount(ordinal) && !isEmptyAdoption(this.#change.adoptions.account))
      for (const account of store.links.keys(store.rows.at(ordinal))) settlement.join(account)
    settlement.join(ordinal)
  }

  /** Lets the states of an actor be computed when they are next needed. */
  #setAside(ordinal: number, cause: unknown): void {
    const { roster, store, now, onFault } = this.#options
    const actor = viewOf(store, ordinal, roster.isAccount(ordinal))
    roster.changing(ordinal)
    store.memory.barrier.begin()
    store.rows.touch(actor.row)
    actor.dropStates()
    store.memory.state.ints[(actor.row + FLAGS) * 2]! |= IS_UNBUILT
    store.commit()
    this.laggards.bringOn(ordinal)
    onFault({ profile: actor.label, at: now(), cause })
  }

  /** True for an actor whose values may change, or those of an account that it reads. */
  #isConcerned(ordinal: number): boolean {
    const { roster, store } = this.#options
    if (!roster.has(ordinal)) return false
    if (roster.isCold(ordinal)) throw new Error(`actor ${ordinal} must be in memory`)
    const row = store.rows.at(ordinal)
    const isAccount = roster.isAccount(ordinal)
    if (isAccount && this.#areGroupsTogether) return true
    if (this.#concernNow().of(ordinal, isAccount)) return true
    return !isAccount && this.#readsAccounts && store.links.keys(row).some((account) => this.#isConcerned(account))
  }

  /** A name that had no number may have one by now. */
  #concernNow(): Concern {
    const { store } = this.#options
    const { count } = store.histories.names
    if (!this.#concern || count !== this.#nameCount) {
      this.#concern = new Concern(store, this.#change.adoptions)
      this.#nameCount = count
    }
    return this.#concern
  }

  #eventsOf(ordinal: number): number {
    const { roster, store } = this.#options
    const row = store.rows.at(ordinal)
    if (!roster.isAccount(ordinal)) return store.histories.count(row)
    return store.links.keys(row).reduce((sum, user) => sum + store.histories.count(store.rows.at(user)), 0)
  }
}

/**
 * True if a definition that other plans mark may change a condition that accounts put to their users: by itself, or by
 * what reads it.
 */
function reachesConditions({ user, account }: WalkChange['adoptions']): boolean {
  const seen = new Set<DefinitionNode>()
  const waiting: DefinitionNode[] = []
  const add = ({ plan: { definitions } }: Adoption, indexes: Iterable<number>): void => {
    for (const index of indexes) waiting.push(definitions[index]!)
  }
  add(user, user.marked)
  add(account, account.marked)
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    if (node.kind === 'condition') return true
    const { dependents, acrossDependents: across } = node
    // By way of other states, a value may reach any definition.
    if (dependents.timed.size + dependents.occurrences.size + across.timed.size + across.occurrences.size > 0)
      return user.plan.conditions.length > 0
    const isOfUsers = user.plan.byId.get(node.id) === node
    add(isOfUsers ? user : account, dependents.definitions)
    add(isOfUsers ? account : user, across.definitions)
  }
  return false
}

/** The work that one entry does at most. */
export class Budget {
  #actors: number
  #rows: number
  #events: number

  constructor({ actors, rows, events }: Slice) {
    this.#actors = actors
    this.#rows = rows
    this.#events = events
  }

  /** Counts an actor that is looked at; false if no more may be. */
  look(): boolean {
    if (this.#rows <= 0 || this.#actors <= 0 || this.#events <= 0) return false
    this.#rows--
    return true
  }

  /** Counts an actor that takes part, with its kept events. */
  take(events: number): void {
    this.#actors--
    this.#events -= events
  }
}
