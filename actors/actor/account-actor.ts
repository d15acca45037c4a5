/** An account: its traits, its users, the events of all of them together, and how many satisfy each condition. */
import type { ProfileEvent } from '../../src/model/event.ts'
import { Actor, type SettlementSink } from './actor.ts'
import type { HeardEvent } from '../history/history.ts'
import { compareEvents } from '../../src/model/event.ts'
import type { Account, AccountMessage, User } from './message.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import { hasReaders } from '../plan/dependents.ts'
import type { DefinitionNode, Plan } from '../plan/plan.ts'

export interface AccountOptions {
  readonly ordinal: number
  readonly plan: Plan
  readonly sink: SettlementSink
  readonly groupId: string
  /** Returns one of its users, waking it if it was at rest. */
  readonly userAt: (ordinal: number) => User
}

export class AccountActor extends Actor<AccountMessage> implements Account {
  readonly kind = 'account'
  readonly groupId: string
  /** By ordinal of the user: the instant at which it was linked. */
  readonly users = new Map<number, number>()
  /** By id of a condition of the users' plan: the number of users that satisfied it when they last settled. */
  readonly #satisfying = new Map<number, number>()

  readonly #userAt: (ordinal: number) => User

  constructor({ ordinal, plan, sink, groupId, userAt }: AccountOptions) {
    super(ordinal, plan, sink)
    this.groupId = groupId
    this.#userAt = userAt
  }

  override get label(): string {
    return `group_id:${this.groupId}`
  }

  override get userCount(): number {
    return this.users.size
  }

  override usersSatisfying(condition: number): number {
    return this.#satisfying.get(condition) ?? 0
  }

  override keptEvents(): readonly ProfileEvent[] {
    const events = this.#allUsers().flatMap((user) => user.keptEvents())
    return events.sort(compareEvents)
  }

  override olderOfAll(): readonly ForgottenTotals[] {
    return this.#allUsers().flatMap(({ older }) => older ?? [])
  }

  override heardEvents(): readonly HeardEvent[] {
    return [...this.users].flatMap(([user, linkedAt]) =>
      this.#userAt(user)
        .keptEvents()
        .map((event) => ({ event, at: Math.max(event.receivedAt, linkedAt) })),
    )
  }

  override isEligible(): boolean {
    return true
  }

  override readAccountAudience(definition: number): boolean {
    return this.definedValue(definition) === true
  }

  override receive(message: AccountMessage): void {
    switch (message.kind) {
      case 'event':
        this.takeEvent(message.event)
        return
      case 'traits':
        this.takeTraits(message.traits, message)
        return
      case 'link':
        this.#link(message.user, message.conditions)
        return
      case 'users united':
        this.#unite(message)
        return
      case 'condition flipped':
        this.#count(message.condition.id, message.holds ? 1 : -1)
        this.markDependents(message.condition.acrossDependents)
        return
      case 'definitions changed':
        // The conditions themselves have changed, and will flip anew.
        this.#satisfying.clear()
        this.rebuild(message.plan)
        return
      case 'kept events changed':
        this.rebuild(this.plan)
        return
      case 'deadline':
        return
    }
  }

  /** Settles the users that read an audience of accounts, and with them all their accounts. */
  protected override tellOthers({ acrossDependents }: DefinitionNode): void {
    if (!hasReaders(acrossDependents)) return
    for (const user of this.#allUsers()) {
      for (const account of user.accounts) account.takePart()
      user.next({ kind: 'accounts changed', at: this.now, readers: acrossDependents })
    }
  }

  override rebuild(plan: Plan): void {
    super.rebuild(plan)
    this.#markQuantified()
  }

  #link(user: User, conditions: readonly DefinitionNode[]): void {
    this.sink.onFailure(() => {
      this.users.delete(user.ordinal)
      user.leaveAccount(this)
    })
    this.users.set(user.ordinal, this.now)
    user.joinAccount(this)
    if (user.older) this.rebuild(this.plan)
    else for (const event of user.keptEvents()) this.takeEvent(event)
    this.#countAll(user, conditions, 1)
    this.#markQuantified()
  }

  #unite({ survivor, absorbed, conditions, unseen }: Extract<AccountMessage, { kind: 'users united' }>): void {
    const users = [...this.users]
    this.sink.onFailure(() => {
      this.users.clear()
      for (const [user, linked] of users) this.users.set(user, linked)
    })
    let linkedAt = this.users.get(survivor.ordinal) ?? Infinity
    for (const user of absorbed) {
      linkedAt = Math.min(linkedAt, this.users.get(user.ordinal) ?? Infinity)
      if (this.users.delete(user.ordinal)) this.#countAll(user, conditions, -1)
    }
    if (!this.users.has(survivor.ordinal)) this.#countAll(survivor, conditions, 1)
    this.users.set(survivor.ordinal, linkedAt)
    survivor.joinAccount(this)
    if (survivor.older) this.rebuild(this.plan)
    else for (const event of unseen) this.takeEvent(event)
    this.#markQuantified()
  }

  #allUsers(): User[] {
    return Array.from(this.users.keys(), this.#userAt)
  }

  #markQuantified(): void {
    for (const index of this.plan.quantified) this.markDefinition(index)
  }

  /** Restores the account after a settlement that failed; the users' conditions are restored already. */
  override restore(instant: number, plan = this.plan): void {
    this.#satisfying.clear()
    for (const user of this.#allUsers())
      for (const [index, id] of user.defined.ids().entries())
        if (id < 0 && user.defined.items()[index]!.value === true) this.#count(id, 1)
    super.restore(instant, plan)
  }

  #countAll(user: User, conditions: readonly DefinitionNode[], by: 1 | -1): void {
    for (const condition of conditions) if (user.definedValue(condition.id) === true) this.#count(condition.id, by)
  }

  #count(condition: number, by: 1 | -1): void {
    this.#satisfying.set(condition, this.usersSatisfying(condition) + by)
  }
}
