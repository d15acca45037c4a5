/**
 * Finds out if a `count` that begins in the middle of a history has once been at least 1: from then on it is 0, not
 * absent, when nothing matches. The actor's kept events are played again, each at the instant at which it was received,
 * with everything that falls due in between. Traits and values of other definitions are taken as they are now: their past
 * is not kept.
 */
import { compareEvents, type ProfileEvent } from '../../src/model/event.ts'
import type { IdentityRules } from '../../src/model/external-id.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { Actor } from '../actor/actor.ts'
import { ActorStore } from '../actor/actor-store.ts'
import type { SettlementSink } from '../actor/settlement-sink.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { type DefinitionInput, kindOfType } from '../compiler/references.ts'
import { compileBeside } from '../compiler/stand-ins.ts'
import type { HeardEvent } from '../history/histories.ts'
import type { MemoryLimits } from '../memory/actor-memory.ts'
import type { Plan } from '../plan/plan.ts'
import { DUE_AT } from '../rows/row.ts'
import type { Traits } from '../rows/traits.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'

/** Enough for one actor, however long its history. */
const PLAYED_MEMORY: MemoryLimits = { stateBytes: 8 * 1024 * 1024, bytesBytes: 24 * 1024 * 1024 }

const SILENT: SettlementSink = {
  deliver: () => undefined,
  enqueue: () => undefined,
  changing: () => undefined,
  join: () => undefined,
}

export class EverCounted {
  readonly #inputs: readonly DefinitionInput[]
  readonly #rules: IdentityRules
  readonly #plans = new Map<DefinitionInput, Plan>()
  /** Where actors are played, one at a time. */
  #store: ActorStore | undefined = undefined

  /** @param inputs all definitions of the space */
  constructor(inputs: readonly DefinitionInput[], rules: IdentityRules) {
    this.#inputs = inputs
    this.#rules = rules
  }

  /** Sets whether a count that begins, or begins anew, has been at least 1. */
  begin(actor: SpaceActor, { byId }: Plan, input: DefinitionInput, now: number): void {
    const node = byId.get(input.id)
    if (!node?.absentUntilOne) return
    const { values } = actor.store
    const hasBeenOne = this.#hasEverBeenOne(actor, input, now)
    if (hasBeenOne || values.find(actor.row, node.id) !== 0)
      values.setHasBeenOne(values.findOrAdd(actor.ordinal, node.id), hasBeenOne)
    actor.markDefinition(node.index)
  }

  /** @param until the present instant: what falls due after it has not happened yet */
  #hasEverBeenOne(actor: SpaceActor, input: DefinitionInput, until: number): boolean {
    let plan = this.#plans.get(input)
    if (!plan) this.#plans.set(input, (plan = compileBeside([input], this.#inputs)[kindOfType(input.source)]))
    const store = (this.#store ??= storeOf(plan, this.#rules))
    const { barrier } = store.memory
    const heard = [...actor.heardEvents()].sort((a, b) => a.at - b.at || a.event.arrival - b.event.arrival)
    barrier.begin()
    store.rows.create(0, 0)
    const played = new PlayedActor(store, plan, actor, input.id)
    try {
      for (const { event, at } of heard) if (played.playTo(at - 1) || played.play(event, at)) return true
      return played.playTo(until)
    } finally {
      played.end()
    }
  }
}

function storeOf(plan: Plan, rules: IdentityRules): ActorStore {
  const plans = { user: plan, account: plan }
  return new ActorStore({ memory: PLAYED_MEMORY, rules, sink: SILENT, plans, userAt: nobody, accountAt: nobody })
}

function nobody(): never {
  throw new Error('a played actor is alone')
}

class PlayedActor extends Actor {
  override readonly kind: 'user' | 'account'
  readonly #of: SpaceActor
  readonly #definition: number
  readonly #played: ProfileEvent[] = []

  constructor(store: ActorStore, plan: Plan, of: SpaceActor, definition: number) {
    super(store, plan)
    this.bind(0, plan)
    this.kind = of.kind
    this.#of = of
    this.#definition = definition
  }

  /** Other definitions have the values that they have now. */
  override definedValue(id: number): JsonValue | undefined {
    return id === this.#definition ? super.definedValue(id) : this.#of.definedValue(id)
  }

  override get traits(): Traits {
    return this.#of.traits
  }

  /** Plays up to `limit`; returns true if the count was at least 1 at some due instant. */
  playTo(limit: number): boolean {
    while (this.dueAt <= limit) {
      this.advance(this.dueAt)
      if (this.#settle()) return true
    }
    return false
  }

  play(event: ProfileEvent, at: number): boolean {
    this.advance(at)
    this.#played.push(event)
    this.takeEvent(event)
    return this.#settle()
  }

  protected override tellOthers(): void {
    // No other actor is played with it.
  }

  override receive(): void {
    throw new Error('a played actor takes no messages')
  }

  override get label(): string {
    return this.#of.label
  }

  override get userCount(): number {
    return this.#of.userCount
  }

  override usersSatisfying(condition: number): number {
    return this.#of.usersSatisfying(condition)
  }

  override keptEvents(): readonly ProfileEvent[] {
    return [...this.#played].sort(compareEvents)
  }

  override eventsKnownTo(): readonly ProfileEvent[] {
    throw new Error('a played actor keeps its plan')
  }

  override olderOfAll(): readonly ForgottenTotals[] {
    return []
  }

  override heardEvents(): readonly HeardEvent[] {
    return []
  }

  override isEligible(types: ReadonlySet<string>): boolean {
    return this.#of.isEligible(types)
  }

  override readAccountAudience(definition: number): boolean {
    return this.#of.readAccountAudience(definition)
  }

  /** Releases all that it held. */
  end(): void {
    this.dropStates()
    this.store.remove(this.ordinal, this.kind === 'user')
    this.store.commit()
  }

  #settle(): boolean {
    this.evaluate(Infinity)
    this.closeStates()
    const { memory, rows } = this.store
    memory.state.doubles[this.row + DUE_AT] = this.schedule()
    // What one event has replaced is given back before the next.
    this.store.commit()
    memory.barrier.begin()
    rows.touch(this.row)
    return this.defined.get(this.#definition)?.hasBeenOne ?? false
  }
}
