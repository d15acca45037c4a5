/** A user: the ids that name it, its traits and kept events, the accounts that it belongs to. */
import type { ProfileEvent } from '../src/model/event.ts'
import { compareIdTypes, type ExternalId, type IdentityRules } from '../src/model/external-id.ts'
import { Actor, type HeardEvent, type SettlementSink } from './actor.ts'
import type { AccountActor } from './account-actor.ts'
import { History } from './history.ts'
import type { Names } from './names.ts'
import type { Plan } from './plan/plan.ts'

export class ProfileActor extends Actor {
  /** In the order in which they were added. */
  readonly ids: ExternalId[] = []
  readonly accounts = new Set<AccountActor>()
  history = new History()
  mergeCount = 0
  readonly #names: Names
  readonly #rules: IdentityRules
  #label = ''

  constructor(ordinal: number, plan: Plan, sink: SettlementSink, names: Names, rules: IdentityRules) {
    super(ordinal, plan, sink)
    this.#names = names
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
    return this.history.events(this.#names)
  }

  override heardEvents(): readonly HeardEvent[] {
    return this.keptEvents().map((event) => ({ event, at: event.receivedAt }))
  }

  override rebuild(plan: Plan): void {
    super.rebuild(plan)
    this.accountsChanged()
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
    this.#label = this.#bestLabel()
    if (!isNewType || this.ids.length === 1) return
    for (const node of this.plan.definitions) if (node.eligibleTypes?.has(id.type)) this.markDefinition(node.index)
  }

  /** The accounts that it belongs to, or what they are in, may have changed. */
  accountsChanged(): void {
    this.markDependents(this.plan.readersOfAccounts)
  }

  /** Keeps an event, and takes it up. */
  takeKept(event: ProfileEvent): void {
    this.history.append(event, this.#names)
    this.takeEvent(event)
  }

  /** Marks what holds for a profile about which nothing is known yet. */
  begin(now: number): void {
    this.now = now
    for (const index of this.plan.trueOfNothing) this.markDefinition(index)
  }

  /** Takes over all that another profile holds, which then is no more. Definitions are to be found anew. */
  absorb(other: ProfileActor): void {
    this.ids.push(...other.ids)
    this.#label = this.#bestLabel()
    for (const entry of other.traits.entries()) this.traits.set(entry, () => undefined)
    this.history = History.of([...this.keptEvents(), ...other.keptEvents()], this.#names)
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
      ours.hasBeenOne ||= theirs.hasBeenOne
    }
  }

  /** By priority of the types; within a type, the first added. */
  #bestLabel(): string {
    let best = this.ids[0]!
    for (const id of this.ids) if (compareIdTypes(this.#rules, id.type, best.type) < 0) best = id
    return `${best.type}:${best.value}`
  }
}
