/**
 * A condition as groups of rows, and back. Groups are joined by "and who" or "and not who", the rows of one by "or":
 *
 *     trait('a') = 1 AND NOT (trait('b') = 1 OR trait('c') = 1)
 *     who have a that is 1 | and not who have b that is 1 or have c that is 1
 *
 * G1. `conditionOf(groupsOf(condition))` equals the condition.
 */
import type { Condition } from '../../../../src/language/tree.ts'

export type Quantifier = 'any' | 'all' | 'none'

/** At least one row. */
export interface Group {
  readonly isNegated: boolean
  /** For accounts: about how many of the users it is. */
  readonly quantifier: Quantifier | undefined
  readonly rows: readonly Condition[]
}

/** Lists the groups of a condition. Keeps G1. */
export function groupsOf(condition: Condition): Group[] {
  return (condition.kind === 'and' ? condition.operands : [condition]).map(groupOf)
}

function groupOf(condition: Condition): Group {
  const isNegated = condition.kind === 'not'
  const inner = isNegated ? condition.operand : condition
  const quantifier = inner.kind === 'quantifier' ? inner.quantifier : undefined
  const body = inner.kind === 'quantifier' ? inner.operand : inner
  return { isNegated, quantifier, rows: body.kind === 'or' ? body.operands : [body] }
}

/** Joins groups; undefined if there are none. Keeps G1. */
export function conditionOf(groups: readonly Group[]): Condition | undefined {
  const operands = groups.map(bodyOf).flatMap((body) => (body.kind === 'and' ? body.operands : [body]))
  return operands.length > 1 ? { kind: 'and', operands } : operands[0]
}

function bodyOf({ isNegated, quantifier, rows }: Group): Condition {
  const flat = rows.flatMap((row) => (row.kind === 'or' ? row.operands : [row]))
  const any: Condition = flat.length > 1 ? { kind: 'or', operands: flat } : flat[0]!
  const counted: Condition = quantifier ? { kind: 'quantifier', quantifier, operand: any } : any
  return isNegated ? { kind: 'not', operand: counted } : counted
}

/** Returns the list without one of its elements. */
export function without<Element>(list: readonly Element[], index: number): Element[] {
  return list.filter((_, place) => place !== index)
}

/** Returns the list with another element in the place of one. */
export function replaced<Element>(list: readonly Element[], index: number, element: Element): Element[] {
  return list.map((old, place) => (place === index ? element : old))
}

/** Returns the list with an element moved by so many places; itself if there is no such place. */
export function moved<Element>(list: readonly Element[], index: number, by: number): readonly Element[] {
  const to = index + by
  if (to < 0 || to >= list.length) return list
  const rest = without(list, index)
  return [...rest.slice(0, to), list[index]!, ...rest.slice(to)]
}
