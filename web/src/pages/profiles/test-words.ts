/** The words of a test: its comparator, and what stands to its right. */
import { printDuration } from '../../../../src/language/duration.ts'
import type { Comparison, EventField, Operand } from '../../../../src/language/tree.ts'
import { COMPARATOR_WORDS } from '../../builder/model/tests.ts'

/** The event around the one that is tested, if there is one. */
export interface Enclosed {
  readonly parent?: string
}

/** Words a comparator with its right side. */
export function testWords(comparison: Comparison, around: Enclosed): string {
  const words = COMPARATOR_WORDS[comparison.comparator]
  if ('duration' in comparison) {
    const duration = printDuration(comparison.duration)
    return words.includes('…') ? words.replace('…', duration) : `${words} ${duration}`
  }
  if (!('right' in comparison)) return words
  const own = comparison.left.kind === 'property' ? comparison.left.path : undefined
  const isList = comparison.comparator === 'one_of' || comparison.comparator === 'none_of'
  const rights = [comparison.right].flat().map((right) => rightWords(right, own, around))
  return `${words} ${rights.join(isList ? ', ' : ' or ')}`
}

function rightWords(operand: Operand, own: string | undefined, around: Enclosed): string {
  switch (operand.kind) {
    case 'literal':
      return literalWords(operand.value)
    case 'date':
      return operand.text
    case 'trait':
      return `their ${operand.name}`
    case 'property':
      if (operand.parent && operand.path === own && around.parent !== undefined) return `that of ${around.parent}`
      return fieldWords(operand, around)
    case 'context':
      return fieldWords(operand, around)
  }
}

/** Text stands in quotation marks only if it could be misread without. */
function literalWords(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value)
  return /^\S(.*\S)?$/.test(value) && !/[,"“”]/.test(value) ? value : `“${value}”`
}

export function fieldWords(field: EventField, { parent }: Enclosed): string {
  if (field.kind === 'context') return `context ${field.path}`
  return field.parent && parent !== undefined ? `${field.path} of ${parent}` : field.path
}
