/**
 * Compiles conditions that look at one event alone, and finds the equality by which an index can select them.
 *
 * Example: `property('price') >= 100 AND property('kind') = 'shoes'` becomes one test of an event, and the
 * discriminator `kind` = `shoes`: the test runs only for events with that kind.
 */
import type { Comparison, Condition, Operand } from '../../src/language/tree.ts'
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { compileConstantTest, compileTest } from '../values/comparators.ts'
import type { Discriminator } from '../plan/event-index.ts'
import { compileField, fieldKey, type FieldReader } from './field-reader.ts'
import { rightsOf } from './references.ts'

export type EventTest = (event: ProfileEvent) => boolean

/** Compiles a conjunction to one test; undefined if there is nothing to test. */
export function compileEventTest(conjuncts: readonly Condition[]): EventTest | undefined {
  const tests = conjuncts.map(compileCondition)
  if (tests.length < 2) return tests[0]
  return (event) => tests.every((test) => test(event))
}

function compileCondition(condition: Condition): EventTest {
  switch (condition.kind) {
    case 'and': {
      const tests = condition.operands.map(compileCondition)
      return (event) => tests.every((test) => test(event))
    }
    case 'or': {
      const tests = condition.operands.map(compileCondition)
      return (event) => tests.some((test) => test(event))
    }
    case 'not': {
      const test = compileCondition(condition.operand)
      return (event) => !test(event)
    }
    case 'quantifier':
      throw new Error('a quantifier inside an event condition')
    case 'comparison':
      return compileComparison(condition)
  }
}

function compileComparison(comparison: Comparison): EventTest {
  const left = readField(comparison.left)
  if ('duration' in comparison) throw new Error('a comparison with the clock looks at more than the event')
  const operands = 'right' in comparison ? rightsOf(comparison.right) : []
  const constants = operands.map(literalOf).filter((value) => value !== undefined)
  if (constants.length === operands.length) {
    const constantTest = compileConstantTest(comparison.comparator, constants)
    return (event) => constantTest(left(event))
  }
  const test = compileTest(comparison.comparator)
  const readers = operands.map((operand) => {
    const constant = literalOf(operand)
    return constant === undefined ? readField(operand) : () => constant
  })
  return (event) =>
    test(
      left(event),
      readers.map((read) => read(event)),
    )
}

function readField(side: Operand | Comparison['left']): FieldReader {
  if (side.kind !== 'property' && side.kind !== 'context')
    throw new Error(`a ${side.kind} where only the event is looked at`)
  return compileField(side)
}

/** Returns the constant value of an operand (a date is its text); undefined if it is not constant. */
export function literalOf(operand: Operand): JsonValue | undefined {
  if (operand.kind === 'literal') return operand.value
  return operand.kind === 'date' ? operand.text : undefined
}

/** Finds the first conjunct that asks a field to equal one of some constants. */
export function findDiscriminator(conjuncts: readonly Condition[]): Discriminator | undefined {
  for (const conjunct of conjuncts) {
    if (conjunct.kind !== 'comparison' || !('right' in conjunct)) continue
    if (conjunct.comparator !== 'equals' && conjunct.comparator !== 'one_of') continue
    const { left } = conjunct
    if (left.kind !== 'property' && left.kind !== 'context') continue
    const values = rightsOf(conjunct.right).map(literalOf)
    if (values.every((value) => value !== undefined)) return { field: fieldKey(left), read: compileField(left), values }
  }
  return undefined
}
