/**
 * A definition that the space does not have, evaluated for one actor after another over what is kept of them: for
 * previews. It changes nothing of the space, and reads the values of the definitions that are there.
 */
import type { Condition } from '../../src/language/tree.ts'
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
import { storeBeside } from './beside-actor.ts'
import { type Played, PlayedActor } from './played-actor.ts'
import { UserFlips } from './user-flips.ts'
import type { DefinitionNode } from '../plan/plan.ts'

/** So many actors are enough to tell what states take. */
const MEASURED_MAX = 1_000
/** So often is a draft looked at again to find when a member leaves. */
const STEPS_MAX = 1_000
/** Likewise the users of an account, each. */
const USER_STEPS_MAX = 200
/** So many of the calls of one user are looked at one by one, the last. */
const INSTANTS_MAX = 60
const NOBODY_SATISFIES: ReadonlyMap<number, number> = new Map()

/** A draft's value for one actor. */
export interface Finding {
  /** True or false for an audience. */
  readonly value: JsonValue
  /** Until then it changes only with what the actor reads; epoch ms, infinite if time does nothing. */
  readonly dueAt: number
  /** For each further condition: does it hold, of somebody who may be a member? */
  readonly parts: readonly boolean[]
}

/** A user enters or leaves. */
export interface Flip {
  readonly at: number
  readonly isMember: boolean
}

export interface DraftOptions {
  /** The definition, which may be one of the space. */
  readonly input: DefinitionInput
  /** The definitions of the space. */
  readonly definitions: Definitions
  readonly rules: IdentityRules
}

/** Definitions that are read have the values of the space for as long as a draft is played on. */
const NONE_FOLLOWED: ReadonlySet<number> = new Set()

export class Draft {
  readonly kind: 'user' | 'account'
  readonly #plans: Plans
  readonly #node: DefinitionNode
  readonly #parts: readonly DefinitionNode[]
  readonly #store: ActorStore
  /** The names of its events, as of so many names of the space. */
  #bits: NameBits | undefined
  #nameCount = 0
  #eventCount = 0
  /** Actors whose states were measured, and the bytes of all. */
  #measured = 0
  #bytes = 0

  /**
   * Throws an EngineError for a definition that does not compile.
   * @param parts further conditions on those who may be members of the audience
   */
  constructor({ input, definitions, rules }: DraftOptions, parts: readonly Condition[] = []) {
    const { source } = input
    const all = definitions.inputs()
    // Under the key of one that is there it stands in the place of that.
    const others = all.filter((input) => input.source.key !== source.key || input.source.type !== source.type)
    this.kind = kindOfType(source)
    const inputs = parts.map((condition, index): DefinitionInput => ({
      ...input,
      id: definitions.nextId + 1 + index,
      source: { ...source, key: `\0part ${index}` },
      query: { kind: 'audience', condition },
    }))
    this.#plans = compileBeside([input, ...inputs], others)
    this.#node = this.#plans[this.kind].byId.get(input.id)!
    this.#parts = inputs.map(({ id }) => this.#plans[this.kind].byId.get(id)!)
    this.#store = storeBeside(this.#plans, rules)
  }

  /** The events that have been read so far. */
  get eventCount(): number {
    return this.#eventCount
  }

  /** The bytes that the states of an actor take, by the mean of the first that were evaluated; 0 before. */
  get bytesPerActor(): number {
    return this.#measured === 0 ? 0 : this.#bytes / this.#measured
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
    const isMeasured = this.#measured < MEASURED_MAX
    if (isMeasured) this.#measured++
    if (this.#hasNothingOf(actor)) return this.#findingOfNothing(actor)
    const flips = this.#flipsOf(actor, now, 0)
    return this.#played(actor, flips, (drafted) => {
      drafted.play(now)
      if (isMeasured) this.#bytes += drafted.stateBytes()
      return {
        value: drafted.computedValue(this.#node),
        dueAt: Math.min(drafted.schedule(), flips.knownUntil + 1),
        parts: this.#parts.map((part) => drafted.computedValue(part) === true),
      }
    })
  }

  /**
   * Returns when a member leaves by itself if nothing else happens, epoch ms; undefined if it does not, or not soon, or
   * if it is none by its kept events alone.
   */
  until(actor: SpaceActor, now: number): number | undefined {
    const flips = this.#flipsOf(actor, now, USER_STEPS_MAX)
    return this.#played(actor, flips, (drafted) => {
      drafted.play(now)
      if (drafted.computedValue(this.#node) !== true) return undefined
      for (let step = 0; step < STEPS_MAX; step++) {
        const due = Math.min(drafted.schedule(), flips.nextAt)
        if (due === Infinity || due > flips.knownUntil) return undefined
        flips.apply(due)
        drafted.moveTo(due)
        if (drafted.computedValue(this.#node) !== true) return due
      }
      return undefined
    })
  }

  /**
   * Lists how the membership of a user would have changed after an instant and until now, by its kept events; ids,
   * traits and the values of definitions are taken as they are now.
   */
  flips(user: SpaceActor, from: number, now: number): Flip[] {
    if (this.#hasNothingOf(user)) return []
    const events = user.eventsKnownTo(this.#plans.user.events)
    const arrivals = new Set(events.map(({ receivedAt }) => receivedAt).filter((at) => at > from && at <= now))
    const instants = [from, ...[...arrivals].sort((a, b) => a - b).slice(-INSTANTS_MAX)]
    const flips: Flip[] = []
    let wasMember: boolean | undefined
    const note = (drafted: PlayedActor, at: number): void => {
      const isMember = drafted.computedValue(this.#node) === true
      if (wasMember !== undefined && isMember !== wasMember) flips.push({ at, isMember })
      wasMember = isMember
    }
    for (const [index, instant] of instants.entries()) {
      const end = instants[index + 1] ?? now + 1
      const come = events.filter(({ receivedAt }) => receivedAt <= instant)
      this.#playedBy(user, { events: come, satisfying: NOBODY_SATISFIES }, (drafted) => {
        drafted.play(instant)
        note(drafted, instant)
        for (let due = drafted.schedule(), step = 0; due < end && step < STEPS_MAX; due = drafted.schedule(), step++) {
          drafted.moveTo(due)
          note(drafted, due)
        }
      })
    }
    return flips
  }

  /** True for an actor that has nothing of what the draft reads. */
  #hasNothingOf(actor: SpaceActor): boolean {
    const plan = this.#plans[this.kind]
    if (actor.kind === 'account' || [this.#node, ...this.#parts].some(({ inputs }) => inputs.names.size > 0))
      return false
    const { histories } = actor.store
    // A name may have come that nobody had sent before.
    if (!this.#bits || this.#nameCount !== histories.names.count) this.#bits = histories.bitsOf(plan.events.names())
    this.#nameCount = histories.names.count
    return !histories.mayHold(actor.row, this.#bits)
  }

  #findingOfNothing(actor: SpaceActor): Finding {
    const { trueOfNothing } = this.#plans[this.kind]
    const holds = ({ index, eligibleTypes }: DefinitionNode): boolean =>
      trueOfNothing.includes(index) && (!eligibleTypes || actor.isEligible(eligibleTypes))
    const value = this.#node.kind === 'audience' ? holds(this.#node) : null
    return { value, dueAt: Infinity, parts: this.#parts.map(holds) }
  }

  /** Counts the users of an account that satisfy each condition of the draft. */
  #flipsOf(actor: SpaceActor, now: number, stepsMax: number): UserFlips {
    const { user } = this.#plans
    const flips = new UserFlips(user.conditions, stepsMax)
    if (actor.kind === 'account' && user.conditions.length > 0)
      for (const ordinal of actor.userOrdinals)
        this.#played(viewOfUser(actor.store, ordinal), flips, (drafted) => flips.add(drafted, now))
    return flips
  }

  /** Gives a view of an actor under the draft's plan, as its kept events make it. */
  #played<Result>(actor: SpaceActor, { satisfying }: UserFlips, look: (drafted: PlayedActor) => Result): Result {
    const events = actor.eventsKnownTo(this.#plans[actor.kind].events)
    this.#eventCount += events.length
    return this.#playedBy(actor, { events, satisfying }, look)
  }

  #playedBy<Result>(
    actor: SpaceActor,
    given: Pick<Played, 'events' | 'satisfying'>,
    look: (drafted: PlayedActor) => Result,
  ): Result {
    const played = { ...given, followed: NONE_FOLLOWED, areForgottenCounted: false }
    const drafted = new PlayedActor(this.#store, this.#plans[actor.kind], actor, played)
    try {
      return look(drafted)
    } finally {
      drafted.end()
    }
  }
}
