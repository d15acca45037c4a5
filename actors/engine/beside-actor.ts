/**
 * An actor as another plan sees it: a row by itself, in a store of its own, that reads ids, traits, accounts and the
 * values of the space's definitions from the actor that it is of, and changes nothing there.
 */
import type { ExternalId, IdentityRules } from '../../src/model/external-id.ts'
import { Actor } from '../actor/actor.ts'
import { ActorStore } from '../actor/actor-store.ts'
import type { PlanPair } from '../actor/plan-pair.ts'
import type { SettlementSink } from '../actor/settlement-sink.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { HeardEvent } from '../history/histories.ts'
import type { MemoryLimits } from '../memory/actor-memory.ts'
import type { Plan } from '../plan/plan.ts'
import type { Traits } from '../rows/traits.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'

/** Enough for one actor, however long its history. */
const MEMORY: MemoryLimits = { stateBytes: 8 * 1024 * 1024, bytesBytes: 24 * 1024 * 1024 }

const SILENT: SettlementSink = {
  deliver: () => undefined,
  enqueue: () => undefined,
  changing: () => undefined,
  join: () => undefined,
}

/** Makes a store for actors beside the space, one at a time. */
export function storeBeside(plans: PlanPair, rules: IdentityRules): ActorStore {
  return new ActorStore({ memory: MEMORY, rules, sink: SILENT, plans, userAt: nobody, accountAt: nobody })
}

function nobody(): never {
  throw new Error('an actor beside the space is alone')
}

export abstract class BesideActor extends Actor {
  override readonly kind: 'user' | 'account'
  protected readonly of: SpaceActor
  /** The number of the definition that it is made for. */
  protected readonly definition: number

  /** Begins the row of the store, which must have none. */
  constructor(store: ActorStore, plan: Plan, of: SpaceActor, definition: number) {
    super(store, plan)
    store.memory.barrier.begin()
    store.rows.create(0, 0)
    this.bind(0, plan)
    this.kind = of.kind
    this.of = of
    this.definition = definition
  }

  abstract override keptEvents(): readonly ProfileEvent[]

  override eventsKnownTo(): readonly ProfileEvent[] {
    return this.keptEvents()
  }

  /** Other definitions have the values that they have in the space. */
  override definedValue(id: number): JsonValue | undefined {
    return id === this.definition ? super.definedValue(id) : this.of.definedValue(id)
  }

  override get traits(): Traits {
    return this.of.traits
  }

  override receive(): void {
    throw new Error('an actor beside the space receives no messages')
  }

  override tellOthers(): void {
    // It is alone.
  }

  override get ids(): readonly ExternalId[] {
    return this.of.ids
  }

  override get label(): string {
    return this.of.label
  }

  override get userCount(): number {
    return this.of.userCount
  }

  override usersSatisfying(condition: number): number {
    return this.of.usersSatisfying(condition)
  }

  override olderOfAll(): readonly ForgottenTotals[] {
    return []
  }

  override heardEvents(): readonly HeardEvent[] {
    return []
  }

  override isEligible(types: ReadonlySet<string>): boolean {
    return this.of.isEligible(types)
  }

  override readAccountAudience(definition: number): boolean {
    return this.of.readAccountAudience(definition)
  }

  /** Releases all that it held. */
  end(): void {
    this.dropStates()
    this.store.remove(this.ordinal, this.kind === 'user')
    this.store.commit()
  }
}
