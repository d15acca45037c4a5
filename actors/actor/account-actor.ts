/** An account: its traits, its users, the events of all of them together, and how many satisfy each condition. */
import type { ProfileEvent } from '../../src/model/event.ts'
import { compareEvents } from '../../src/model/event.ts'
import type { ExternalId } from '../../src/model/external-id.ts'
import type { HeardEvent } from '../history/histories.ts'
import { hasReaders } from '../plan/dependents.ts'
import type { EventIndex } from '../plan/event-index.ts'
import type { DefinitionNode, Plan } from '../plan/plan.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import { COUNTED_SINCE } from '../rows/row.ts'
import { Actor } from './actor.ts'
import type { Account, AccountMessage, Newcomer, User } from './message.ts'

export class AccountActor extends Actor<AccountMessage> implements Account {
  override readonly kind = 'account'

  get groupId(): string {
    return this.store.ids.readTexts(this.row)[0] ?? ''
  }

  override get ids(): readonly ExternalId[] {
    return [{ type: 'group_id', value: this.groupId }]
  }

  override get label(): string {
    return this.store.ids.label(this.row)
  }

  override get userCount(): number {
    return this.store.links.count(this.row)
  }

  /** Ordinals of its users, in the order in which they were linked. */
  get userOrdinals(): readonly number[] {
    return this.store.links.keys(this.row)
  }

  override usersSatisfying(condition: number): number {
    const { satisfying } = this.store
    const index = satisfying.indexOf(this.row, condition)
    return index < 0 ? 0 : satisfying.number(this.row, index)
  }

  override keptEvents(): readonly ProfileEvent[] {
    const events = this.#allUsers().flatMap((user) => user.keptEvents())
    return events.sort(compareEvents)
  }

  override eventsKnownTo(index: EventIndex): readonly ProfileEvent[] {
    const { links, histories, rows } = this.store
    const events = links.keys(this.row).flatMap((user) => histories.events(rows.at(user), (name) => index.knows(name)))
    return events.sort(compareEvents)
  }

  override olderOfAll(): readonly ForgottenTotals[] {
    const { links, older, rows } = this.store
    const all: ForgottenTotals[] = []
    for (let index = 0; index < links.count(this.row); index++) {
      const held = older.read(rows.at(links.key(this.row, index)))
      if (held) all.push(held)
    }
    return all
  }

  override windowsCountedSince(): readonly number[] {
    const { rows, memory } = this.store
    const ofUsers = this.userOrdinals.map((user) => memory.state.doubles[rows.at(user) + COUNTED_SINCE]!)
    return [this.countedSince, ...ofUsers]
  }

  override heardEvents(): readonly HeardEvent[] {
    const { links, histories, rows } = this.store
    return this.userOrdinals.flatMap((user, index) => {
      const linkedAt = links.number(this.row, index)
      return histories.events(rows.at(user)).map((event) => ({ event, at: Math.max(event.receivedAt, linkedAt) }))
    })
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
      case 'user left':
        this.#leave(message.user, message.conditions)
        return
      case 'users united':
        this.#unite(message)
        return
      case 'condition flipped':
        this.#count(message.condition.id, message.holds ? 1 : -1)
        this.markDependents(message.condition.acrossDependents)
        return
      case 'definitions changed':
        for (const condition of this.store.satisfying.keys(this.row))
          if (!message.conditions.has(condition)) this.store.satisfying.remove(this.row, condition)
        this.adopt(message.adoption)
        return
      case 'kept events changed':
        if (message.stale === 'all') this.rebuild(this.plan)
        else this.judgeAgain()
        return
      case 'deadline':
        return
    }
  }

  /** Settles the users that read an audience of accounts, and with them all their accounts. */
  override tellOthers({ acrossDependents }: DefinitionNode): void {
    if (!hasReaders(acrossDependents)) return
    for (const user of this.#allUsers()) {
      for (const account of user.accountOrdinals) this.store.sink.join(account)
      user.next({ kind: 'accounts changed', at: this.now, readers: acrossDependents })
    }
  }

  override rebuild(plan: Plan): void {
    super.rebuild(plan)
    this.#markQuantified()
  }

  #link(user: User, conditions: readonly DefinitionNode[]): void {
    this.store.links.add(this.row, user.ordinal, this.now)
    user.joinAccount(this)
    this.#takeHistory({ events: user.keptEvents(), older: user.older })
    this.#countAll(user, conditions, 1)
    this.#markQuantified()
  }

  #leave(user: User, conditions: readonly DefinitionNode[]): void {
    this.#countAll(user, conditions, -1)
    this.store.links.remove(this.row, user.ordinal)
    this.rebuild(this.plan)
  }

  #unite({ survivor, absorbed, conditions, newcomers }: Extract<AccountMessage, { kind: 'users united' }>): void {
    const { links } = this.store
    const { row } = this
    let linkedAt = this.#linkedAt(survivor)
    const wasUser = linkedAt < Infinity
    for (const user of absorbed) {
      linkedAt = Math.min(linkedAt, this.#linkedAt(user))
      if (links.remove(row, user.ordinal)) this.#countAll(user, conditions, -1)
    }
    if (!wasUser) this.#countAll(survivor, conditions, 1)
    links.set(row, survivor.ordinal, linkedAt)
    survivor.joinAccount(this)
    for (const newcomer of newcomers) this.#takeHistory(newcomer)
    this.#markQuantified()
  }

  /** Counts the history of one user more. */
  #takeHistory({ events, older }: Newcomer): void {
    if (older) this.addOlder(older)
    for (const event of events) this.takeEvent(event)
  }

  #linkedAt(user: User): number {
    const { links } = this.store
    const index = links.indexOf(this.row, user.ordinal)
    return index < 0 ? Infinity : links.number(this.row, index)
  }

  #allUsers(): User[] {
    return this.userOrdinals.map((ordinal) => this.store.userAt(ordinal))
  }

  #markQuantified(): void {
    for (const index of this.plan.quantified) this.markDefinition(index)
  }

  /** Counts the users that satisfy each condition, as they settled last. */
  countUsers(conditions: readonly DefinitionNode[]): void {
    for (const user of this.#allUsers()) this.#countAll(user, conditions, 1)
  }

  #countAll(user: User, conditions: readonly DefinitionNode[], by: 1 | -1): void {
    for (const condition of conditions) if (user.definedValue(condition.id) === true) this.#count(condition.id, by)
  }

  #count(condition: number, by: 1 | -1): void {
    this.store.satisfying.set(this.row, condition, this.usersSatisfying(condition) + by)
  }
}
