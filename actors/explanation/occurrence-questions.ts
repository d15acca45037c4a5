/**
 * The questions about one occurrence of an event whose `where` is explained. The engine itself answers them: the
 * occurrence and all events after it are the actor's only ones, and have properties more that say how they stand to it.
 *
 * Example: `event('Added').where(NOT event('Ordered').within(parent: 1 hour).count() >= 1)`, for one 'Added'. Its
 * verdict is `event('Added').where(property('\0self') = true AND …).count() >= 1`. The orders that count for it are
 * `event('Ordered').where(property('\0self').absent() AND property('\0age') < 3600000)`.
 */
import { durationMs } from '../../src/language/duration.ts'
import type { Comparison, Condition, EventField, Filter, Operand, Reducer, Reduction } from '../../src/language/tree.ts'
import { compareEvents, type ProfileEvent } from '../../src/model/event.ts'
import type { JsonObject } from '../../src/model/json.ts'
import type { EventChoice } from './inquiry.ts'

/** Properties that events have besides their own: it is the occurrence; ms since it; properties of the parent. */
const SELF = '\0self'
const AGE = '\0age'
const PARENT = '\0parent'

/** Returns true of the occurrence alone: the condition as its `where` judges it. */
export function verdictOf(event: string, condition: Condition): Condition {
  const isSelf: Condition = { kind: 'comparison', left: own(SELF), comparator: 'equals', right: literal(true) }
  const where: Condition = { kind: 'and', operands: [isSelf, atTop(condition)] }
  return atLeastOne({
    kind: 'reduction',
    stream: { event, filters: [{ kind: 'where', condition: where }] },
    reducer: { kind: 'count' },
  })
}

/** Returns a reduction in a `where` as one of the events after the occurrence. */
export function afterOccurrence({ stream, reducer }: Reduction): Reduction {
  const isOther: Filter = {
    kind: 'where',
    condition: { kind: 'comparison', left: own(SELF), comparator: 'absent' },
  }
  const filters = [isOther, ...stream.filters.map(filterAfter)]
  return { kind: 'reduction', stream: { event: stream.event, filters }, reducer: reducerAtTop(reducer) }
}

/**
 * Chooses an occurrence and what came after it.
 * @param parent properties of the event in whose `where` the occurrence is
 */
export function choiceOf(occurrence: ProfileEvent, parent: JsonObject): EventChoice {
  return (events) =>
    events
      .filter((event) => compareEvents(event, occurrence) >= 0)
      .map((event) =>
        event.arrival === occurrence.arrival
          ? [event, { [SELF]: true, [PARENT]: parent }]
          : [event, { [AGE]: event.ts - occurrence.ts, [PARENT]: occurrence.properties }],
      )
}

export function atLeastOne(left: Reduction): Condition {
  return { kind: 'comparison', left, comparator: 'at_least', right: literal(1) }
}

function filterAfter(filter: Filter): Filter {
  switch (filter.kind) {
    case 'where':
      return { kind: 'where', condition: atTop(filter.condition) }
    case 'within':
      return filter.parent ? aged(0, durationMs(filter.duration)) : filter
    case 'between': {
      const [a, b] = [durationMs(filter.from), durationMs(filter.to)]
      return filter.parent ? aged(Math.min(a, b), Math.max(a, b)) : filter
    }
    case 'sources':
    case 'expires_after':
      return filter
  }
}

function aged(from: number, to: number): Filter {
  const compared = (comparator: 'at_least' | 'less_than', ms: number): Comparison => ({
    kind: 'comparison',
    left: own(AGE),
    comparator,
    right: literal(ms),
  })
  return {
    kind: 'where',
    condition: { kind: 'and', operands: [compared('at_least', from), compared('less_than', to)] },
  }
}

/** Replaces the fields of the parent in a condition, but not inside its events: their parent is another. */
function atTop(condition: Condition): Condition {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { kind: condition.kind, operands: condition.operands.map(atTop) }
    case 'not':
      return { kind: 'not', operand: atTop(condition.operand) }
    case 'quantifier':
      return condition
    case 'comparison':
      return comparisonAtTop(condition)
  }
}

function comparisonAtTop(comparison: Comparison): Comparison {
  const { left } = comparison
  const scalar = left.kind === 'property' ? fieldAtTop(left) : left
  if (!('right' in comparison)) return { ...comparison, left: scalar }
  const right = Array.isArray(comparison.right)
    ? comparison.right.map((operand: Operand) => operandAtTop(operand))
    : operandAtTop(comparison.right as Operand)
  return { ...comparison, left: scalar, right } as Comparison
}

function operandAtTop(operand: Operand): Operand {
  return operand.kind === 'property' ? fieldAtTop(operand) : operand
}

function fieldAtTop(field: EventField): EventField {
  return field.kind === 'property' && field.parent ? own(`${PARENT}.${field.path}`) : field
}

function reducerAtTop(reducer: Reducer): Reducer {
  return reducer.kind === 'count' ? reducer : { ...reducer, of: fieldAtTop(reducer.of) }
}

function own(path: string): EventField {
  return { kind: 'property', path, parent: false }
}

function literal(value: boolean | number): Operand {
  return { kind: 'literal', value }
}
