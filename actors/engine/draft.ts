/**
 * A definition that the space does not have, evaluated for one actor after another over what is kept of them: for
 * previews. It changes nothing of the space, and reads the values of the definitions that are there.
 */
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { ProfileEvent } from '../../src/model/event.ts'
import type { IdentityRules } from '../../src/model/external-id.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { Actor } from '../actor/actor.ts'
import { ActorStore } from '../actor/actor-store.ts'
import type { SettlementSink } from '../actor/settlement-sink.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { viewOfUser } from '../actor/views.ts'
import type { Plans } from '../compiler/compiled-plans.ts'
import { Definitions } from '../compiler/definitions.ts'
import { type DefinitionInput, kindOfType } from '../compiler/references.ts'
import { compileBeside } from '../compiler/stand-ins.ts'
import type { HeardEvent, NameBits } from '../history/histories.ts'
import type { MemoryLimits } from '../memory/actor-memory.ts'
import type { DefinitionNode, Plan } from '../plan/plan.ts'
import { DUE_AT } from '../rows/row.ts'
import type { Traits } from '../rows/traits.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'

/** Enough for one actor, however long its history. */
const DRAFT_MEMORY: MemoryLimits = { stateBytes: 8 * 1024 * 1024, bytesBytes: 24 * 1024 * 1024 }
/** So often is a draft looked at again to find when a member leaves. */
const STEPS_MAX = 1_000

const SILENT: SettlementSink = {
  deliver: () => undefined,
  enqueue: () => undefined,
  changing: () => undefined,
  join: () => undefined,
}

/** A draft's value for one actor. */
export interface Finding {
  /** True or false for an audience. */
  readonly value: JsonValue
  /** Until then it changes only with what the actor reads; epoch ms, infinite if time does nothing. */
  readonly dueAt: number
}

export interface DraftOptions {
  readonly source: DefinitionSource
  /** The definitions of the space. */
  readonly definitions: Definitions
  readonly rules: IdentityRules
  /** The space's present, for a draft that counts some days back. */
  readonly moment: { readonly arrivals: number; readonly at: number }
}

export class Draft {
  readonly kind: 'user' | 'account'
  readonly #plans: Plans
  readonly #node: DefinitionNode
  readonly #store: ActorStore
  /** The names of its events, as of so many names of the space. */
  #bits: NameBits | undefined
  #nameCount = 0
  #eventCount = 0

  /** Throws an EngineError for a definition that does not compile. */
  constructor({ source, definitions, rules, moment }: DraftOptions) {
    const all = definitions.inputs()
    // Under the key of one that is there it stands in the place of that.
    const others = all.filter((input) => input.source.key !== source.key || input.source.type !== source.type)
    const input: DefinitionInput = Definitions.draft(source, definitions.nextId, moment)
    this.kind = kindOfType(source)
    this.#plans = compileBeside([input], others)
    this.#node = this.#plans[this.kind].byId.get(input.id)!
    this.#store = new ActorStore({
      memory: DRAFT_MEMORY,
      rules,
      sink: SILENT,
      plans: this.#plans,
      userAt: nobody,
      accountAt: nobody,
    })
  }

  /** The events that have been read so far. */
  get eventCount(): number {
    return this.#eventCount
  }

  /** The age at which an event has left all of its windows, ms; infinite if one has no end. */
  get historyMs(): number {
    const { user, account } = this.#plans
    return user.looksBackForEver || account.looksBackForEver || user.totals.length + account.totals.length > 0
      ? Infinity
      : Math.max(user.windowMsMax, account.windowMsMax)
  }

  /** Returns the value for an actor of its kind at an instant; an account's users must be in memory. */
  evaluate(actor: SpaceActor, now: number): Finding {
    if (this.#isOfNoConcern(actor)) return { value: this.#valueOfNothing(), dueAt: Infinity }
    return this.#played(actor, now, (drafted) => ({
      value: drafted.computedValue(this.#node),
      dueAt: drafted.schedule(),
    }))
  }

  /** Returns when a member leaves by itself if nothing else happens, epoch ms; undefined if it does not, or not soon. */
  until(actor: SpaceActor, now: number): number | undefined {
    return this.#played(actor, now, (drafted) => {
      for (let step = 0; step < STEPS_MAX; step++) {
        const due = drafted.schedule()
        if (due === Infinity) return undefined
        drafted.moveTo(due)
        if (drafted.computedValue(this.#node) !== true) return due
      }
      return undefined
    })
  }

  #valueOfNothing(): JsonValue {
    return this.#node.kind === 'audience' ? false : null
  }

  /** True for an actor that has nothing of what the draft reads, and that it does not hold for as it is. */
  #isOfNoConcern(actor: SpaceActor): boolean {
    const plan = this.#plans[this.kind]
    if (actor.kind === 'account' || plan.trueOfNothing.length > 0 || this.#node.inputs.names.size > 0) return false
    const { histories } = actor.store
    // A name may have come that nobody had sent before.
    if (!this.#bits || this.#nameCount !== histories.names.count) this.#bits = histories.bitsOf(plan.events.names())
    this.#nameCount = histories.names.count
    return !histories.mayHold(actor.row, this.#bits)
  }

  /** Gives a view of an actor under the draft's plan, with the states that follow from its kept events. */
  #played<Result>(actor: SpaceActor, now: number, look: (drafted: DraftActor) => Result): Result {
    const { barrier } = this.#store.memory
    const satisfying = actor.kind === 'account' ? this.#countUsers(actor, now) : NONE_SATISFYING
    const events = actor.eventsKnownTo(this.#plans[actor.kind].events)
    this.#eventCount += events.length
    barrier.begin()
    this.#store.rows.create(0, 0)
    const drafted = new DraftActor(this.#store, this.#plans[actor.kind], { actor, events, satisfying })
    try {
      drafted.begin(now)
      drafted.recompute()
      return look(drafted)
    } finally {
      drafted.end()
    }
  }

  /** Counts the users of an account that satisfy each condition of the draft. */
  #countUsers(account: Extract<SpaceActor, { kind: 'account' }>, now: number): ReadonlyMap<number, number> {
    const { conditions } = this.#plans.user
    const counts = new Map<number, number>()
    if (conditions.length === 0) return counts
    for (const ordinal of account.userOrdinals)
      this.#played(viewOfUser(account.store, ordinal), now, (drafted) => {
        for (const condition of conditions)
          if (drafted.computedValue(condition) === true) counts.set(condition.id, (counts.get(condition.id) ?? 0) + 1)
      })
    return counts
  }
}

const NONE_SATISFYING: ReadonlyMap<number, number> = new Map()

function nobody(): never {
  throw new Error('an actor of a draft is alone')
}

interface Drafted {
  readonly actor: SpaceActor
  readonly events: readonly ProfileEvent[]
  readonly satisfying: ReadonlyMap<number, number>
}

class DraftActor extends Actor {
  override readonly kind: 'user' | 'account'
  readonly #of: Drafted

  constructor(store: ActorStore, plan: Plan, of: Drafted) {
    super(store, plan)
    this.bind(0, plan)
    this.kind = of.actor.kind
    this.#of = of
  }

  /** Moves on to an instant at which something is due. */
  moveTo(now: number): void {
    this.store.memory.state.doubles[this.row + DUE_AT] = now
    this.advance(now)
  }

  override definedValue(id: number): JsonValue | undefined {
    return this.#of.actor.definedValue(id)
  }

  override get traits(): Traits {
    return this.#of.actor.traits
  }

  override receive(): void {
    throw new Error('an actor of a draft receives no messages')
  }

  protected override tellOthers(): void {
    // It is alone.
  }

  override get label(): string {
    return this.#of.actor.label
  }

  override get userCount(): number {
    return this.#of.actor.userCount
  }

  override usersSatisfying(condition: number): number {
    return this.#of.satisfying.get(condition) ?? 0
  }

  override keptEvents(): readonly ProfileEvent[] {
    return this.#of.events
  }

  override eventsKnownTo(): readonly ProfileEvent[] {
    return this.#of.events
  }

  override olderOfAll(): readonly ForgottenTotals[] {
    return []
  }

  override heardEvents(): readonly HeardEvent[] {
    return []
  }

  override isEligible(types: ReadonlySet<string>): boolean {
    return this.#of.actor.isEligible(types)
  }

  override readAccountAudience(definition: number): boolean {
    return this.#of.actor.readAccountAudience(definition)
  }

  /** Releases all that it held. */
  end(): void {
    this.dropStates()
    this.store.remove(this.ordinal, this.kind === 'user')
    this.store.commit()
  }
}
