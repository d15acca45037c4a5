/**
 * The conditions by which a preview breaks its number down: those of the outermost AND, and of the ORs among them.
 *
 * Example: of `a AND (b OR c)` they are a, `b OR c`, b and c. Without a, `b OR c` is left; without b, `a AND c`.
 */
import type { Place } from '../language/cursor.ts'
import { parsePlacedQuery } from '../language/parse.ts'
import type { Condition } from '../language/tree.ts'
import type { DefinitionSource } from '../model/definition.ts'

/** Further conditions are left out. */
export const CONDITIONS_MAX = 16

export interface PreviewPart {
  readonly place: Place
  readonly condition: Condition
  /** The whole definition without it. */
  readonly rest: Condition
  /** True for one of several that an OR joins. */
  readonly isAlternative: boolean
}

/** Lists the conditions of an audience, in the order of its text; none of a computed trait. */
export function partsOf(source: DefinitionSource): PreviewPart[] {
  const { query, places } = parsePlacedQuery(source.query, source)
  if (query.kind !== 'audience') return []
  const partOf = (condition: Condition, others: readonly Condition[], isAlternative: boolean): PreviewPart => ({
    place: places.get(condition)!,
    condition,
    rest: joined('and', others),
    isAlternative,
  })
  const operands = query.condition.kind === 'and' ? query.condition.operands : [query.condition]
  const parts = operands.flatMap((operand) => {
    const others = operands.filter((other) => other !== operand)
    const alternatives = operand.kind === 'or' ? operand.operands : []
    const ofOr = alternatives.map((one) => {
      const left = alternatives.filter((other) => other !== one)
      return partOf(one, [...others, joined('or', left)], true)
    })
    return [partOf(operand, others, false), ...ofOr]
  })
  return parts.slice(0, CONDITIONS_MAX)
}

function joined(kind: 'and' | 'or', operands: readonly Condition[]): Condition {
  return operands.length === 1 ? operands[0]! : { kind, operands }
}
