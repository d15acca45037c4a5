/**
 * Puts trees into plain English.
 *
 * Example: `event('Order').where(property('price') >= 100).within(7 days).count() >= 2` is "Users who did Order where
 * price is at least 100, at least 2 times, within the last 7 days".
 */
import type { DefinitionType } from '../model/definition.ts'
import { printDuration } from './duration.ts'
import { COMPARATOR_WORDS, wordDuration, wordField, wordReference } from './test-words.ts'
import type { Comparator, Comparison, Condition, Filter, Operand, Query, Reducer, Reduction } from './tree.ts'

/** Relative to now, or to the enclosing event: `of it`. */
type Windowed = Extract<Filter, { kind: 'within' | 'between' }>

const QUANTIFIERS = { any: 'any user who', all: 'only users who', none: 'no user who' } as const
const REDUCERS = {
  count: 'number',
  sum: 'sum',
  avg: 'average',
  min: 'least',
  max: 'greatest',
  first: 'first',
  last: 'last',
  unique: 'different values',
  unique_count: 'number of different values',
  mode: 'most frequent value',
} as const satisfies Record<Reducer['kind'], string>

/** The verbs of a sentence: what somebody did, or what is left to do. */
type Tense = 'past' | 'infinitive'

const DONE = { past: 'did', infinitive: 'do' } as const satisfies Record<Tense, string>
const NOT_DONE = { past: 'did not do', infinitive: 'not do' } as const satisfies Record<Tense, string>

/** The surrounding of a condition: the event that it is about, and the one around that. */
interface Surrounding {
  readonly tense: Tense
  readonly event?: string
  readonly parent?: string
}

/** Words a whole definition. */
export function wordQuery(query: Query, type: DefinitionType): string {
  if (query.kind === 'computed_trait') return `The ${wordReduction(query.reduction, { tense: 'past' })}`
  const who = type === 'USERS' ? 'Users who' : 'Accounts that'
  return `${who} ${wordCondition(query.condition, { tense: 'past' })}`
}

/** Words a condition as something that is yet to happen. */
export function wordAim(condition: Condition, event?: string): string {
  return wordCondition(condition, { tense: 'infinitive', ...(event !== undefined && { event }) })
}

/** Words that events have to happen so many times more. */
export function wordMore(reduction: Reduction, more: number, event?: string): string {
  const around = { tense: 'infinitive', ...(event !== undefined && { event }) } as const
  return wordEvents(reduction, 'do', [more === 1 ? 'once more' : `${more} more times`], around)
}

function wordCondition(condition: Condition, around: Surrounding): string {
  switch (condition.kind) {
    case 'and':
      return condition.operands.map((operand) => wordOperand(operand, around)).join(' and ')
    case 'or':
      return condition.operands.map((operand) => wordOperand(operand, around)).join(' or ')
    case 'not':
      return wordNot(condition.operand, around)
    case 'quantifier':
      return `have ${QUANTIFIERS[condition.quantifier]} ${wordOperand(condition.operand, { tense: 'past' })}`
    case 'comparison':
      return wordComparison(condition, around)
  }
}

/** A junction inside another one stands in parentheses. */
function wordOperand(operand: Condition, around: Surrounding): string {
  const words = wordCondition(operand, around)
  return operand.kind === 'and' || operand.kind === 'or' ? `(${words})` : words
}

function wordNot(operand: Condition, around: Surrounding): string {
  if (operand.kind === 'comparison' && operand.left.kind === 'reduction' && isOnceOrMore(operand))
    return wordEvents(operand.left, NOT_DONE[around.tense], [], around)
  return `not ${wordOperand(operand, around)}`
}

function wordComparison(comparison: Comparison, around: Surrounding): string {
  const { left } = comparison
  switch (left.kind) {
    case 'trait':
      if (comparison.comparator === 'exists') return `have ${left.name}`
      if (comparison.comparator === 'absent') return `have no ${left.name}`
      return `have ${left.name} that ${wordTest(comparison, around)}`
    case 'property':
    case 'context':
      return `${wordField(left, around)} ${wordTest(comparison, around)}`
    case 'reduction':
      return wordReduced(left, comparison, around)
  }
}

function wordReduced(left: Reduction, comparison: Comparison, around: Surrounding): string {
  const verb = DONE[around.tense]
  if (left.reducer.kind !== 'count') {
    const value = `with ${wordReducer(left.reducer, left.stream.event, around)} that ${wordTest(comparison, around)}`
    return wordEvents(left, verb, [value], around)
  }
  if (isOnceOrMore(comparison)) return wordEvents(left, verb, [], around)
  if (isNever(comparison)) return wordEvents(left, NOT_DONE[around.tense], [], around)
  return wordEvents(left, verb, [`${wordTest(comparison, around).replace(/^is /, '')} times`], around)
}

/** True for `count() >= 1` and its like. */
function isOnceOrMore(comparison: Comparison): boolean {
  return isCountOf(comparison, 'at_least', 1) || isCountOf(comparison, 'greater_than', 0)
}

function isNever(comparison: Comparison): boolean {
  return isCountOf(comparison, 'equals', 0) || isCountOf(comparison, 'less_than', 1)
}

function isCountOf(comparison: Comparison, comparator: Comparator['comparator'], count: number): boolean {
  if (comparison.left.kind !== 'reduction' || comparison.left.reducer.kind !== 'count') return false
  const right = 'right' in comparison && !Array.isArray(comparison.right) ? (comparison.right as Operand) : undefined
  return comparison.comparator === comparator && right?.kind === 'literal' && right.value === count
}

/** Words events with what is said of them, as "did Order where price is at least 100, at least 2 times". */
function wordEvents(reduction: Reduction, verb: string, said: readonly string[], around: Surrounding): string {
  const { event, filters } = reduction.stream
  const then = around.event === undefined ? '' : 'then '
  return [`${then}${verb} ${event}${whereOf(reduction, around)}`, ...said, ...windowsOf(filters)].join(', ')
}

function whereOf({ stream }: Reduction, { event: parent }: Pick<Surrounding, 'event'>): string {
  const inside: Surrounding = {
    tense: 'past',
    event: stream.event,
    ...(parent !== undefined && { parent }),
  }
  const conditions = stream.filters.flatMap((filter) =>
    filter.kind === 'where' ? [wordCondition(filter.condition, inside)] : [],
  )
  return conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`
}

function windowsOf(filters: readonly Filter[]): string[] {
  return filters.flatMap((filter) => {
    switch (filter.kind) {
      case 'where':
        return []
      case 'within':
      case 'between':
        return [wordWindow(filter)]
      case 'sources':
        return [`not from ${wordList(filter.exclude.map(quoted), 'or')}`]
      case 'expires_after':
        return [`in the current visit (until ${printDuration(filter.duration)} after its last event)`]
    }
  })
}

function wordWindow(filter: Windowed): string {
  if (filter.kind === 'within') {
    const duration = printDuration(filter.duration)
    return filter.parent ? `within ${duration} of it` : `within the last ${duration}`
  }
  const [from, to] = [printDuration(filter.from), printDuration(filter.to)]
  return `between ${from} and ${to} ${filter.parent ? 'after it' : 'ago'}`
}

/** Words a reduced stream, as "sum of revenue of Order, within the last 30 days". */
function wordReduction(reduction: Reduction, around: Surrounding): string {
  const { event, filters } = reduction.stream
  const value =
    reduction.reducer.kind === 'count' ? REDUCERS.count : wordReducer(reduction.reducer, event, around).slice(4)
  return [`${value} of ${event}${whereOf(reduction, around)}`, ...windowsOf(filters)].join(', ')
}

function wordReducer(reducer: Exclude<Reducer, { kind: 'count' }>, event: string, { event: parent }: Surrounding) {
  const inside: Surrounding = { tense: 'past', event, ...(parent !== undefined && { parent }) }
  const often = reducer.kind === 'mode' ? ` (${reducer.minFrequency} times or more)` : ''
  return `the ${REDUCERS[reducer.kind]} of ${wordField(reducer.of, inside)}${often}`
}

/** Words a comparator with its right side. */
function wordTest(comparison: Comparison, around: Surrounding): string {
  if ('duration' in comparison) return wordDuration(comparison.comparator, comparison.duration)
  const words = COMPARATOR_WORDS[comparison.comparator]
  if (!('right' in comparison)) return words
  const rights = [comparison.right].flat()
  const own = comparison.left.kind === 'property' ? comparison.left.path : undefined
  return `${words} ${wordList(
    rights.map((right) => wordRight(right, own, around)),
    'or',
  )}`
}

function wordRight(operand: Operand, own: string | undefined, around: Surrounding): string {
  if (operand.kind !== 'literal') return wordReference(operand, own, around)
  return typeof operand.value === 'string' ? quoted(operand.value) : String(operand.value)
}

function wordList(words: readonly string[], last: 'or' | 'and'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)!}`
}

function quoted(text: string): string {
  return `"${text}"`
}
