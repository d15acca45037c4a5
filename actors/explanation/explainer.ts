/**
 * Explains a definition for one actor after another: every condition of its tree with its value, the events behind it,
 * what would make it hold, and when it turns by itself. All of it is read from the engine, by inquiries beside the space.
 *
 * E1. Occurrences of a `where` and users of a quantifier are shown ten each at most, occurrences within occurrences
 *     three each; all together only so many that a bounded number of events is read again.
 * E2. The conditions of a `where` are judged for each occurrence, and those of a quantifier for each user.
 */
import type { Places } from '../../src/language/cursor.ts'
import { durationMs } from '../../src/language/duration.ts'
import { parsePlacedQuery } from '../../src/language/parse.ts'
import type { Comparison, Condition, Filter, Query, Reduction, Scalar } from '../../src/language/tree.ts'
import { wordQuery } from '../../src/language/wording.ts'
import { ELIGIBLE_ID_TYPES } from '../../src/model/definition.ts'
import type { ProfileEvent } from '../../src/model/event.ts'
import {
  type EventReference,
  EXPLAINED_MAX,
  type ExplainedCondition,
  type ExplainedOccurrence,
  type ExplainedUser,
  type Explanation,
} from '../../src/model/explanation.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { viewOfUser } from '../actor/views.ts'
import { KeyTable, kindOfType } from '../compiler/references.ts'
import { readTrait, type TraitReader } from '../values/trait-reader.ts'
import { compilePath, type Reached, Several } from '../values/values.ts'
import type { InquiryContext } from './inquiry.ts'
import { choiceOf } from './occurrence-questions.ts'
import { type FilledSheet, Sheet } from './sheet.ts'
import { wantsOf } from './wants.ts'

/** Occurrences within occurrences. */
const NESTED_MAX = 3
const OCCURRENCES_MAX = 60
/** So many events are read again for them, at most. */
const EVENTS_MAX = 200_000

/** An occurrence with the properties of the event in whose `where` it is. */
interface Inside {
  readonly event: ProfileEvent
  readonly parent: JsonObject
}

/** The actor at hand, and what it is looked at for. */
interface Subject {
  readonly actor: SpaceActor
  readonly now: number
  readonly inside: Inside | undefined
  readonly depth: number
  /** Occurrences that may still be looked at. */
  readonly left: { occurrences: number }
  /** True if it is asked when conditions turn. */
  readonly isPlayedOn: boolean
}

export class Explainer {
  readonly #context: InquiryContext
  readonly #query: Query
  readonly #places: Places
  readonly #sheet: Sheet
  readonly #readers: KeyTable
  /** Sheets of `where`s and of quantifiers, by what they are of; compiled when they are first needed. */
  readonly #inner = new Map<Reduction | Condition, Sheet>()

  constructor(context: InquiryContext) {
    this.#context = context
    const { source } = context.input
    const { query, places } = parsePlacedQuery(source.query, source)
    this.#query = query
    this.#places = places
    this.#readers = new KeyTable(context.all.map((input) => input.source))
    this.#sheet = new Sheet(context, source.type, query.kind === 'audience' ? query.condition : query.reduction)
  }

  /** Explains it for an actor of its kind at an instant; an account's users must be in memory. */
  explain(actor: SpaceActor, now: number): Explanation {
    const { source } = this.#context.input
    const filled = this.#sheet.fill(actor, now)
    const occurrences = Math.min(OCCURRENCES_MAX, Math.floor(EVENTS_MAX / (filled.eventCount + 1)))
    const subject: Subject = { actor, now, inside: undefined, depth: 0, left: { occurrences }, isPlayedOn: true }
    const isEligible = actor.kind === 'account' || source.kind === 'computed_trait' || actor.isEligible(typesOf(source))
    const { value, changesAt } = filled.whole
    return {
      value: source.kind === 'audience' ? value === true && isEligible : value,
      text: wordQuery(this.#query, source.type),
      changesAt: isEligible ? changesAt : undefined,
      isEligible,
      conditions:
        this.#query.kind === 'audience'
          ? outermost(this.#query.condition).map((condition) => this.#condition(condition, filled, subject))
          : [this.#computedTrait(this.#query.reduction, filled, subject)],
    }
  }

  /** Lists the newest events behind what a member is in for. */
  because(actor: SpaceActor, now: number): EventReference[] {
    const isPlayedOn = false
    const filled = this.#sheet.fill(actor, now, { isPlayedOn })
    const subject: Subject = { actor, now, inside: undefined, depth: 0, left: { occurrences: 0 }, isPlayedOn }
    if (this.#query.kind === 'computed_trait') return newest(filled.eventsOf(this.#query.reduction))
    const conditions = outermost(this.#query.condition).map((condition) => this.#condition(condition, filled, subject))
    return united(conditions.filter(({ holds }) => holds))
  }

  #computedTrait(reduction: Reduction, filled: FilledSheet, subject: Subject): ExplainedCondition {
    const { query } = this.#context.input.source
    const { value, changesAt } = filled.whole
    return {
      start: query.length - query.trimStart().length,
      end: query.trimEnd().length,
      holds: value !== null,
      value,
      events: newest(filled.eventsOf(reduction)),
      changesAt,
      wants: undefined,
      ...this.#occurrences(reduction, filled, subject),
    }
  }

  #condition(condition: Condition, filled: FilledSheet, subject: Subject): ExplainedCondition {
    const { value, changesAt } = filled.conditionOf(condition)
    const holds = value === true
    const seen = { ...this.#places.get(condition)!, holds, changesAt }
    switch (condition.kind) {
      case 'and':
      case 'or':
      case 'not': {
        const operands = condition.kind === 'not' ? [condition.operand] : condition.operands
        const of = operands.map((operand) => this.#condition(operand, filled, subject))
        const wants = holds ? undefined : wantsOf(condition, of, subject.inside?.event.name)
        return { ...seen, value: holds, events: united(of), wants, of }
      }
      case 'quantifier': {
        const users = this.#users(condition, subject, holds)
        const events = united(users.users.flatMap(({ of }) => of))
        return { ...seen, events, wants: holds ? undefined : wantsOf(condition, []), ...users }
      }
      case 'comparison':
        return { ...seen, ...this.#comparison(condition, filled, subject, holds) }
    }
  }

  #comparison(
    comparison: Comparison,
    filled: FilledSheet,
    subject: Subject,
    holds: boolean,
  ): Pick<ExplainedCondition, 'value' | 'events' | 'wants' | 'occurrences'> {
    const { left } = comparison
    const value = left.kind === 'reduction' ? filled.valueOf(left) : jsonOf(this.#read(left, subject))
    const wants = holds ? undefined : wantsOf(comparison, [], subject.inside?.event.name, value)
    if (left.kind !== 'reduction') return { value, events: [], wants }
    return { value, events: newest(filled.eventsOf(left)), wants, ...this.#occurrences(left, filled, subject) }
  }

  #read(scalar: Exclude<Scalar, Reduction>, { actor, inside }: Subject): Reached {
    if (scalar.kind === 'trait') return readTrait(this.#readerOf(scalar.name, actor.kind), actor)
    const read = compilePath(scalar.path)
    if (scalar.kind === 'context') return read(inside!.event.context)
    return read(scalar.parent ? inside!.parent : inside!.event.properties)
  }

  #readerOf(name: string, kind: SpaceActor['kind']): TraitReader {
    const target = this.#readers.resolve(kind, name)
    if (target.kind === 'custom' || target.kind === 'hidden') return target
    const ofKind = target.kind === 'own' ? kind : 'account'
    const { id, source } = this.#context.all.find(
      (input) => kindOfType(input.source) === ofKind && input.source.key === target.key,
    )!
    if (target.kind === 'account_audience') return { kind: 'account_audience', definition: id }
    return { kind: 'defined', definition: id, isAudience: source.kind === 'audience', read: target.read }
  }

  /** Explains the newest events that may pass the `where` of a reduction. Keeps E1. */
  #occurrences(
    reduction: Reduction,
    filled: FilledSheet,
    subject: Subject,
  ): { readonly occurrences?: readonly ExplainedOccurrence[] } {
    const { event, filters } = reduction.stream
    const wheres = filters.flatMap((filter) => (filter.kind === 'where' ? [filter.condition] : []))
    if (wheres.length === 0) return {}
    const whole: Condition = wheres.length === 1 ? wheres[0]! : { kind: 'and', operands: wheres }
    const { actor, now, inside, depth, left, isPlayedOn } = subject
    const shown = filled
      .candidatesOf(reduction)
      .slice(-(depth === 0 ? EXPLAINED_MAX : NESTED_MAX))
      .reverse()
    const occurrences: ExplainedOccurrence[] = []
    if (shown.length === 0) return { occurrences }
    const type = actor.kind === 'user' ? 'USERS' : 'ACCOUNTS'
    const sheet = this.#innerSheet(reduction, () => new Sheet(this.#context, type, whole, event))
    const readings = isPlayedOn ? sheet.read(actor, now) : undefined
    for (const occurrence of shown) {
      if (left.occurrences-- <= 0) break
      const parent = inside?.event.properties ?? {}
      const judged = sheet.fill(actor, now, { choose: choiceOf(occurrence, parent), readings, isPlayedOn })
      const within: Subject = { actor, now, inside: { event: occurrence, parent }, depth: depth + 1, left, isPlayedOn }
      occurrences.push({
        ...referenceTo(occurrence),
        leavesAt: leavesAt(occurrence, filters),
        holds: judged.whole.value === true,
        changesAt: judged.whole.changesAt,
        of: wheres.flatMap(outermost).map((condition) => this.#condition(condition, judged, within)),
      })
    }
    return { occurrences }
  }

  /** Counts the users that meet the condition of a quantifier, and explains those that decide it. */
  #users(
    { operand, quantifier }: Extract<Condition, { kind: 'quantifier' }>,
    { actor, now, depth, left, isPlayedOn }: Subject,
    holds: boolean,
  ): Required<Pick<ExplainedCondition, 'value' | 'users'>> {
    if (actor.kind === 'user') throw new Error('a quantifier is about the users of an account')
    const sheet = this.#innerSheet(operand, () => new Sheet(this.#context, 'USERS', operand))
    // Those who meet it decide that ANY holds, and that NONE does not.
    const deciding = quantifier === 'none' ? !holds : holds
    const users: ExplainedUser[] = []
    let count = 0
    for (const ordinal of actor.userOrdinals) {
      const user = viewOfUser(actor.store, ordinal)
      const filled = sheet.fill(user, now, { isPlayedOn })
      const isMet = filled.whole.value === true
      if (isMet) count++
      if (isMet !== deciding || users.length === EXPLAINED_MAX) continue
      const subject: Subject = { actor: user, now, inside: undefined, depth: depth + 1, left, isPlayedOn }
      users.push({
        id: user.label,
        holds: isMet,
        changesAt: filled.whole.changesAt,
        of: outermost(operand).map((condition) => this.#condition(condition, filled, subject)),
      })
    }
    return { value: count, users }
  }

  #innerSheet(of: Reduction | Condition, make: () => Sheet): Sheet {
    const known = this.#inner.get(of)
    if (known) return known
    const sheet = make()
    this.#inner.set(of, sheet)
    return sheet
  }
}

/** Lists the operands of the outermost AND; or the condition itself. */
export function outermost(condition: Condition): readonly Condition[] {
  return condition.kind === 'and' ? condition.operands : [condition]
}

function typesOf({ filterByExternalIds, includeAnonymousUsers }: InquiryContext['input']['source']): Set<string> {
  return new Set([...(filterByExternalIds ?? ELIGIBLE_ID_TYPES), ...(includeAnonymousUsers ? ['anonymous_id'] : [])])
}

/** Returns when an event leaves the windows that end at a certain age. */
function leavesAt({ ts }: ProfileEvent, filters: readonly Filter[]): number | undefined {
  const ends = filters.flatMap((filter) => {
    if (filter.kind === 'within' && !filter.parent) return [ts + durationMs(filter.duration)]
    if (filter.kind !== 'between' || filter.parent) return []
    return [ts + Math.max(durationMs(filter.from), durationMs(filter.to))]
  })
  return ends.length === 0 ? undefined : Math.min(...ends)
}

function jsonOf(reached: Reached): JsonValue {
  return reached instanceof Several ? [...reached.values] : (reached ?? null)
}

/** One for each event that was read: not every call has a `messageId` by which to know it again. */
const references = new WeakMap<ProfileEvent, EventReference>()

function referenceTo(event: ProfileEvent): EventReference {
  const known = references.get(event)
  if (known) return known
  const { messageId, ts } = event
  const reference = { messageId, ts }
  references.set(event, reference)
  return reference
}

/** @param events in order */
function newest(events: readonly ProfileEvent[]): EventReference[] {
  return events.slice(-EXPLAINED_MAX).reverse().map(referenceTo)
}

/** Unites the events behind several conditions, newest first. */
function united(conditions: readonly ExplainedCondition[]): EventReference[] {
  const all = new Set(conditions.flatMap(({ events }) => events))
  return [...all].sort((a, b) => b.ts - a.ts).slice(0, EXPLAINED_MAX)
}
