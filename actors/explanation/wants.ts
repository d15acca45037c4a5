/** Says what would make a condition hold that does not, in plain English. */
import type { Comparison, Condition } from '../../src/language/tree.ts'
import { wordAim, wordMore } from '../../src/language/wording.ts'
import type { ExplainedCondition } from '../../src/model/explanation.ts'
import type { JsonValue } from '../../src/model/json.ts'

/**
 * @param of the conditions that it joins, as they are explained
 * @param event the name of the event in whose `where` it is
 * @param value of the left side of a comparison
 */
export function wantsOf(
  condition: Condition,
  of: readonly ExplainedCondition[],
  event?: string,
  value?: JsonValue,
): string {
  const open = of.flatMap(({ wants }) => (wants === undefined ? [] : [wants]))
  if (condition.kind === 'and') return open.join('; and ')
  if (condition.kind === 'or') return open.join('; or ')
  const more = condition.kind === 'comparison' ? missing(condition, value) : 0
  if (more > 0 && condition.kind === 'comparison' && condition.left.kind === 'reduction')
    return wordMore(condition.left, more, event)
  return wordAim(condition, event)
}

/** Returns how many events more a count needs; 0 if it is no such count. */
function missing(comparison: Comparison, value: JsonValue | undefined): number {
  const { left, comparator } = comparison
  if (left.kind !== 'reduction' || left.reducer.kind !== 'count' || typeof value !== 'number') return 0
  if (comparator !== 'at_least' && comparator !== 'greater_than' && comparator !== 'equals') return 0
  const { right } = comparison
  if (right.kind !== 'literal' || typeof right.value !== 'number') return 0
  const least = comparator === 'greater_than' ? Math.floor(right.value) + 1 : Math.ceil(right.value)
  return Math.max(0, least - value)
}
