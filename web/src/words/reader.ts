/** The conditions of a query in words, each by its place in the text. What cannot be read is its own text. */
import { parsePlacedQuery, parseQuery } from '../../../src/language/parse.ts'
import type { Comparison, Condition } from '../../../src/language/tree.ts'
import { wordQuery as explainedText } from '../../../src/language/wording.ts'
import type { DefinitionType } from '../../../src/model/definition.ts'
import { type Around, audienceOf, wheresOf, wordCondition, wordQuery, within } from './definition-words.ts'
import { aroundAll, NO_NAMES, read } from './sentence.ts'
import { say, type Words } from './words.ts'

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

/** Returns a reader of the conditions of an audience's query, each by its place. */
export function conditionReader(
  text: string,
  type: DefinitionType,
  audienceNames = NO_NAMES,
): (place: Place) => ReadCondition {
  const found = new Map<string, ReadCondition>()
  const around = aroundAll(type, audienceNames)
  const parsed = read(() => parsePlacedQuery(text, { kind: 'audience', type }))
  if (parsed?.query.kind === 'audience')
    eachCondition(parsed.query.condition, around, (condition, inner) => {
      const place = parsed.places.get(condition)
      if (place) found.set(`${place.start}:${place.end}`, readOf(condition, inner))
    })
  return ({ start, end }) => {
    return found.get(`${start}:${end}`) ?? { words: wordsOf(text.slice(start, end), around), kind: 'unknown' }
  }
}

/** True if an audience's query is the one whose text an explanation gives: its places are those of this query. */
export function isExplained(text: string, type: DefinitionType, explained: string): boolean {
  return read(() => explainedText(parseQuery(text, { kind: 'audience', type }), type)) === explained
}

function wordsOf(text: string, around: Around): Words {
  const type = around.isAccount ? 'ACCOUNTS' : 'USERS'
  const query = read(() => parseQuery(text, { kind: 'audience', type }))
  return query ? wordQuery(query, around) : [text]
}

function readOf(condition: Condition, around: Around): ReadCondition {
  const said = wordCondition(condition, around)
  const isStep = around.event !== undefined && eventOf(condition) !== undefined
  const words = isStep ? say`then ${said}` : said
  const event = eventOf(condition)
  return { words, kind: kindOf(condition, around), ...(event !== undefined && { event }) }
}

function kindOf(condition: Condition, around: Around): ConditionKind {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return 'junction'
    case 'not':
    case 'quantifier':
      return condition.kind
    case 'comparison':
      return kindOfComparison(condition, around)
  }
}

function kindOfComparison(comparison: Comparison, around: Around): ConditionKind {
  const { left } = comparison
  if (left.kind === 'trait') return audienceOf(comparison, around) === undefined ? 'trait' : 'membership'
  if (left.kind !== 'reduction') return 'field'
  return left.reducer.kind === 'count' ? 'count' : 'value'
}

function eventOf(condition: Condition): string | undefined {
  const inner = condition.kind === 'not' ? condition.operand : condition
  return inner.kind === 'comparison' && inner.left.kind === 'reduction' ? inner.left.stream.event : undefined
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
      eachCondition(condition.operand, around, visit)
      return
    case 'quantifier':
      eachCondition(condition.operand, { ...around, isAccount: false }, visit)
      return
    case 'comparison':
      if (condition.left.kind !== 'reduction') return
      for (const inner of wheresOf(condition.left)) eachCondition(inner, within(condition.left, around), visit)
  }
}
