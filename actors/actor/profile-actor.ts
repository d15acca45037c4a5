/** A user: its ids, traits and kept events, and the accounts that it belongs to. */
import type { ProfileEvent } from '../../src/model/event.ts'
import { compareIdTypes, type ExternalId, type IdentityRules } from '../../src/model/external-id.ts'
import { Actor, type SettlementSink } from './actor.ts'
import { mementoOf } from './defined-value.ts'
import { type HeardEvent, History, type HistoryStore } from '../history/history.ts'
import type { Account, User, UserMessage } from './message.ts'
import { ForgottenTotals } from '../streams/forgotten-totals.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { DefinitionNode, Plan } from '../plan/plan.ts'

const NONE_OLDER: readonly ForgottenTotals[] = []
const NO_ACCOUNTS: ReadonlySet<Account> = new Set()

export class ProfileActor extends Actor<UserMessage> implements User {
  readonly kind = 'user'
  /** In the order in which they were added. */
  readonly ids: ExternalId[] = []
  accounts: ReadonlySet<Account> = NO_ACCOUNTS
  history = new History()
  /** Totals of the events that are no longer kept. */
  older: ForgottenTotals | undefined = undefined
  mergeCount = 0
  /** Receive time of its last call, epoch ms. */
  seenAt = 0
  readonly #store: HistoryStore
  readonly #rules: IdentityRules
  #label = ''

  constructor(ordinal: number, plan: Plan, sink: SettlementSink, store: HistoryStore, rules: IdentityRules) {
    super(ordinal, plan, sink)
    this.#store = store
    this.#rules = rules
  }

  override get label(): string {
    return this.#label
  }

  override get userCount(): number {
    return 0
  }

  override usersSatisfying(): number {
    return 0
  }

  override keptEvents(): readonly ProfileEvent[] {
    return this.history.events(this.#store.names)
  }

  override olderOfAll(): readonly ForgottenTotals[] {
    return this.older ? [this.older] : NONE_OLDER
  }

  /** Returns the event time of the kept event that arrived first; infinite if there is none. */
  firstKeptTs(): number {
    return this.history.firstTs(this.#store.names)
  }

  override heardEvents(): readonly HeardEvent[] {
    return this.keptEvents().map((event) => ({ event, at: event.receivedAt }))
  }

  /** Tells its accounts that a condition on their users has flipped. */
  protected override tellOthers(node: DefinitionNode, value: JsonValue): void {
    if (node.kind !== 'condition') return
    for (const account of this.accounts)
      account.next({ kind: 'condition flipped', at: this.now, condition: node, holds: value === true })
  }

  override rebuild(plan: Plan): void {
    super.rebuild(plan)
    this.markDependents(plan.readersOfAccounts)
  }

  override isEligible(types: ReadonlySet<string>): boolean {
    return this.ids.some((id) => types.has(id.type))
  }

  override readAccountAudience(definition: number): boolean {
    for (const account of this.accounts) if (account.definedValue(definition) === true) return true
    return false
  }

  /** Adds an id that no profile holds; marks the audiences for which it makes the profile eligible. */
  addId(id: ExternalId): void {
    const isNewType = !this.ids.some((other) => other.type === id.type)
    this.ids.push(id)
    this.sink.onFailure(() => {
      this.ids.pop()
      if (this.ids.length > 0) this.#label = this.#bestLabel()
    })
    this.#label = this.#bestLabel()
    if (!isNewType || this.ids.length === 1) return
    for (const node of this.plan.definitions) if (node.eligibleTypes?.has(id.type)) this.markDefinition(node.index)
  }

  /** True if the user is known by `anonymous_id`s only, and belongs to no account. */
  get isAnonymous(): boolean {
    return this.accounts.size === 0 && this.ids.every(({ type }) => type === 'anonymous_id')
  }

  /** Records the receive time of a call. */
  seen(at: number): void {
    const before = this.seenAt
    this.seenAt = at
    this.sink.onFailure(() => {
      this.seenAt = before
    })
  }

  /** Sets the ids of a new actor: types and values in turn. */
  nameBy(ids: readonly string[]): void {
    for (let at = 0; at < ids.length; at += 2) this.ids.push({ type: ids[at]!, value: ids[at + 1]! })
    this.#label = this.#bestLabel()
  }

  override receive(message: UserMessage): void {
    switch (message.kind) {
      case 'event':
        this.sink.appending(this.history, this.#store.names)
        this.history.append(message.event, this.#store)
        this.takeEvent(message.event)
        return
      case 'events forgotten':
        this.#forget(message.kept, message.older)
        if (message.matters) this.rebuild(this.plan)
        return
      case 'traits':
        this.takeTraits(message.traits, message)
        return
      case 'merge':
        this.sink.onFailure(this.#memento())
        for (const other of message.absorbed) this.#absorb(other)
        this.rebuild(this.plan)
        return
      case 'accounts changed':
        this.markDependents(message.readers)
        return
      case 'definitions changed':
        this.rebuild(message.plan)
        return
      case 'expired':
        this.dropValues()
        return
      case 'deadline':
        return
    }
  }

  /** Records that an account has linked the user. */
  joinAccount(account: Account): void {
    this.accounts = new Set(this.accounts).add(account)
  }

  leaveAccount(account: Account): void {
    this.accounts = new Set([...this.accounts].filter((other) => other !== account))
  }

  /** Puts the user to rest: this object must not be used any more. */
  leaveMemory(): void {
    this.history.release(this.#store.slabs)
  }

  #forget(kept: readonly ProfileEvent[], older: ForgottenTotals): void {
    const before = { history: this.history, older: this.older }
    this.sink.onFailure(() => Object.assign(this, before))
    this.sink.onSuccess(() => before.history.release(this.#store.slabs))
    this.history = History.of(kept, this.#store)
    this.older = older
  }

  /** Returns a function that restores the present state. */
  #memento(): () => void {
    const { history, older, mergeCount } = this
    const ids = [...this.ids]
    const traits = [...this.traits.entries()]
    const { accounts } = this
    const restoreDefined = mementoOf(this.defined)
    return () => {
      this.history = history
      this.older = older
      this.mergeCount = mergeCount
      this.ids.splice(0, Infinity, ...ids)
      this.#label = this.#bestLabel()
      this.accounts = accounts
      const held = this.writableTraits()
      for (const { key } of [...held.entries()]) held.restore(key, undefined)
      for (const entry of traits) held.restore(entry.key, entry)
      restoreDefined()
    }
  }

  /**
   * Takes over everything that another user holds, which then is no more. Definitions must be computed again
   * afterwards.
   */
  #absorb(other: User): void {
    this.ids.push(...other.ids)
    this.#label = this.#bestLabel()
    for (const entry of other.traits.entries()) this.writableTraits().set(entry, () => undefined)
    const { history } = this
    this.sink.onSuccess(() => {
      history.release(this.#store.slabs)
      other.history.release(this.#store.slabs)
    })
    this.history = History.of([...this.keptEvents(), ...other.keptEvents()], this.#store)
    this.older = ForgottenTotals.unite(this.older, other.older)
    this.mergeCount += other.mergeCount + 1
    for (const [index, id] of other.defined.ids().entries()) {
      const theirs = other.defined.items()[index]!
      const ours = this.defined.get(id)
      const kind = this.plan.byId.get(id)?.kind
      if (kind === undefined || kind === 'condition') continue
      if (!ours) {
        const value = kind === 'audience' ? theirs.value : null
        this.defined.set(id, { ...theirs, value })
        continue
      }
      if (kind === 'audience') ours.value = ours.value === true || theirs.value === true
      ours.sequence = Math.max(ours.sequence, theirs.sequence)
      ours.changedAt = Math.max(ours.changedAt, theirs.changedAt)
      ours.hasBeenOne ||= theirs.hasBeenOne
    }
  }

  /** Returns the best id by priority of the types; within a type, the first added. */
  #bestLabel(): string {
    let best = this.ids[0]!
    for (const id of this.ids) if (compareIdTypes(this.#rules, id.type, best.type) < 0) best = id
    return `${best.type}:${best.value}`
  }
}

/** Lists the events of those profiles that are not the account's users. */
export function eventsOfOthers(account: Account, profiles: readonly ProfileActor[]): ProfileEvent[] {
  return profiles.filter((profile) => !profile.accounts.has(account)).flatMap((profile) => [...profile.keptEvents()])
}
