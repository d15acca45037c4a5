/** The words and symbols of the language, by the role they play. Junctions are case-insensitive, all else is not. */
import { UNITS, type Unit } from '../model/time.ts'
import type {
  BinaryComparator,
  Comparator,
  DateComparator,
  Filter,
  ListComparator,
  Reducer,
  RelativeDateComparator,
} from './tree.ts'

/** A reducer as it is written: `unique_count` is written `unique(…).count()`. */
export type ReducerName = Exclude<Reducer['kind'], 'unique_count'>
export type ComparatorName = Comparator['comparator']

/** Lists the names of a closed union: one that is missing, or left over, does not compile. */
function namesOf<Name extends string>(names: Record<Name, true>): readonly Name[] {
  return Object.keys(names) as Name[]
}

const EXTRACTORS: readonly string[] = ['event', 'trait', 'property', 'context', 'literal']
export const FILTERS = namesOf<Filter['kind']>({
  where: true,
  within: true,
  between: true,
  sources: true,
  expires_after: true,
})
export const REDUCERS = namesOf<ReducerName>({
  count: true,
  sum: true,
  avg: true,
  min: true,
  max: true,
  mode: true,
  first: true,
  last: true,
  unique: true,
})
export const PREFIX_JUNCTIONS: readonly string[] = ['NOT', 'ANY', 'ALL', 'NONE']
export const INFIX_JUNCTIONS: readonly string[] = ['AND', 'OR']

export const BINARY_COMPARATORS = namesOf<BinaryComparator>({
  equals: true,
  differs: true,
  greater_than: true,
  at_least: true,
  less_than: true,
  at_most: true,
})
export const LIST_COMPARATORS = namesOf<ListComparator>({
  contains: true,
  omits: true,
  starts_with: true,
  ends_with: true,
  one_of: true,
  none_of: true,
})
export const DATE_COMPARATORS = namesOf<DateComparator>({ before_date: true, after_date: true })
export const RELATIVE_DATE_COMPARATORS = namesOf<RelativeDateComparator>({
  within_last: true,
  within_next: true,
  before_last: true,
  after_next: true,
})
export const COMPARATORS: readonly ComparatorName[] = [
  ...BINARY_COMPARATORS,
  'absent',
  'exists',
  ...LIST_COMPARATORS,
  ...DATE_COMPARATORS,
  ...RELATIVE_DATE_COMPARATORS,
]

/** The comparators that have a symbol; the printer writes the first symbol of each. */
export const SYMBOLS: ReadonlyMap<string, BinaryComparator> = new Map([
  ['=', 'equals'],
  ['==', 'equals'],
  ['!=', 'differs'],
  ['>', 'greater_than'],
  ['>=', 'at_least'],
  ['<', 'less_than'],
  ['<=', 'at_most'],
])

const ALIASES: ReadonlyMap<string, ComparatorName> = new Map<string, ComparatorName>([
  ['eq', 'equals'],
  ['neq', 'differs'],
  ['gt', 'greater_than'],
  ['gte', 'at_least'],
  ['lt', 'less_than'],
  ['lte', 'at_most'],
  ['is_null', 'absent'],
  ['is_set', 'exists'],
])

/** Returns the comparator that a word names, by its own name or by an old one. */
export function comparatorNamed(word: string): ComparatorName | undefined {
  return ALIASES.get(word) ?? (isOneOf(COMPARATORS, word) ? word : undefined)
}

const UNIT_WORDS: ReadonlyMap<string, Unit> = new Map(
  (Object.keys(UNITS) as Unit[]).flatMap((unit) => [[unit, unit] as const, [`${unit}s`, unit] as const]),
)
export const UNIT_NAMES: readonly string[] = [...UNIT_WORDS.keys()]

/** Returns the unit that a word names, in the singular or the plural. */
export function unitNamed(word: string): Unit | undefined {
  return UNIT_WORDS.get(word)
}

/** Returns the role of a known function, for messages; undefined for any other word. */
export function roleOf(word: string): 'extractor' | 'filter' | 'reducer' | 'comparator' | undefined {
  if (isOneOf(EXTRACTORS, word)) return 'extractor'
  if (isOneOf(FILTERS, word)) return 'filter'
  if (isOneOf(REDUCERS, word)) return 'reducer'
  return comparatorNamed(word) && 'comparator'
}

/** Returns true if the word is one of the names, narrowing it to them. */
export function isOneOf<Name extends string>(names: readonly Name[], word: string): word is Name {
  return (names as readonly string[]).includes(word)
}
