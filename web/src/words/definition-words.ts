/**
 * Conditions and computed traits as short plain English, in one place for all pages: no subject, the verb first.
 *
 * Example: `event('Order').within(7 days).count() >= 2` is "did Order at least 2 times in the last 7 days". All of a
 * definition is said. If the window of a funnel's parent begins where its negated child's ends, its far end is said
 * alone.
 */
import { durationMs, printDuration } from '../../../src/language/duration.ts'
import { COMPARATOR_WORDS, wordDuration, wordField, wordReference } from '../../../src/language/test-words.ts'
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
} from '../../../src/language/tree.ts'
import { joined, say, type Words } from './words.ts'

type Junction = Extract<Condition, { kind: 'and' | 'or' }>

/** Returns the name of the audience of a key; undefined if none has it. */
export type AudienceNames = (key: string) => string | undefined

/** The surrounding of a condition. */
export interface Around {
  /** Subject of events: accounts do nothing themselves. */
  readonly isAccount: boolean
  readonly audienceNames: AudienceNames
  /** The event that the condition is about, and the one around that. */
  readonly event?: string
  readonly parent?: string
}

/** Comparators that are said as "of at least 3". */
const AMOUNTS: ReadonlySet<string> = new Set(['at_least', 'at_most', 'greater_than', 'less_than'])

export function wordQuery(query: Query, around: Around): Words {
  return query.kind === 'audience' ? wordCondition(query.condition, around) : wordValue(query.reduction, around)
}

export function wordCondition(condition: Condition, around: Around): Words {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return wordJunction(condition, around)
    case 'not':
      return wordNot(condition.operand, around)
    case 'quantifier': {
      const lead = { any: 'has a user who', all: 'every user', none: 'no user' }[condition.quantifier]
      return say`${lead} ${wordWithin(condition.operand, { ...around, isAccount: false })}`
    }
    case 'comparison':
      return wordComparison(condition, around)
  }
}

/** Conditions of people are divided by a comma, as each may be long; those of events are not. */
function wordJunction({ kind, operands }: Junction, around: Around): Words {
  const comma = around.event === undefined ? ',' : ''
  return joined(
    operands.map((operand) => wordWithin(operand, around)),
    `${comma} ${kind} `,
  )
}

/** A junction inside something else stands in parentheses. */
function wordWithin(condition: Condition, around: Around): Words {
  const words = wordCondition(condition, around)
  return condition.kind === 'and' || condition.kind === 'or' ? say`(${words})` : words
}

function wordNot(operand: Condition, around: Around): Words {
  if (operand.kind !== 'comparison') return say`not (${wordCondition(operand, around)})`
  const { left } = operand
  if (left.kind === 'reduction') return wordEvents(left, operand, around, true)
  if (left.kind !== 'trait' || around.event !== undefined) return say`not (${wordComparison(operand, around)})`
  return [wordTrait(left.name, operand, around, true)]
}

function wordComparison(comparison: Comparison, around: Around): Words {
  const { left } = comparison
  switch (left.kind) {
    case 'trait':
      if (around.event === undefined) return [wordTrait(left.name, comparison, around, false)]
      return say`their ${left.name} ${wordTest(comparison, around)}`
    case 'property':
    case 'context':
      return say`${wordField(left, around)} ${wordTest(comparison, around)}`
    case 'reduction':
      return wordEvents(left, comparison, around, false)
  }
}

function wordTrait(name: string, comparison: Comparison, around: Around, isNegated: boolean): string {
  const right = literalOf(comparison)
  const audience = audienceOf(comparison, around)
  if (audience !== undefined) return `is ${right === isNegated ? 'not ' : ''}in ${audience}`
  const has = isNegated ? 'does not have' : 'has'
  if (comparison.comparator === 'exists') return `${has} ${isNegated ? 'any ' : ''}${name}`
  if (comparison.comparator === 'absent') return isNegated ? `does not lack ${name}` : `has no ${name}`
  if (comparison.comparator === 'equals' && typeof right === 'string') return `${has} ${name} ${quoted(right)}`
  return `${has} ${name} ${wordAmount(comparison, around)}`
}

/** Returns the name of the audience that a comparison is about membership in; undefined if it is not. */
export function audienceOf(comparison: Comparison, { audienceNames }: Around): string | undefined {
  const { left, comparator } = comparison
  if (left.kind !== 'trait' || comparator !== 'equals') return undefined
  return typeof literalOf(comparison) === 'boolean' ? audienceNames(left.name) : undefined
}

/** As "did Order where price is at least 100, at least 2 times in the last 7 days, and then did Return". */
function wordEvents(left: Reduction, comparison: Comparison, around: Around, isNegated: boolean): Words {
  const { event, filters } = left.stream
  const isNever = isCount(comparison, 'equals', 0) || isCount(comparison, 'less_than', 1)
  const isPlain = isNever || isCount(comparison, 'at_least', 1) || isCount(comparison, 'greater_than', 0)
  const subject = around.isAccount && around.event === undefined ? 'users together ' : ''
  const verb = isNever === isNegated ? 'did' : 'did not do'
  const said = isPlain ? [] : [wordReduced(left, comparison, around)]
  const { where, children } = whereOf(left, around)
  const head = say`${subject}${verb} ${[{ event }]}${where}`
  const whole = withRest(head, where, [...said, ...wordFilters(filters, negatedReach(left))])
  if (children.length === 0) return whole
  const then = joined(
    children.map((child) => say`and then ${child}`),
    ', ',
  )
  return around.event === undefined ? say`${whole}, ${then}` : say`${whole} (${then})`
}

/** Words behind a `where` are set off. */
function withRest(head: Words, where: Words, words: readonly string[]): Words {
  const rest = words.join(' ')
  if (rest === '') return head
  return where.length === 0 ? say`${head} ${rest}` : say`${head}, ${rest}`
}

function wordReduced(left: Reduction, comparison: Comparison, around: Around): string {
  if (left.reducer.kind === 'count') return wordTimes(comparison, around)
  return `with ${articled(wordReducer(left.reducer, within(left, around)))} ${wordAmount(comparison, around)}`
}

/** As "at least 2 times", "exactly 1 time". */
function wordTimes(comparison: Comparison, around: Around): string {
  const exactly = comparison.comparator === 'equals' ? 'exactly ' : ''
  const amount = wordTest(comparison, around).replace(/^is /, '')
  return `${exactly}${amount} ${literalOf(comparison) === 1 ? 'time' : 'times'}`
}

/**
 * Words the conditions on an event; those about later events are told apart if nothing but `and` joins them. Properties
 * that are to be as those of the event around stand first.
 */
function whereOf(reduction: Reduction, around: Around): { readonly where: Words; readonly children: readonly Words[] } {
  const inner = within(reduction, around)
  const conditions = wheresOf(reduction).flatMap(operandsOf)
  const fields = conditions.filter((condition) => !isChild(condition))
  const same = fields.flatMap((field) => samePath(field) ?? [])
  const others = fields.filter((field) => samePath(field) === undefined)
  const tests = joined(
    others.map((other) => wordWithin(other, inner)),
    ' and ',
  )
  const sameWords = same.length === 0 ? '' : ` with the same ${same.join(' and ')}`
  return {
    where: tests.length === 0 ? say`${sameWords}` : say`${sameWords} where ${tests}`,
    children: conditions.filter(isChild).map((condition) => wordCondition(condition, inner)),
  }
}

/** The path of a property that is to equal the same one of the event around. */
function samePath(condition: Condition): string | undefined {
  if (condition.kind !== 'comparison' || condition.comparator !== 'equals') return undefined
  const { left, right } = condition
  if (left.kind !== 'property' || right.kind !== 'property') return undefined
  return left.path === right.path && left.parent !== right.parent ? left.path : undefined
}

/** Returns the conditions of the `where`s of an event. */
export function wheresOf({ stream }: Reduction): Condition[] {
  return stream.filters.flatMap((filter) => (filter.kind === 'where' ? [filter.condition] : []))
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
function negatedReach(reduction: Reduction): number {
  const conditions = wheresOf(reduction).flatMap(operandsOf)
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
function wordValue(reduction: Reduction, around: Around): Words {
  const { reducer, stream } = reduction
  const { where, children } = whereOf(reduction, around)
  const value = reducer.kind === 'count' ? 'number' : wordReducer(reducer, within(reduction, around))
  const head = say`${value} of ${[{ event: stream.event }]}${where}`
  const whole = withRest(head, where, wordFilters(stream.filters, negatedReach(reduction)))
  return joined([whole, ...children.map((child) => say`and then ${child}`)], ', ')
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

/** Returns the surrounding of conditions on an event. */
export function within({ stream }: Reduction, { isAccount, audienceNames, event: parent }: Around): Around {
  return { isAccount, audienceNames, event: stream.event, ...(parent !== undefined && { parent }) }
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
