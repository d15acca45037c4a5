/**
 * A definition that the space does not have, evaluated for one actor after another over what is kept of them: for
 * previews. It changes nothing of the space, and reads the values of the definitions that are there.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { IdentityRules } from '../../src/model/external-id.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { viewOfUser } from '../actor/views.ts'
import type { Plans } from '../compiler/compiled-plans.ts'
import type { Definitions } from '../compiler/definitions.ts'
import { type DefinitionInput, kindOfType } from '../compiler/references.ts'
import { compileBeside } from '../compiler/stand-ins.ts'
import type { NameBits } from '../history/histories.ts'
import { BesideActor, storeBeside } from './beside-actor.ts'
import type { DefinitionNode, Plan } from '../plan/plan.ts'
import { DUE_AT } from '../rows/row.ts'

/** So often is a draft looked at again to find when a member leaves. */
const STEPS_MAX = 1_000

/** A draft's value for one actor. */
export interface Finding {
  /** True or false for an audience. */
  readonly value: JsonValue
  /** Until then it changes only with what the actor reads; epoch ms, infinite if time does nothing. */
  readonly dueAt: number
}

export interface DraftOptions {
  /** The definition, which may be one of the space. */
  readonly input: DefinitionInput
  /** The definitions of the space. */
  readonly definitions: Definitions
  readonly rules: IdentityRules
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
  constructor({ input, definitions, rules }: DraftOptions) {
    const { source } = input
    const all = definitions.inputs()
    // Under the key of one that is there it stands in the place of that.
    const others = all.filter((input) => input.source.key !== source.key || input.source.type !== source.type)
    this.kind = kindOfType(source)
    this.#plans = compileBeside([input], others)
    this.#node = this.#plans[this.kind].byId.get(input.id)!
    this.#store = storeBeside(this.#plans, rules)
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

  /**
   * Returns when a member leaves by itself if nothing else happens, epoch ms; undefined if it does not, or not soon, or
   * if it is none by its kept events alone.
   */
  until(actor: SpaceActor, now: number): number | undefined {
    return this.#played(actor, now, (drafted) => {
      if (drafted.computedValue(this.#node) !== true) return undefined
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
    const satisfying = actor.kind === 'account' ? this.#countUsers(actor, now) : NONE_SATISFYING
    const events = actor.eventsKnownTo(this.#plans[actor.kind].events)
    this.#eventCount += events.length
    const drafted = new DraftActor(this.#store, this.#plans[actor.kind], actor, {
      definition: this.#node.id,
      events,
      satisfying,
    })
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

interface Drafted {
  readonly definition: number
  readonly events: readonly ProfileEvent[]
  /** By condition of the draft: the users of an account that satisfy it. */
  readonly satisfying: ReadonlyMap<number, number>
}

class DraftActor extends BesideActor {
  readonly #drafted: Drafted

  constructor(store: ActorStore, plan: Plan, of: SpaceActor, drafted: Drafted) {
    super(store, plan, of, drafted.definition)
    this.#drafted = drafted
  }

  /** Moves on to an instant at which something is due. */
  moveTo(now: number): void {
    this.store.memory.state.doubles[this.row + DUE_AT] = now
    this.advance(now)
  }

  override usersSatisfying(condition: number): number {
    return this.#drafted.satisfying.get(condition) ?? 0
  }

  override keptEvents(): readonly ProfileEvent[] {
    return this.#drafted.events
  }
}
