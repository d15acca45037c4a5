/**
 * The questions that explain one condition, compiled once for all actors that it is explained for: if it holds as a
 * whole, if each condition in it does, and of each reduced stream its value, its events, and those that its `where`
 * keeps out.
 *
 * Example: `event('A').count() >= 1 AND trait('b') = 1` makes five questions: the whole, its two conditions, the count,
 * and the events that it counts.
 */
import type { Condition, Filter, Query, Reduction, Stream } from '../../src/language/tree.ts'
import type { DefinitionType } from '../../src/model/definition.ts'
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { type AskOptions, EVENT, Inquiry, type InquiryAnswer, type InquiryContext, type Readings } from './inquiry.ts'
import { afterOccurrence, verdictOf } from './occurrence-questions.ts'

/** The answers of one actor. */
export interface FilledSheet {
  readonly whole: InquiryAnswer
  /** The number of events that were read. */
  readonly eventCount: number
  conditionOf(condition: Condition): InquiryAnswer
  valueOf(reduction: Reduction): JsonValue
  /** The events that a reduced stream holds, in order. */
  eventsOf(reduction: Reduction): readonly ProfileEvent[]
  /** The events that it would hold without its `where`, in order; none if it has none. */
  candidatesOf(reduction: Reduction): readonly ProfileEvent[]
}

/** The numbers of the questions about a reduction. */
interface ReductionQuestions {
  readonly value: number
  readonly events: number
  readonly candidates: number | undefined
}

export class Sheet {
  readonly #inquiry: Inquiry
  readonly #conditions = new Map<Condition, number>()
  readonly #reductions = new Map<Reduction, ReductionQuestions>()

  /**
   * @param whole a condition, or the reduction of a computed trait
   * @param event the name of the event in whose `where` the condition is
   */
  constructor(context: InquiryContext, type: DefinitionType, whole: Condition | Reduction, event?: string) {
    const wordedFor = (condition: Condition): Query => ({
      kind: 'audience',
      condition: event === undefined ? condition : verdictOf(event, condition),
    })
    const questions: Query[] = [
      whole.kind === 'reduction' ? { kind: 'computed_trait', reduction: whole } : wordedFor(whole),
    ]
    const [conditions, reductions] = whole.kind === 'reduction' ? [[], [whole]] : partsOf(whole)
    for (const condition of conditions) this.#conditions.set(condition, questions.push(wordedFor(condition)) - 1)
    const timed = questions.length
    const ask = (reduction: Reduction): number =>
      questions.push({
        kind: 'computed_trait',
        reduction: event === undefined ? reduction : afterOccurrence(reduction),
      }) - 1
    for (const reduction of reductions) {
      const { stream } = reduction
      const isJudged = stream.filters.some(({ kind }) => kind === 'where')
      this.#reductions.set(reduction, {
        value: ask(reduction),
        events: ask(eventsIn(stream)),
        candidates: isJudged ? ask(eventsIn({ ...stream, filters: stream.filters.filter(isWindow) })) : undefined,
      })
    }
    this.#inquiry = new Inquiry(context, type, questions, timed)
  }

  /** Plays on what its questions read of other definitions; see `Inquiry.read`. */
  read(actor: SpaceActor, now: number): Readings | undefined {
    return this.#inquiry.read(actor, now)
  }

  fill(actor: SpaceActor, now: number, options?: AskOptions): FilledSheet {
    const { answers, events } = this.#inquiry.ask(actor, now, options)
    const listed = (question: number | undefined): ProfileEvent[] => {
      const indexes = question === undefined ? null : (answers[question]!.value as number[] | null)
      return (indexes ?? []).sort((a, b) => a - b).map((index) => events[index]!)
    }
    return {
      whole: answers[0]!,
      eventCount: events.length,
      conditionOf: (condition) => answers[this.#conditions.get(condition)!]!,
      valueOf: (reduction) => answers[this.#reductions.get(reduction)!.value]!.value,
      eventsOf: (reduction) => listed(this.#reductions.get(reduction)!.events),
      candidatesOf: (reduction) => listed(this.#reductions.get(reduction)!.candidates),
    }
  }
}

function eventsIn(stream: Stream): Reduction {
  const of = { kind: 'property', path: EVENT, parent: false } as const
  return { kind: 'reduction', stream, reducer: { kind: 'unique', of } }
}

/** True for what an event passes by itself: neither a `where`, nor a session of those that pass. */
function isWindow({ kind }: Filter): boolean {
  return kind !== 'where' && kind !== 'expires_after'
}

/** Lists a condition and those that it joins, and their reduced streams: neither in a `where` nor in a quantifier. */
function partsOf(condition: Condition): readonly [Condition[], Reduction[]] {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const parts = condition.operands.map(partsOf)
      return [
        [condition, ...parts.flatMap(([conditions]) => conditions)],
        parts.flatMap(([, reductions]) => reductions),
      ]
    }
    case 'not': {
      const [conditions, reductions] = partsOf(condition.operand)
      return [[condition, ...conditions], reductions]
    }
    case 'quantifier':
      return [[condition], []]
    case 'comparison':
      return [[condition], condition.left.kind === 'reduction' ? [condition.left] : []]
  }
}
