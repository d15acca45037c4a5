/**
 * Prints trees as canonical text: symbols for the comparators that have one, single spaces, no parentheses that are not
 * needed. For every tree that `parseQuery` makes, `parseQuery(printQuery(tree))` equals it.
 */
import { printDuration } from './duration.ts'
import type {
  Comparator,
  Comparison,
  Condition,
  EventField,
  Filter,
  Operand,
  Query,
  Reducer,
  Reduction,
  Scalar,
} from './tree.ts'
import { SYMBOLS } from './vocabulary.ts'

/** Prints a definition. */
export function printQuery(query: Query): string {
  return query.kind === 'audience' ? printCondition(query.condition) : printReduction(query.reduction)
}

/** Prints a condition without parentheses around it. */
export function printCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'or':
      return condition.operands.map((operand) => printOperandOf('or', operand)).join(' OR ')
    case 'and':
      return condition.operands.map((operand) => printOperandOf('and', operand)).join(' AND ')
    case 'not':
      return `NOT ${printOperandOf('prefix', condition.operand)}`
    case 'quantifier':
      return `${condition.quantifier.toUpperCase()} ${printOperandOf('prefix', condition.operand)}`
    case 'comparison':
      return printComparison(condition)
  }
}

/** Junctions go into parentheses inside one another, but for `and` inside `or`, which binds tighter. */
function printOperandOf(outer: 'or' | 'and' | 'prefix', operand: Condition): string {
  const bare = operand.kind === 'and' ? outer === 'or' : operand.kind !== 'or'
  return bare ? printCondition(operand) : `(${printCondition(operand)})`
}

/** The first symbol of each comparator that has one. */
const SYMBOL_OF: ReadonlyMap<string, string> = new Map([...SYMBOLS].reverse().map(([symbol, name]) => [name, symbol]))

function printComparison(comparison: Comparison): string {
  return `${printScalar(comparison.left)}${printComparator(comparison)}`
}

/** Prints all of a comparison after its left side. */
export function printComparator(test: Comparator): string {
  const { comparator } = test
  if ('duration' in test) return `.${comparator}(${printDuration(test.duration)})`
  const operands = 'right' in test ? [test.right].flat().map(printOperand).join(', ') : ''
  const symbol = SYMBOL_OF.get(comparator)
  return symbol ? ` ${symbol} ${operands}` : `.${comparator}(${operands})`
}

function printScalar(scalar: Scalar): string {
  if (scalar.kind === 'reduction') return printReduction(scalar)
  return scalar.kind === 'trait' ? `trait(${quote(scalar.name)})` : printField(scalar)
}

function printField(field: EventField): string {
  const parent = field.kind === 'property' && field.parent ? 'parent: ' : ''
  return `${field.kind}(${parent}${quote(field.path)})`
}

function printOperand(operand: Operand): string {
  if (operand.kind === 'date') return operand.text
  if (operand.kind !== 'literal') return printScalar(operand)
  return typeof operand.value === 'string' ? quote(operand.value) : String(operand.value)
}

/** Prints a stream and its reducer. */
export function printReduction({ stream, reducer }: Reduction): string {
  const steps = [...stream.filters.map(printFilter), printReducer(reducer)]
  return [`event(${quote(stream.event)})`, ...steps].join('.')
}

export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'where':
      return `where(${printCondition(filter.condition)})`
    case 'within':
      return `within(${printParent(filter)}${printDuration(filter.duration)})`
    case 'between':
      return `between(${printParent(filter)}${printDuration(filter.from)}, ${printDuration(filter.to)})`
    case 'sources':
      return `sources({exclude: ${filter.exclude.map(quote).join(', ')}})`
    case 'expires_after':
      return `expires_after(${printDuration(filter.duration)})`
  }
}

function printParent({ parent }: { readonly parent: boolean }): string {
  return parent ? 'parent: ' : ''
}

export function printReducer(reducer: Reducer): string {
  if (reducer.kind === 'count') return 'count()'
  const of = printField(reducer.of)
  switch (reducer.kind) {
    case 'unique_count':
      return `unique(${of}).count()`
    case 'min':
    case 'max':
      return `${reducer.kind}(${of}${reducer.as === 'number' ? '' : ` as ${reducer.as}`})`
    case 'mode':
      return `mode(${of}${reducer.as === 'value' ? '' : ` as ${reducer.as}`}, ${reducer.minFrequency})`
    case 'sum':
    case 'avg':
    case 'first':
    case 'last':
    case 'unique':
      return `${reducer.kind}(${of})`
  }
}

/**
 * Quotes a string. The delimiter is escaped wherever it occurs, so every string can be written but one that ends in a
 * backslash, which would escape the closing delimiter; the parser makes none.
 */
export function quote(text: string): string {
  if (text.endsWith('\\')) throw new Error('The query language has no text for a string that ends in a backslash.')
  const delimiter = text.includes("'") && !text.includes('"') ? '"' : "'"
  return `${delimiter}${text.replaceAll(delimiter, `\\${delimiter}`)}${delimiter}`
}
