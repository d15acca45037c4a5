/**
 * Questions about single actors: conditions and reduced streams, evaluated together beside the space over what is kept
 * of an actor. Each answer says when it turns by itself if nothing else happens: time is played on from one due instant
 * to the next. Nothing of the space changes.
 *
 * Q1. A question is evaluated as it stands: a user without an eligible id may meet a condition, and a count of nothing
 *     is 0.
 * Q2. An event is known by its index: each has a property more, `EVENT`, so that `unique` of it lists the events of a
 *     stream.
 */
import { printQuery } from '../../src/language/print.ts'
import type { Query } from '../../src/language/tree.ts'
import type { DefinitionType } from '../../src/model/definition.ts'
import type { ProfileEvent } from '../../src/model/event.ts'
import type { IdentityRules } from '../../src/model/external-id.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { viewOfUser } from '../actor/views.ts'
import type { Plans } from '../compiler/compiled-plans.ts'
import { type DefinitionInput, KeyTable, kindOfType, visitTraits } from '../compiler/references.ts'
import { compileBeside } from '../compiler/stand-ins.ts'
import { storeBeside } from '../engine/beside-actor.ts'
import type { DefinitionNode } from '../plan/plan.ts'
import { sameValue } from '../values/values.ts'
import { PlayedActor, type ReadingStep } from '../engine/played-actor.ts'
import { UserFlips } from '../engine/user-flips.ts'

/** The property that has the index of an event; no call's properties have such a name. */
export const EVENT = '\0event'
/** Time is played on over so many due instants at most: over fewer, the more events there are. */
const STEPS_MAX = 1_000
const STEPS_MIN = 50
const STEPS_TIMES_EVENTS = 1_000_000
/** The due instants over which the time of each user of an account is played on. */
const USER_STEPS_MAX = 200

/** The surroundings in which all questions about a definition are asked. */
export interface InquiryContext {
  /** The definition that is explained. */
  readonly input: DefinitionInput
  /** The definitions of the space. */
  readonly all: readonly DefinitionInput[]
  /** A number that no definition has, nor any after it. */
  readonly nextId: number
  readonly rules: IdentityRules
  /** True if totals count the events that are no longer kept. */
  readonly areForgottenCounted: boolean
}

export interface InquiryAnswer {
  readonly value: JsonValue
  /** When the value becomes another by itself, epoch ms; undefined if it does not, or not soon. */
  readonly changesAt: number | undefined
}

export interface InquiryAnswers {
  /** In the order of the questions. */
  readonly answers: readonly InquiryAnswer[]
  /** The events that were read, by index, without what was added to them. */
  readonly events: readonly ProfileEvent[]
}

/** Chooses the events that are read, and the properties that each has besides its own. */
export type EventChoice = (events: readonly ProfileEvent[]) => readonly (readonly [ProfileEvent, JsonObject])[]

export interface AskOptions {
  /** Left out: all events. */
  readonly choose?: EventChoice | undefined
  /** To be given where events are chosen: what is read of other definitions follows from all events. */
  readonly readings?: Readings | undefined
  /** False: it is not asked when answers turn (default true). */
  readonly isPlayedOn?: boolean
}

/** Values that are read of other definitions, as time goes on. */
export interface Readings {
  readonly steps: readonly ReadingStep[]
  /** Values after this instant are not all known. */
  readonly knownUntil: number
}

/** The events and values with which an actor is played on. */
interface Given {
  readonly events: readonly ProfileEvent[]
  readonly flips: UserFlips
  readonly readings: Readings | undefined
}

const ALL_EVENTS: EventChoice = (events) => events.map((event) => [event, {}])

export class Inquiry {
  readonly #context: InquiryContext
  readonly #kind: 'user' | 'account'
  readonly #plans: Plans
  readonly #store: ActorStore
  readonly #nodes: readonly DefinitionNode[]
  /** Questions of which it matters when they turn. */
  readonly #timed: readonly boolean[]
  readonly #followed: ReadonlySet<number>

  /** @param timed the number of questions, from the first on, of which it is asked when they turn */
  constructor(context: InquiryContext, type: DefinitionType, questions: readonly Query[], timed = questions.length) {
    this.#context = context
    this.#kind = kindOfType({ type })
    const own = questions.map((query, index) => inputOf(query, context, { type, index }))
    const followed = followedBy(own, context.all)
    this.#followed = new Set(followed.map(({ id }) => id))
    this.#plans = compileBeside([...own, ...followed], context.all)
    this.#nodes = own.map(({ id }) => this.#plans[this.#kind].byId.get(id)!)
    this.#timed = questions.map((_, index) => index < timed)
    this.#store = storeBeside(this.#plans, context.rules)
  }

  /** Plays on what is read of other definitions, from all events of an actor; undefined if nothing is. */
  read(actor: SpaceActor, now: number): Readings | undefined {
    if (this.#followed.size === 0) return undefined
    const flips = this.#flips(actor, now, true)
    const events = actor.eventsKnownTo(this.#plans[this.#kind].events)
    return this.#played(actor, { events, flips, readings: undefined }, (played) => {
      played.play(now)
      const steps: ReadingStep[] = []
      for (let count = 0; count < stepsFor(events.length); count++) {
        const due = Math.min(played.schedule(), flips.nextAt)
        if (due === Infinity || due > flips.knownUntil) return { steps, knownUntil: flips.knownUntil }
        flips.apply(due)
        played.moveTo(due)
        steps.push({ at: due, values: new Map(played.changedValues) })
      }
      return { steps, knownUntil: steps.at(-1)!.at }
    })
  }

  /** Asks all questions about an actor of the kind that they are about; users of an account must be in memory. */
  ask(actor: SpaceActor, now: number, options: AskOptions = {}): InquiryAnswers {
    const { choose = ALL_EVENTS, isPlayedOn = true, readings } = options
    const flips = this.#flips(actor, now, isPlayedOn)
    const known = choose(actor.eventsKnownTo(this.#plans[this.#kind].events))
    const marked = known.map(([event, more], index) => ({
      ...event,
      properties: { ...event.properties, ...more, [EVENT]: index },
    }))
    const answers = this.#played(actor, { events: marked, flips, readings }, (played) => {
      played.play(now)
      const steps = isPlayedOn ? stepsFor(marked.length) : 0
      return this.#answers(played, flips, { steps, until: readings?.knownUntil ?? Infinity })
    })
    return { answers, events: known.map(([event]) => event) }
  }

  /** Counts the users of an account that satisfy the conditions of its questions, now and as time goes on. */
  #flips(actor: SpaceActor, now: number, isPlayedOn: boolean): UserFlips {
    const { user, account } = this.#plans
    const flips = new UserFlips(user.conditions, isPlayedOn ? USER_STEPS_MAX : 0)
    if (actor.kind === 'account' && account.quantified.length > 0)
      for (const ordinal of actor.userOrdinals) {
        const of = viewOfUser(actor.store, ordinal)
        const events = of.eventsKnownTo(user.events)
        this.#played(of, { events, flips, readings: undefined }, (played) => flips.add(played, now))
      }
    return flips
  }

  #answers(
    played: PlayedActor,
    flips: UserFlips,
    { steps: stepsMax, until }: { readonly steps: number; readonly until: number },
  ): InquiryAnswer[] {
    const values = this.#nodes.map((node) => node.evaluate(played))
    const changesAt: (number | undefined)[] = values.map(() => undefined)
    let open = this.#timed.filter((isTimed) => isTimed).length
    for (let steps = 0; open > 0 && steps < stepsMax; steps++) {
      const due = Math.min(played.schedule(), flips.nextAt)
      if (due === Infinity || due > Math.min(flips.knownUntil, until)) break
      flips.apply(due)
      played.moveTo(due)
      for (const [index, node] of this.#nodes.entries()) {
        if (!this.#timed[index] || changesAt[index] !== undefined) continue
        if (sameValue(node.evaluate(played), values[index])) continue
        changesAt[index] = due
        open--
      }
    }
    return values.map((value, index) => ({ value, changesAt: changesAt[index] }))
  }

  #played<Result>(
    of: SpaceActor,
    { events, flips: { satisfying }, readings }: Given,
    look: (played: PlayedActor) => Result,
  ): Result {
    const { areForgottenCounted } = this.#context
    const played = new PlayedActor(this.#store, this.#plans[of.kind], of, {
      events,
      followed: this.#followed,
      satisfying,
      readings: readings?.steps,
      areForgottenCounted,
    })
    try {
      return look(played)
    } finally {
      played.end()
    }
  }
}

function stepsFor(eventCount: number): number {
  return Math.max(STEPS_MIN, Math.min(STEPS_MAX, STEPS_TIMES_EVENTS / (eventCount + 1)))
}

function inputOf(
  query: Query,
  { input, nextId }: InquiryContext,
  { type, index }: { readonly type: DefinitionType; readonly index: number },
): DefinitionInput {
  const { since, begunAt, definedAt } = input
  const source = { kind: query.kind, key: `\0question ${index}`, type, query: printQuery(query) }
  return { id: nextId + index, source, query, since, begunAt, definedAt }
}

/** Lists the definitions that some read, and those that these read in turn, as far as time may change them. */
function followedBy(own: readonly DefinitionInput[], all: readonly DefinitionInput[]): DefinitionInput[] {
  const keys = new KeyTable(all.map(({ source }) => source))
  const found = new Set<DefinitionInput>()
  const follow = ({ query, source }: DefinitionInput): void =>
    visitTraits(query, kindOfType(source), (name, kind) => {
      const target = keys.resolve(kind, name)
      if (target.kind !== 'own') return
      const read = all.find((other) => kindOfType(other.source) === kind && other.source.key === target.key)!
      if (found.has(read)) return
      found.add(read)
      follow(read)
    })
  own.forEach(follow)
  return [...found]
}
