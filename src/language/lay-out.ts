/**
 * Prints trees over several lines, as a person would lay them out: what fits a line stands on it, and what does not is
 * broken before its filters and its `AND` and `OR`. It says the same as the canonical text.
 *
 *     event('Product Added')
 *       .where(property('price') >= 100 AND NOT event('Order Completed').within(parent: 1 hour).count() >= 1)
 *       .between(1 hour, 7 days).count() >= 1
 *     AND trait('plan') = 'basic'
 */
import { printComparator, printCondition, printFilter, printReducer, quote } from './print.ts'
import type { Condition, Filter, Query, Reduction } from './tree.ts'

/** A line is broken if it is longer. */
const LINE_MAX = 88
const INDENT = '  '

/** Prints a definition. */
export function layOutQuery(query: Query): string {
  return query.kind === 'audience' ? layOut(query.condition, '') : layOutReduction(query.reduction, '')
}

/** @param indent stands before every line but the first */
function layOut(condition: Condition, indent: string): string {
  const text = printCondition(condition)
  if (fits(text, indent) && !(indent === '' && condition.kind === 'and')) return text
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const junction = `\n${indent}${condition.kind.toUpperCase()} `
      return condition.operands.map((operand) => layOutOperand(operand, condition.kind, indent)).join(junction)
    }
    case 'not':
      return `NOT ${layOutOperand(condition.operand, 'prefix', indent)}`
    case 'quantifier':
      return `${condition.quantifier.toUpperCase()} ${layOutOperand(condition.operand, 'prefix', indent)}`
    case 'comparison': {
      const { left } = condition
      if (left.kind !== 'reduction') return text
      return `${layOutReduction(left, indent)}${printComparator(condition)}`
    }
  }
}

function layOutOperand(operand: Condition, outer: 'and' | 'or' | 'prefix', indent: string): string {
  const isBare = operand.kind === 'and' ? outer === 'or' : operand.kind !== 'or'
  return isBare ? layOut(operand, indent) : `(${layOut(operand, `${indent}${INDENT}`)})`
}

function layOutReduction({ stream, reducer }: Reduction, indent: string): string {
  const inner = `${indent}${INDENT}`
  const head = `event(${quote(stream.event)})`
  const end = printReducer(reducer)
  const line = [head, ...stream.filters.map(printFilter), end].join('.')
  if (fits(line, indent)) return line
  const steps = stream.filters.map((filter) => `\n${inner}.${layOutFilter(filter, inner)}`)
  const isLastLong = stream.filters.at(-1)?.kind === 'where'
  return `${head}${steps.join('')}${isLastLong ? `\n${inner}` : ''}.${end}`
}

function layOutFilter(filter: Filter, indent: string): string {
  return filter.kind === 'where' ? `where(${layOut(filter.condition, `${indent}${INDENT}`)})` : printFilter(filter)
}

function fits(text: string, indent: string): boolean {
  return indent.length + text.length <= LINE_MAX
}
