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

const EXTRACTORS: readonly string[] = ['event', 'trait', 'property', 'context', 'literal']
export const FILTERS: readonly Filter['kind'][] = ['where', 'within', 'between', 'sources', 'expires_after']
export const REDUCERS: readonly ReducerName[] = ['count', 'sum', 'avg', 'min', 'max', 'mode', 'first', 'last', 'unique']
export const PREFIX_JUNCTIONS: readonly string[] = ['NOT', 'ANY', 'ALL', 'NONE']
export const INFIX_JUNCTIONS: readonly string[] = ['AND', 'OR']

export const BINARY_COMPARATORS: readonly BinaryComparator[] = [
  'equals',
  'differs',
  'greater_than',
  'at_least',
  'less_than',
  'at_most',
]
export const LIST_COMPARATORS: readonly ListComparator[] = [
  'contains',
  'omits',
  'starts_with',
  'ends_with',
  'one_of',
  'none_of',
]
export const DATE_COMPARATORS: readonly DateComparator[] = ['before_date', 'after_date']
export const RELATIVE_DATE_COMPARATORS: readonly RelativeDateComparator[] = [
  'within_last',
  'within_next',
  'before_last',
  'after_next',
]
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

/** The comparator that a word names, by its own name or by one of old. */
export function comparatorNamed(word: string): ComparatorName | undefined {
  return ALIASES.get(word) ?? (isOneOf(COMPARATORS, word) ? word : undefined)
}

const UNIT_WORDS: ReadonlyMap<string, Unit> = new Map(
  (Object.keys(UNITS) as Unit[]).flatMap((unit) => [[unit, unit] as const, [`${unit}s`, unit] as const]),
)
export const UNIT_NAMES: readonly string[] = [...UNIT_WORDS.keys()]

/** The unit that a word names, in the singular or the plural. */
export function unitNamed(word: string): Unit | undefined {
  return UNIT_WORDS.get(word)
}

/** What a known function is, for messages; undefined for any other word. */
export function roleOf(word: string): 'extractor' | 'filter' | 'reducer' | 'comparator' | undefined {
  if (isOneOf(EXTRACTORS, word)) return 'extractor'
  if (isOneOf(FILTERS, word)) return 'filter'
  if (isOneOf(REDUCERS, word)) return 'reducer'
  return comparatorNamed(word) && 'comparator'
}

/** Whether the word is one of the names, narrowing it to them. */
export function isOneOf<Name extends string>(names: readonly Name[], word: string): word is Name {
  return (names as readonly string[]).includes(word)
}
