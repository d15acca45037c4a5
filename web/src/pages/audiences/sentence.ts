/**
 * Definitions as short plain English, for lists: no subject, the verb first.
 *
 * Example: `event('Order').within(7 days).count() >= 2` is "Did Order at least 2 times in the last 7 days". All of a
 * definition is said. If the window of a funnel's parent begins where its negated child's ends, its far end is said
 * alone.
 */
import { durationMs, printDuration } from '../../../../src/language/duration.ts'
import { parseQuery } from '../../../../src/language/parse.ts'
import { COMPARATOR_WORDS, wordDuration, wordField, wordReference } from '../../../../src/language/test-words.ts'
import type {
  Comparator,
  Comparison,
  Condition,
  Duration,
  Filter,
  Operand,
  Query,
  Reducer,
  Reduction,
} from '../../../../src/language/tree.ts'

type Kind = 'audience' | 'computed_trait'
type Type = 'USERS' | 'ACCOUNTS'
type Junction = Extract<Condition, { kind: 'and' | 'or' }>

/** The surrounding of a condition. */
interface Around {
  /** Subject of events: accounts do nothing themselves. */
  readonly isAccount: boolean
  /** Names of audiences by their keys. */
  readonly names: ReadonlyMap<string, string>
  /** The event that the condition is about, and the one around that. */
  readonly event?: string
  readonly parent?: string
}

/** Comparators that are said as "of at least 3". */
const AMOUNTS: ReadonlySet<string> = new Set(['at_least', 'at_most', 'greater_than', 'less_than'])

const NO_NAMES: ReadonlyMap<string, string> = new Map()

/** Words a definition; one that cannot be read is its own text. */
export function sentenceOf(query: string, kind: Kind, type: Type, names = NO_NAMES): string {
  try {
    return capital(wordQuery(parseQuery(query, { kind, type }), { isAccount: type === 'ACCOUNTS', names }))
  } catch {
    return query
  }
}

function wordQuery(query: Query, around: Around): string {
  return query.kind === 'audience' ? wordCondition(query.condition, around) : wordValue(query.reduction, around)
}

function wordCondition(condition: Condition, around: Around): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return wordJunction(condition, around)
    case 'not':
      return wordNot(condition.operand, around)
    case 'quantifier': {
      const inner = wordWithin(condition.operand, { names: around.names, isAccount: false })
      return { any: `has a user who ${inner}`, all: `every user ${inner}`, none: `no user ${inner}` }[
        condition.quantifier
      ]
    }
    case 'comparison':
      return wordComparison(condition, around)
  }
}

/** Conditions of people are divided by a comma, as each may be long; those of events are not. */
function wordJunction({ kind, operands }: Junction, around: Around): string {
  const comma = around.event === undefined ? ',' : ''
  return operands.map((operand) => wordWithin(operand, around)).join(`${comma} ${kind} `)
}

/** A junction inside something else stands in parentheses. */
function wordWithin(condition: Condition, around: Around): string {
  const words = wordCondition(condition, around)
  return condition.kind === 'and' || condition.kind === 'or' ? `(${words})` : words
}

function wordNot(operand: Condition, around: Around): string {
  if (operand.kind !== 'comparison') return `not (${wordCondition(operand, around)})`
  const { left } = operand
  if (left.kind === 'reduction') return wordEvents(left, operand, around, true)
  if (left.kind !== 'trait' || around.event !== undefined) return `not (${wordComparison(operand, around)})`
  return wordTrait(left.name, operand, around, true)
}

function wordComparison(comparison: Comparison, around: Around): string {
  const { left } = comparison
  switch (left.kind) {
    case 'trait':
      if (around.event === undefined) return wordTrait(left.name, comparison, around, false)
      return `their ${left.name} ${wordTest(comparison, around)}`
    case 'property':
    case 'context':
      return `${wordField(left, around)} ${wordTest(comparison, around)}`
    case 'reduction':
      return wordEvents(left, comparison, around, false)
  }
}

function wordTrait(name: string, comparison: Comparison, around: Around, isNegated: boolean): string {
  const right = literalOf(comparison)
  const audience = around.names.get(name)
  if (audience !== undefined && comparison.comparator === 'equals' && typeof right === 'boolean')
    return `is ${right === isNegated ? 'not ' : ''}in ${audience}`
  const has = isNegated ? 'does not have' : 'has'
  if (comparison.comparator === 'exists') return `${has} ${isNegated ? 'any ' : ''}${name}`
  if (comparison.comparator === 'absent') return isNegated ? `does not lack ${name}` : `has no ${name}`
  if (comparison.comparator === 'equals' && typeof right === 'string') return `${has} ${name} ${quoted(right)}`
  return `${has} ${name} ${wordAmount(comparison, around)}`
}

/** As "did Order where price is at least 100, at least 2 times in the last 7 days, and then did Return". */
function wordEvents(left: Reduction, comparison: Comparison, around: Around, isNegated: boolean): string {
  const { event, filters } = left.stream
  const isNever = isCount(comparison, 'equals', 0) || isCount(comparison, 'less_than', 1)
  const isPlain = isNever || isCount(comparison, 'at_least', 1) || isCount(comparison, 'greater_than', 0)
  const subject = around.isAccount && around.event === undefined ? 'users together ' : ''
  const verb = isNever === isNegated ? 'did' : 'did not do'
  const said = isPlain ? [] : [wordReduced(left, comparison, around)]
  const { where, children } = whereOf(left, around)
  const rest = [...said, ...wordFilters(filters, negatedReach(left))].join(' ')
  const head = `${subject}${verb} ${event}${where}`
  const whole = rest === '' ? head : `${head}${where === '' ? '' : ','} ${rest}`
  if (children.length === 0) return whole
  const then = children.map((child) => `and then ${child}`).join(', ')
  return around.event === undefined ? `${whole}, ${then}` : `${whole} (${then})`
}

function wordReduced(left: Reduction, comparison: Comparison, around: Around): string {
  if (left.reducer.kind === 'count') return `${wordTest(comparison, around).replace(/^is /, '')} times`
  return `with ${articled(wordReducer(left.reducer, inside(left, around)))} ${wordAmount(comparison, around)}`
}

/** Words the conditions on an event; those about later events are told apart if nothing but `and` joins them. */
function whereOf(reduction: Reduction, around: Around): { readonly where: string; readonly children: string[] } {
  const within = inside(reduction, around)
  const conditions = reduction.stream.filters.flatMap((filter) =>
    filter.kind === 'where' ? operandsOf(filter.condition) : [],
  )
  const plain = conditions.filter((condition) => !isChild(condition)).map((condition) => wordWithin(condition, within))
  const children = conditions.filter(isChild).map((condition) => wordCondition(condition, within))
  return { where: plain.length === 0 ? '' : ` where ${plain.join(' and ')}`, children }
}

function operandsOf(condition: Condition): readonly Condition[] {
  return condition.kind === 'and' ? condition.operands : [condition]
}

/** True for a condition that is about a later event as a whole. */
function isChild(condition: Condition): boolean {
  return childOf(condition) !== undefined
}

function childOf(condition: Condition): Reduction | undefined {
  const comparison = condition.kind === 'not' ? condition.operand : condition
  return comparison.kind === 'comparison' && comparison.left.kind === 'reduction' ? comparison.left : undefined
}

/** Returns how long, in ms, the negated children of an event wait at most; 0 without one. */
function negatedReach({ stream }: Reduction): number {
  const conditions = stream.filters.flatMap((filter) => (filter.kind === 'where' ? operandsOf(filter.condition) : []))
  const windows = conditions
    .filter((condition) => condition.kind === 'not')
    .flatMap((condition) => childOf(condition)?.stream.filters ?? [])
  return Math.max(0, ...windows.map((filter) => ('parent' in filter && filter.parent ? reachOf(filter) : 0)))
}

function reachOf(filter: Extract<Filter, { kind: 'within' | 'between' }>): number {
  return durationMs(filter.kind === 'within' ? filter.duration : filter.to)
}

/** @param waited ms, for which the event's children are waited for: a window that begins there has only its far end */
function wordFilters(filters: readonly Filter[], waited = 0): string[] {
  return filters.flatMap((filter) => {
    switch (filter.kind) {
      case 'where':
        return []
      case 'within':
        return filter.parent ? `within ${printDuration(filter.duration)} of it` : inTheLast(filter.duration)
      case 'between':
        if (!filter.parent && waited > 0 && durationMs(filter.from) === waited) return inTheLast(filter.to)
        return `${wordSpan(filter.from, filter.to)} ${filter.parent ? 'after it' : 'ago'}`
      case 'sources':
        return `not from ${wordList(filter.exclude.map(quoted))}`
      case 'expires_after':
        return `in the current visit (over ${printDuration(filter.duration)} after its last event)`
    }
  })
}

function inTheLast(duration: Duration): string {
  return `in the last ${duration.amount === 1 ? duration.unit : printDuration(duration)}`
}

/** `30 to 90 days` */
function wordSpan(from: Duration, to: Duration): string {
  return from.unit === to.unit
    ? `${from.amount} to ${printDuration(to)}`
    : `${printDuration(from)} to ${printDuration(to)}`
}

/** Words a computed trait: "average revenue of Order in the last 30 days". */
function wordValue(reduction: Reduction, around: Around): string {
  const { reducer, stream } = reduction
  const { where, children } = whereOf(reduction, around)
  const value = reducer.kind === 'count' ? 'number' : wordReducer(reducer, inside(reduction, around))
  const rest = wordFilters(stream.filters, negatedReach(reduction)).join(' ')
  const head = `${value} of ${stream.event}${where}`
  const whole = rest === '' ? head : `${head}${where === '' ? '' : ','} ${rest}`
  return [whole, ...children.map((child) => `and then ${child}`)].join(', ')
}

function wordReducer(reducer: Exclude<Reducer, { kind: 'count' }>, around: Around): string {
  const of = wordField(reducer.of, around)
  switch (reducer.kind) {
    case 'sum':
      return `sum of ${of}`
    case 'avg':
      return `average ${of}`
    case 'min':
      return `lowest ${of}`
    case 'max':
      return `highest ${of}`
    case 'first':
    case 'last':
      return `${reducer.kind} ${of}`
    case 'unique':
      return `all values of ${of}`
    case 'unique_count':
      return `number of different values of ${of}`
    case 'mode':
      return `most frequent ${of}${reducer.minFrequency > 1 ? ` (seen at least ${reducer.minFrequency} times)` : ''}`
  }
}

/** As "of at least 3", or "that starts with “a”". */
function wordAmount(comparison: Comparison, around: Around): string {
  const test = wordTest(comparison, around)
  const right = literalOf(comparison)
  const isAmount =
    AMOUNTS.has(comparison.comparator) || (comparison.comparator === 'equals' && typeof right !== 'boolean')
  return isAmount ? test.replace(/^is /, 'of ') : `that ${test}`
}

/** Words a comparator with its right side. */
function wordTest(comparison: Comparison, around: Around): string {
  if ('duration' in comparison) return wordDuration(comparison.comparator, comparison.duration)
  const words = COMPARATOR_WORDS[comparison.comparator]
  if (!('right' in comparison)) return words
  const own = comparison.left.kind === 'property' ? comparison.left.path : undefined
  const rights = [comparison.right].flat().map((right) => wordOperand(right, own, around))
  if (comparison.comparator === 'one_of' && rights.length === 1) return `${COMPARATOR_WORDS.equals} ${rights[0]!}`
  return `${words} ${wordList(rights)}`
}

function wordOperand(operand: Operand, own: string | undefined, around: Around): string {
  if (operand.kind !== 'literal') return wordReference(operand, own, around)
  return typeof operand.value === 'string' ? quoted(operand.value) : String(operand.value)
}

function inside({ stream }: Reduction, { isAccount, names, event: parent }: Around): Around {
  return { isAccount, names, event: stream.event, ...(parent !== undefined && { parent }) }
}

function isCount(comparison: Comparison, comparator: Comparator['comparator'], count: number): boolean {
  const isOfCount = comparison.left.kind === 'reduction' && comparison.left.reducer.kind === 'count'
  return isOfCount && comparison.comparator === comparator && literalOf(comparison) === count
}

/** Returns the only right side, if it is a literal. */
function literalOf(comparison: Comparison): string | number | boolean | undefined {
  const rights: readonly Operand[] = 'right' in comparison ? [comparison.right].flat() : []
  const [right] = rights
  return rights.length === 1 && right?.kind === 'literal' ? right.value : undefined
}

function wordList(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)!}`
}

function quoted(text: string): string {
  return `“${text}”`
}

function articled(noun: string): string {
  return `${/^a/.test(noun) ? 'an' : 'a'} ${noun}`
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
