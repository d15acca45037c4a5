/** The notes below and beside a condition of an explanation: its value in words, and for how long it holds. */
import { valueText } from '../../parts/format.ts'
import type { ExplainedCondition } from './answers.ts'
import type { ReadCondition } from '../../words/reader.ts'
import { moment } from './instants.ts'

/** A `not` is shown by what it denies: its value, its events, what is inside. */
export function evidenceSource(condition: ExplainedCondition, { kind }: ReadCondition): ExplainedCondition {
  const [inner, ...others] = condition.of ?? []
  return kind === 'not' && inner && others.length === 0 && !inner.of ? inner : condition
}

/** The value in words; '' if there is nothing to say of it. */
export function valueWords(condition: ExplainedCondition, { kind, event }: ReadCondition): string {
  const { value } = evidenceSource(condition, { kind, words: [] })
  switch (kind) {
    case 'count':
      return timesWords(value)
    case 'not':
      return event === undefined || typeof value !== 'number' ? '' : timesWords(value)
    case 'quantifier':
      return `true for ${value === 0 ? 'no user' : `${valueText(value)} ${value === 1 ? 'user' : 'users'}`}`
    case 'trait':
    case 'field':
    case 'value':
      return value === null || value === undefined ? 'there is none' : `it is ${valueText(value)}`
    case 'membership':
    case 'junction':
    case 'unknown':
      return ''
  }
}

function timesWords(value: unknown): string {
  if (value === 0) return 'not once'
  return value === 1 ? 'once' : `${valueText(value)} times`
}

/** For how long a condition holds, or from when on it will. */
export function whenWords(
  { holds, changesAt }: ExplainedCondition,
  { kind }: ReadCondition,
  isOfEvent: boolean,
): string {
  if (changesAt !== undefined) return `${holds ? 'until' : 'from'} ${moment(changesAt)}`
  if (!holds) return ''
  if (kind === 'trait' || kind === 'membership') return 'as long as that stays'
  if (kind !== 'not') return ''
  return isOfEvent ? 'unless one still comes' : 'until one comes'
}
