/**
 * The words of conditions, as the explanation of a profile says them: "did Product Added where price is at least 100,
 * at least 1 time, within the last 7 days". Names of events are parts of their own, so that they can stand out.
 *
 * A condition is found by its place in the text of its query. One that cannot be read is its own text.
 */
import type { DefinitionType } from '../../../../src/model/definition.ts'
import { printDuration } from '../../../../src/language/duration.ts'
import { parsePlacedQuery, parseQuery } from '../../../../src/language/parse.ts'
import { wordField } from '../../../../src/language/test-words.ts'
import { wordQuery } from '../../../../src/language/wording.ts'
import { testWords } from './test-words.ts'
import type { Comparator, Comparison, Condition, Filter, Reducer, Reduction } from '../../../../src/language/tree.ts'

/** A piece of a sentence: text, or the name of an event. */
export type Word = string | { readonly event: string }
export type Words = readonly Word[]

/** Returns the name of the audience of a key; undefined if none has it. */
export type AudienceNames = (key: string) => string | undefined

/** The left side of a comparison decides what its value is. */
export type ConditionKind =
  'membership' | 'trait' | 'field' | 'count' | 'value' | 'not' | 'junction' | 'quantifier' | 'unknown'

export interface ReadCondition {
  readonly words: Words
  readonly kind: ConditionKind
  /** The event that it counts, or that it is the absence of. */
  readonly event?: string
}

export interface Place {
  readonly start: number
  readonly end: number
}

interface Around {
  readonly audienceNames: AudienceNames
  /** The enclosing event, and the one around that. */
  readonly event?: string
  readonly parent?: string
}

const TIMES = {
  equals: 'exactly',
  at_least: 'at least',
  at_most: 'at most',
  greater_than: 'more than',
  less_than: 'fewer than',
} as const

const AMOUNTS = {
  equals: 'exactly',
  at_least: 'at least',
  at_most: 'at most',
  greater_than: 'more than',
  less_than: 'less than',
} as const

const REDUCERS = {
  count: 'number',
  sum: 'sum',
  avg: 'average',
  min: 'least value',
  max: 'greatest value',
  first: 'first value',
  last: 'last value',
  unique: 'different values',
  unique_count: 'number of different values',
  mode: 'most frequent value',
} as const satisfies Record<Reducer['kind'], string>

const QUANTIFIERS = { any: 'any user', all: 'every user', none: 'no user' } as const
const NO_NAMES: AudienceNames = () => undefined

/** Words a condition, or the whole query of an audience. What does not parse is its own text. */
export function conditionWords(text: string, type: DefinitionType, audienceNames = NO_NAMES): Words {
  const query = read(() => parseQuery(text, { kind: 'audience', type }))
  return query?.kind === 'audience' ? worded(query.condition, { audienceNames }) : [text]
}

/** Words the query of a computed trait: "average of revenue of Order Completed". */
export function traitWords(text: string, type: DefinitionType): Words {
  const query = read(() => parseQuery(text, { kind: 'computed_trait', type }))
  if (query?.kind !== 'computed_trait') return [text]
  const { stream, reducer } = query.reduction
  const value = reducer.kind === 'count' ? REDUCERS.count : `${REDUCERS[reducer.kind]} of ${wordField(reducer.of, {})}`
  const around = { audienceNames: NO_NAMES }
  return [`${value} of `, { event: stream.event }, ...whereWords(query.reduction, around), ...endWords(stream.filters)]
}

/** Returns a reader of the conditions of an audience's query, each by its place. */
export function conditionReader(
  text: string,
  type: DefinitionType,
  audienceNames = NO_NAMES,
): (place: Place) => ReadCondition {
  const found = new Map<string, ReadCondition>()
  const parsed = read(() => parsePlacedQuery(text, { kind: 'audience', type }))
  if (parsed?.query.kind === 'audience')
    eachCondition(parsed.query.condition, { audienceNames }, (condition, around) => {
      const place = parsed.places.get(condition)
      if (place) found.set(`${place.start}:${place.end}`, readOf(condition, around))
    })
  return ({ start, end }) => {
    return found.get(`${start}:${end}`) ?? { words: conditionWords(text.slice(start, end), type), kind: 'unknown' }
  }
}

/** True if an audience's query is the one whose text an explanation gives: its places are those of this query. */
export function isExplained(text: string, type: DefinitionType, explained: string): boolean {
  return read(() => wordQuery(parseQuery(text, { kind: 'audience', type }), type)) === explained
}

/** Returns words as text. */
export function plain(words: Words): string {
  return words.map((word) => (typeof word === 'string' ? word : word.event)).join('')
}

function read<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}

function readOf(condition: Condition, around: Around): ReadCondition {
  const words = worded(condition, around)
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { words, kind: 'junction' }
    case 'not':
      return { words, kind: 'not', ...eventOf(condition.operand) }
    case 'quantifier':
      return { words, kind: 'quantifier' }
    case 'comparison':
      return { words, kind: kindOf(condition, around), ...eventOf(condition) }
  }
}

function kindOf(comparison: Comparison, around: Around): ConditionKind {
  const { left } = comparison
  if (left.kind === 'trait') return audienceOf(comparison, around) === undefined ? 'trait' : 'membership'
  if (left.kind !== 'reduction') return 'field'
  return left.reducer.kind === 'count' ? 'count' : 'value'
}

function eventOf(condition: Condition): { readonly event?: string } {
  if (condition.kind !== 'comparison' || condition.left.kind !== 'reduction') return {}
  return { event: condition.left.stream.event }
}

/** Visits a condition and all inside it, each with what is around it. */
function eachCondition(
  condition: Condition,
  around: Around,
  visit: (condition: Condition, around: Around) => void,
): void {
  visit(condition, around)
  switch (condition.kind) {
    case 'and':
    case 'or':
      for (const operand of condition.operands) eachCondition(operand, around, visit)
      return
    case 'not':
    case 'quantifier':
      eachCondition(condition.operand, around, visit)
      return
    case 'comparison':
      if (condition.left.kind !== 'reduction') return
      for (const inner of wheresOf(condition.left)) eachCondition(inner, insideOf(condition.left, around), visit)
  }
}

function worded(condition: Condition, around: Around): Words {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return joined(
        condition.operands.map((operand) => operandWords(operand, around)),
        ` ${condition.kind} `,
      )
    case 'not':
      return notWords(condition.operand, around)
    case 'quantifier':
      return quantifierWords(condition, around)
    case 'comparison':
      return comparisonWords(condition, around, false)
  }
}

/** A junction inside something else stands in parentheses. */
function operandWords(operand: Condition, around: Around): Words {
  const words = worded(operand, around)
  return operand.kind === 'and' || operand.kind === 'or' ? ['(', ...words, ')'] : words
}

function notWords(operand: Condition, around: Around): Words {
  if (operand.kind === 'comparison') {
    if (isOnceOrMore(operand)) return comparisonWords(operand, around, true)
    const audience = audienceOf(operand, around)
    if (audience !== undefined) return [`is not in ${audience}`]
  }
  return ['not: ', ...operandWords(operand, around)]
}

function quantifierWords({ quantifier, operand }: Extract<Condition, { kind: 'quantifier' }>, around: Around): Words {
  const words = operandWords(operand, around)
  const [first] = words
  const isVerb = typeof first === 'string' && /^(did|is (not )?in) /.test(first)
  return [`${QUANTIFIERS[quantifier]}${isVerb ? ' ' : ': '}`, ...words]
}

function comparisonWords(comparison: Comparison, around: Around, isNot: boolean): Words {
  const { left } = comparison
  if (left.kind === 'reduction') return reductionWords(left, comparison, around, isNot)
  if (left.kind !== 'trait') return [`${wordField(left, around)} ${testWords(comparison, around)}`]
  const audience = audienceOf(comparison, around)
  return [audience === undefined ? `${left.name} ${testWords(comparison, around)}` : `is in ${audience}`]
}

/** The name of the audience in which somebody is if the comparison holds. */
function audienceOf(comparison: Comparison, { audienceNames }: Around): string | undefined {
  if (comparison.left.kind !== 'trait' || comparison.comparator !== 'equals') return undefined
  const { right } = comparison
  return right.kind === 'literal' && right.value === true ? audienceNames(comparison.left.name) : undefined
}

/** Events in the order: what, where, how often, when; then what came after them. */
function reductionWords(left: Reduction, comparison: Comparison, around: Around, isNot: boolean): Words {
  const isNever = isNot || isNone(comparison)
  const verb = isNever ? 'did not do ' : 'did '
  const then = around.event === undefined ? '' : 'then '
  const often = isNever ? '' : `, ${oftenWords(left, comparison, around)}`
  return [
    `${then}${verb}`,
    { event: left.stream.event },
    ...whereWords(left, around),
    often,
    ...endWords(left.stream.filters),
    ...childWords(left, around),
  ].filter((word) => word !== '')
}

function oftenWords({ stream, reducer }: Reduction, comparison: Comparison, around: Around): string {
  const right = 'right' in comparison && !('length' in comparison.right) ? comparison.right : undefined
  const literal = right?.kind === 'literal' ? right.value : undefined
  const { comparator } = comparison
  if (reducer.kind === 'count') {
    if (!(comparator in TIMES) || literal === undefined)
      return `a number of times that ${testWords(comparison, around)}`
    return `${TIMES[comparator as keyof typeof TIMES]} ${literal} ${literal === 1 ? 'time' : 'times'}`
  }
  const value = `${REDUCERS[reducer.kind]} of ${wordField(reducer.of, { parent: stream.event })}`
  const start = `with ${/^[aeio]/.test(value) ? 'an' : 'a'} ${value}`
  if (!(comparator in AMOUNTS) || typeof literal !== 'number') return `${start} that ${testWords(comparison, around)}`
  return `${start} of ${AMOUNTS[comparator as keyof typeof AMOUNTS]} ${literal}`
}

/** Words what is asked of the properties of an event. Those that are to be as its parent's stand first. */
function whereWords(reduction: Reduction, around: Around): Words {
  const inside = insideOf(reduction, around)
  const fields = operandsOfWheres(reduction).filter((operand) => !isChild(operand))
  const same = fields.flatMap((field) => samePath(field) ?? [])
  const others = fields.filter((field) => samePath(field) === undefined)
  const where = joined(
    others.map((other) => operandWords(other, inside)),
    ' and ',
  )
  return [
    ...(same.length > 0 ? [` with the same ${same.join(' and ')}`] : []),
    ...(where.length > 0 ? [' where ', ...where] : []),
  ]
}

/** Words what is asked of the events after an event. */
function childWords(reduction: Reduction, around: Around): Words {
  const inside = insideOf(reduction, around)
  return operandsOfWheres(reduction)
    .filter(isChild)
    .flatMap((child) => [', and ', ...worded(child, inside)])
}

function operandsOfWheres(reduction: Reduction): Condition[] {
  return wheresOf(reduction).flatMap((where) => (where.kind === 'and' ? where.operands : [where]))
}

function wheresOf({ stream }: Reduction): Condition[] {
  return stream.filters.flatMap((filter) => (filter.kind === 'where' ? [filter.condition] : []))
}

function insideOf({ stream }: Reduction, { audienceNames, event }: Around): Around {
  return { audienceNames, event: stream.event, ...(event !== undefined && { parent: event }) }
}

function isChild(condition: Condition): boolean {
  const inner = condition.kind === 'not' ? condition.operand : condition
  return inner.kind === 'comparison' && inner.left.kind === 'reduction'
}

/** The path of a property that is to equal the same one of the parent. */
function samePath(condition: Condition): string | undefined {
  if (condition.kind !== 'comparison' || condition.comparator !== 'equals') return undefined
  const { left, right } = condition
  if (left.kind !== 'property' || right.kind !== 'property') return undefined
  return left.path === right.path && left.parent !== right.parent ? left.path : undefined
}

function endWords(filters: readonly Filter[]): Words {
  return filters.flatMap((filter) => {
    switch (filter.kind) {
      case 'where':
        return []
      case 'within':
        return [`, within ${filter.parent ? '' : 'the last '}${printDuration(filter.duration)}${ofIt(filter)}`]
      case 'between': {
        const span = `between ${printDuration(filter.from)} and ${printDuration(filter.to)}`
        return [`, ${span} ${filter.parent ? 'after it' : 'ago'}`]
      }
      case 'sources':
        return [`, not from ${filter.exclude.join(' or ')}`]
      case 'expires_after':
        return [`, in the current visit (until ${printDuration(filter.duration)} after its last event)`]
    }
  })
}

function ofIt({ parent }: { readonly parent: boolean }): string {
  return parent ? ' of it' : ''
}

/** True for `count() >= 1` and its like. */
function isOnceOrMore(comparison: Comparison): boolean {
  return isCountOf(comparison, 'at_least', 1) || isCountOf(comparison, 'greater_than', 0)
}

function isNone(comparison: Comparison): boolean {
  return isCountOf(comparison, 'equals', 0) || isCountOf(comparison, 'less_than', 1)
}

function isCountOf(comparison: Comparison, comparator: Comparator['comparator'], count: number): boolean {
  if (comparison.left.kind !== 'reduction' || comparison.left.reducer.kind !== 'count') return false
  if (comparison.comparator !== comparator || !('right' in comparison)) return false
  const [right] = [comparison.right].flat()
  return right?.kind === 'literal' && right.value === count
}

function joined(all: readonly Words[], between: string): Words {
  return all.flatMap((words, index) => (index === 0 ? words : [between, ...words]))
}
