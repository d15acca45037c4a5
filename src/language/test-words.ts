/** Tests in plain English, in one place for all that words queries: comparators, fields, and references. */
import { printDuration } from './duration.ts'
import type { Comparator, Duration, EventField, Operand } from './tree.ts'

/** The event around the one that is tested, if there is one. */
export interface ParentEvent {
  readonly parent?: string
}

/** In the order in which builders offer them; a duration stands for `…`, and behind all others that have one. */
export const COMPARATOR_WORDS = {
  equals: 'is',
  differs: 'is not',
  one_of: 'is any of',
  none_of: 'is none of',
  at_least: 'is at least',
  at_most: 'is at most',
  greater_than: 'is more than',
  less_than: 'is less than',
  contains: 'contains',
  omits: 'does not contain',
  starts_with: 'starts with',
  ends_with: 'ends with',
  exists: 'is there',
  absent: 'is not there',
  before_date: 'is before',
  after_date: 'is after',
  within_last: 'is within the last',
  within_next: 'is within the next',
  before_last: 'is at least … ago',
  after_next: 'is at least … from now',
} as const satisfies Record<Comparator['comparator'], string>

/** Words a comparator with its duration. */
export function wordDuration(comparator: Comparator['comparator'], duration: Duration): string {
  const [words, text]: [string, string] = [COMPARATOR_WORDS[comparator], printDuration(duration)]
  return words.includes('…') ? words.replace('…', text) : `${words} ${text}`
}

/** Words a reference to something else. @param own the path of the property that is compared with it */
export function wordReference(
  operand: Exclude<Operand, { kind: 'literal' }>,
  own: string | undefined,
  around: ParentEvent,
): string {
  switch (operand.kind) {
    case 'date':
      return operand.text
    case 'trait':
      return `their ${operand.name}`
    case 'property':
      if (operand.parent && operand.path === own && around.parent !== undefined) return `that of ${around.parent}`
      return wordField(operand, around)
    case 'context':
      return wordField(operand, around)
  }
}

export function wordField(field: EventField, { parent }: ParentEvent): string {
  if (field.kind === 'context') return `context ${field.path}`
  return field.parent && parent !== undefined ? `${field.path} of ${parent}` : field.path
}
