/** An account: its traits, its users, the events of all of them together, and how many satisfy each condition. */
import type { ProfileEvent } from '../src/model/event.ts'
import { Actor, type HeardEvent, type SettlementSink } from './actor.ts'
import { compareEvents } from './history.ts'
import type { DefinitionNode, Plan } from './plan/plan.ts'
import type { ProfileActor } from './profile-actor.ts'

export class AccountActor extends Actor {
  readonly groupId: string
  /** With the instant at which each was linked. */
  readonly users = new Map<ProfileActor, number>()
  /** By id of a condition of the users' plan: how many users satisfied it when they last settled. */
  readonly #satisfying = new Map<number, number>()

  constructor(ordinal: number, plan: Plan, sink: SettlementSink, groupId: string) {
    super(ordinal, plan, sink)
    this.groupId = groupId
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
    const events = [...this.users.keys()].flatMap((user) => user.keptEvents())
    return events.sort(compareEvents)
  }

  override heardEvents(): readonly HeardEvent[] {
    return [...this.users].flatMap(([user, linkedAt]) =>
      user.keptEvents().map((event) => ({ event, at: Math.max(event.receivedAt, linkedAt) })),
    )
  }

  override isEligible(): boolean {
    return true
  }

  override readAccountAudience(definition: number): boolean {
    return this.definedValue(definition) === true
  }

  /** Marks what holds for an account about which nothing is known yet. */
  begin(now: number): void {
    this.now = now
    for (const index of this.plan.trueOfNothing) this.markDefinition(index)
  }

  /** Links a user; its whole history counts from now on. */
  link(user: ProfileActor, conditions: readonly DefinitionNode[]): void {
    this.users.set(user, this.now)
    user.accounts.add(this)
    for (const event of user.keptEvents()) this.takeEvent(event)
    for (const condition of conditions) if (user.definedValue(condition.id) === true) this.#count(condition.id, 1)
    this.markQuantified()
  }

  /** Takes away a user that another one has absorbed; its events stay, as they are the other's now. */
  unlinkAbsorbed(user: ProfileActor, conditions: readonly DefinitionNode[]): void {
    this.users.delete(user)
    for (const condition of conditions) if (user.definedValue(condition.id) === true) this.#count(condition.id, -1)
    this.markQuantified()
  }

  /** Links the survivor of a merge, whose events the account has taken up already. */
  linkSurvivor(user: ProfileActor, conditions: readonly DefinitionNode[]): void {
    this.users.set(user, this.now)
    user.accounts.add(this)
    for (const condition of conditions) if (user.definedValue(condition.id) === true) this.#count(condition.id, 1)
  }

  /** A user's condition has flipped. */
  conditionFlipped(condition: DefinitionNode, holds: boolean): void {
    this.#count(condition.id, holds ? 1 : -1)
    this.markDependents(condition.acrossDependents)
  }

  /** Forgets what the users satisfied: the conditions themselves have changed, and will flip anew. */
  forgetConditions(): void {
    this.#satisfying.clear()
  }

  markQuantified(): void {
    for (const index of this.plan.quantified) this.markDefinition(index)
  }

  #count(condition: number, by: 1 | -1): void {
    this.#satisfying.set(condition, this.usersSatisfying(condition) + by)
  }
}
