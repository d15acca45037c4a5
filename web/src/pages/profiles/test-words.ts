/** The words of a test of an explanation: its comparator, and what stands to its right. */
import { COMPARATOR_WORDS, type ParentEvent, wordDuration, wordReference } from '../../../../src/language/test-words.ts'
import type { Comparison } from '../../../../src/language/tree.ts'

/** Words a comparator with its right side. */
export function testWords(comparison: Comparison, around: ParentEvent): string {
  if ('duration' in comparison) return wordDuration(comparison.comparator, comparison.duration)
  const words = COMPARATOR_WORDS[comparison.comparator]
  if (!('right' in comparison)) return words
  const own = comparison.left.kind === 'property' ? comparison.left.path : undefined
  const isList = comparison.comparator === 'one_of' || comparison.comparator === 'none_of'
  const rights = [comparison.right]
    .flat()
    .map((right) => (right.kind === 'literal' ? literalWords(right.value) : wordReference(right, own, around)))
  return `${words} ${rights.join(isList ? ', ' : ' or ')}`
}

/** Text stands in quotation marks only if it could be misread without. */
function literalWords(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value)
  return /^\S(.*\S)?$/.test(value) && !/[,"“”]/.test(value) ? value : `“${value}”`
}
