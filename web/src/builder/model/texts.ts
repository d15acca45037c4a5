/** Parts of a definition that are written as text in their place, read by themselves. */
import type { DefinitionType } from '../../../../src/model/definition.ts'
import { parseQuery } from '../../../../src/language/parse.ts'
import { QueryError } from '../../../../src/language/query-error.ts'
import type { Condition, Reduction } from '../../../../src/language/tree.ts'

export function readReduction(text: string, type: DefinitionType): Reduction {
  return (parseQuery(text, { kind: 'computed_trait', type }) as { reduction: Reduction }).reduction
}

/** Reads a condition of the first level; throws a QueryError, as all of these. */
export function readCondition(text: string, type: DefinitionType): Condition {
  return (parseQuery(text, { kind: 'audience', type }) as { condition: Condition }).condition
}

/** An event, and one within it, so that a condition may speak of both. */
const AROUND = { before: "event('A').where(event('B').where(", after: ').count() >= 1).count() >= 1' } as const

/** Reads a condition that stands inside the `where` of an event, which another may be around. */
export function readInside(text: string, type: DefinitionType): Condition {
  try {
    return whereOf(whereOf(readCondition(AROUND.before + text + AROUND.after, type)))
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    const { code, line, column, message } = error
    const own = line === 1 ? column - AROUND.before.length : column
    throw new QueryError(code, { line, column: own }, message.slice(message.indexOf(': ') + 2))
  }
}

function whereOf(condition: Condition): Condition {
  const { left } = condition as { left: Reduction }
  return (left.stream.filters[0] as { condition: Condition }).condition
}
