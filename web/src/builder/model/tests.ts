/** Comparators in words, those that fit a type of value, and tests that keep their right side under another one. */
import { COMPARATOR_WORDS } from '../../../../src/language/test-words.ts'
import type { Comparator, Duration, Operand } from '../../../../src/language/tree.ts'

export type ComparatorName = Comparator['comparator']

/** The words for a number of times. */
export const COUNT_WORDS = {
  at_least: 'at least',
  equals: 'exactly',
  at_most: 'at most',
  greater_than: 'more than',
  less_than: 'fewer than',
} as const

/** Hints where the words alone would mislead. */
export const COMPARATOR_HINTS: Partial<Record<ComparatorName, string>> = {
  differs: 'Leaves out whoever does not have it.',
  none_of: 'Takes in whoever does not have it.',
  omits: 'Takes in whoever does not have it.',
}

const OF_TYPE: Readonly<Record<string, readonly ComparatorName[]>> = {
  number: [
    'equals',
    'differs',
    'at_least',
    'at_most',
    'greater_than',
    'less_than',
    'one_of',
    'none_of',
    'exists',
    'absent',
  ],
  boolean: ['equals', 'differs', 'exists', 'absent'],
  string: [
    'equals',
    'differs',
    'one_of',
    'none_of',
    'contains',
    'omits',
    'starts_with',
    'ends_with',
    'exists',
    'absent',
  ],
  date: ['before_date', 'after_date', 'within_last', 'within_next', 'before_last', 'after_next', 'exists', 'absent'],
}

/** Lists the comparators that fit a type of value first, then all others. */
export function comparatorsFor(type: string | undefined): ComparatorName[] {
  const fitting = OF_TYPE[type ?? ''] ?? []
  const all = Object.keys(COMPARATOR_WORDS) as ComparatorName[]
  return [...fitting, ...all.filter((name) => !fitting.includes(name))]
}

const LISTS: ReadonlySet<ComparatorName> = new Set([
  'one_of',
  'none_of',
  'contains',
  'omits',
  'starts_with',
  'ends_with',
])
const RELATIVE: ReadonlySet<ComparatorName> = new Set(['within_last', 'within_next', 'before_last', 'after_next'])
const ALONE: ReadonlySet<ComparatorName> = new Set(['exists', 'absent'])
const DATES: ReadonlySet<ComparatorName> = new Set(['before_date', 'after_date'])
const A_DAY = 86_400_000

export type RightKind = 'none' | 'duration' | 'list' | 'date' | 'one'

/** Returns what stands to the right of a comparator. */
export function rightKindOf(comparator: ComparatorName): RightKind {
  if (ALONE.has(comparator)) return 'none'
  if (RELATIVE.has(comparator)) return 'duration'
  if (LISTS.has(comparator)) return 'list'
  return DATES.has(comparator) ? 'date' : 'one'
}

/** Returns the test with another comparator; its right side stays as far as it fits. @param today epoch ms */
export function withComparator(test: Comparator, comparator: ComparatorName, today: number): Comparator {
  const rights = 'right' in test ? [test.right].flat() : []
  switch (rightKindOf(comparator)) {
    case 'none':
      return { comparator } as Comparator
    case 'duration':
      return { comparator, duration: 'duration' in test ? test.duration : DAYS } as Comparator
    case 'list':
      return { comparator, right: rights.length > 0 ? rights : [EMPTY] } as Comparator
    case 'date':
      return { comparator, right: rights.find(isInstant) ?? dateOf(today) } as Comparator
    case 'one':
      return { comparator, right: rights[0] ?? EMPTY } as Comparator
  }
}

const DAYS: Duration = { amount: 7, unit: 'day' }
const EMPTY: Operand = { kind: 'literal', value: '' }

function isInstant(operand: Operand): boolean {
  return operand.kind !== 'literal'
}

function dateOf(instant: number): Operand {
  return { kind: 'date', text: new Date(Math.floor(instant / A_DAY) * A_DAY).toISOString().slice(0, 10) }
}

/** Reads what was typed as a value: a number or a truth where the type says so, otherwise text. */
export function literalOf(text: string, type: string | undefined): Operand {
  const trimmed = text.trim()
  if (type !== 'string' && /^[+-]?\d+(\.\d+)?$/.test(trimmed)) return { kind: 'literal', value: Number(trimmed) }
  if (type !== 'string' && (trimmed === 'true' || trimmed === 'false'))
    return { kind: 'literal', value: trimmed === 'true' }
  if (/^\d{4}-\d\d-\d\d/.test(trimmed) && type === 'date') return { kind: 'date', text: trimmed }
  // The language has no text for a string that ends in a backslash.
  return { kind: 'literal', value: text.replace(/\\+$/, '') }
}

/** Words an operand: a value as it is, a reference as what it refers to. */
export function wordsOf(operand: Operand, parent: string | undefined): string {
  switch (operand.kind) {
    case 'literal':
      return operand.value === '' ? 'a value' : String(operand.value)
    case 'date':
      return operand.text
    case 'trait':
      return `their ${operand.name}`
    case 'context':
      return `context ${operand.path}`
    case 'property':
      return operand.parent ? `${operand.path} of ${parent ?? 'the event around it'}` : operand.path
  }
}
