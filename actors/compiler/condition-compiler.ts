/**
 * Compiles the part of a definition outside any `where`: junctions over comparisons of traits and of reduced streams.
 *
 * Example: `event('A').count() >= 2 AND trait('plan') = 'pro'` becomes a closure over two tests. The first reads the
 * value of the stream node for 'A', and is visited only when the comparison flips; the second reads the trait, and
 * is found through the trait index under `plan` = `pro`.
 */
import { printCondition } from '../../src/language/print.ts'
import type { Comparison, Condition, Operand, Reduction, RelativeDateComparator } from '../../src/language/tree.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { compileConstantTest, compileTest, compileTimedTest } from '../values/comparators.ts'
import type { DefinitionHost } from '../plan/host.ts'
import { valueOfNothing } from '../plan/stream-node.ts'
import { type Reached, reachedOf } from '../values/values.ts'
import { edgesOf } from './edges.ts'
import { literalOf } from './event-test.ts'
import type { Dependents } from '../plan/dependents.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import { rightsOf } from './references.ts'
import { UNNUMBERED } from './node-registry.ts'
import { type CompiledDefinition, compileTrait, type PlanScope, resolutionOf } from './scope.ts'
import type { StreamCompiler } from './stream-compiler.ts'
import { addEquality } from '../plan/trait-index.ts'
import type { TraitReader } from '../values/trait-reader.ts'

type Truth = (host: DefinitionHost) => boolean
type Read = (host: DefinitionHost) => Reached

export class ConditionCompiler {
  readonly #scope: PlanScope
  readonly #streams: StreamCompiler
  readonly #definition: CompiledDefinition
  /** The longest time that an event matters by itself for what has been compiled, ms. */

  constructor(scope: PlanScope, streams: StreamCompiler, definition: CompiledDefinition) {
    this.#scope = scope
    this.#streams = streams
    this.#definition = definition
  }

  condition(condition: Condition): Truth {
    switch (condition.kind) {
      case 'and': {
        const operands = condition.operands.map((operand) => this.condition(operand))
        return (host) => operands.every((operand) => operand(host))
      }
      case 'or': {
        const operands = condition.operands.map((operand) => this.condition(operand))
        return (host) => operands.some((operand) => operand(host))
      }
      case 'not': {
        const operand = this.condition(condition.operand)
        return (host) => !operand(host)
      }
      case 'quantifier':
        return this.#quantifier(condition.quantifier, condition.operand)
      case 'comparison':
        return this.#comparison(condition)
    }
  }

  /** Compiles the reduced value of a stream; null if there is none. */
  reduction(reduction: Reduction): (host: DefinitionHost) => JsonValue {
    return this.#reduction(reduction, (dependents) => dependents.definitions.add(this.#definition.definition))
  }

  #quantifier(quantifier: 'any' | 'all' | 'none', operand: Condition): Truth {
    const node = this.#scope.conditionNode(operand, this.#definition.since)
    node.acrossDependents.definitions.add(this.#definition.definition)
    this.#scope.onQuantifier(this.#definition.definition)
    this.#definition.inputs.names.add(`condition ${node.id}`)
    switch (quantifier) {
      case 'any':
        return (host) => host.usersSatisfying(node.id) > 0
      case 'all':
        return (host) => host.usersSatisfying(node.id) === host.userCount
      case 'none':
        return (host) => host.usersSatisfying(node.id) === 0
    }
  }

  #comparison(comparison: Comparison): Truth {
    const { left } = comparison
    if ('duration' in comparison) return this.#timed(comparison)
    const operands = 'right' in comparison ? rightsOf(comparison.right) : []
    const constants = operands.map(literalOf).filter((value) => value !== undefined)
    const isConstant = constants.length === operands.length
    if (left.kind === 'reduction' && isConstant) return this.#streamComparison({ ...comparison, left }, constants)
    if (left.kind === 'trait' && isConstant && comparison.comparator === 'equals')
      return this.#traitEquality(left.name, constants[0]!)
    const watch = (dependents: Dependents) => dependents.definitions.add(this.#definition.definition)
    const read = this.#scalar(left, watch)
    if (isConstant) {
      const constantTest = compileConstantTest(comparison.comparator, constants)
      return (host) => constantTest(read(host))
    }
    const test = compileTest(comparison.comparator)
    const rights = operands.map((operand) => this.#operand(operand, watch))
    return (host) =>
      test(
        read(host),
        rights.map((right) => right(host)),
      )
  }

  /** Compiles a comparison of the stream; definitions are visited only when it flips. */
  #streamComparison(comparison: Comparison & { left: Reduction }, constants: readonly JsonValue[]): Truth {
    const test = compileConstantTest(
      comparison.comparator as Exclude<Comparison['comparator'], RelativeDateComparator>,
      constants,
    )
    const node = this.#stream(comparison.left)
    const key = printCondition({ ...comparison, left: { ...comparison.left, stream: { event: '', filters: [] } } })
    const compared = this.#streams.comparison(node, key, {
      test: (value) => test(reachedOf(value)),
      edges: edgesOf(comparison),
    })
    compared.definitions.add(this.#definition.definition)
    const ofNothing = valueOfNothing(node.reducer)
    return (host) => compared.test(host.streamValue(node.id) ?? ofNothing)
  }

  #traitEquality(name: string, constant: JsonValue): Truth {
    const test = compileConstantTest('equals', [constant])
    const target = this.#scope.keys.resolve(this.#scope.kind, name)
    if (target.kind === 'custom') {
      this.#scope.traits.register(target.keys, (readers) =>
        addEquality(readers, name, target.read, constant, this.#definition.definition),
      )
      const reader = { kind: 'custom', read: target.read } as const
      this.#definition.inputs.names.add(resolutionOf(name, reader))
      return (host) => test(host.readTrait(reader))
    }
    const reader = this.#trait(name, (dependents) => dependents.definitions.add(this.#definition.definition))
    return (host) => test(host.readTrait(reader))
  }

  #timed(comparison: Comparison & { duration: unknown }): Truth {
    const watched: Dependents[] = []
    const { left, text } = this.#timedSide(comparison, (dependents) => watched.push(dependents))
    const key = JSON.stringify(['timed', printCondition(comparison), text])
    const test = compileTimedTest(comparison as Parameters<typeof compileTimedTest>[0])
    const node = this.#streams.timedNode(
      { kind: 'timed', key, id: UNNUMBERED, read: left, test, definitions: new Set() },
      watched,
    )
    node.definitions.add(this.#definition.definition)
    this.#definition.inputs.nodes.add(node)
    return (host) => host.timedTruth(node.id)
  }

  /** Compiles what is compared with the clock. `text` tells what it is. */
  #timedSide({ left }: Comparison, watch: (dependents: Dependents) => void): { left: Read; text: string } {
    if (left.kind === 'trait') {
      const reader = this.#trait(left.name, watch)
      return { left: (host) => host.readTrait(reader), text: resolutionOf(left.name, reader) }
    }
    return { left: this.#scalar(left, watch), text: left.kind === 'reduction' ? this.#stream(left).key : '' }
  }

  #scalar(scalar: Comparison['left'], watch: (dependents: Dependents) => void): Read {
    if (scalar.kind === 'trait') {
      const reader = this.#trait(scalar.name, watch)
      return (host) => host.readTrait(reader)
    }
    if (scalar.kind !== 'reduction') throw new Error(`a ${scalar.kind} outside of any where`)
    const value = this.#reduction(scalar, watch)
    return (host) => reachedOf(value(host))
  }

  #operand(operand: Operand, watch: (dependents: Dependents) => void): Read {
    const constant = literalOf(operand)
    if (constant !== undefined) return () => constant
    return this.#scalar(operand as Comparison['left'], watch)
  }

  #reduction(reduction: Reduction, watch: (dependents: Dependents) => void): (host: DefinitionHost) => JsonValue {
    const node = this.#stream(reduction)
    watch(node.watchers)
    const ofNothing = valueOfNothing(reduction.reducer)
    return (host) => host.streamValue(node.id) ?? ofNothing
  }

  #stream(reduction: Reduction): StreamNode {
    const node = this.#streams.stream(reduction, this.#definition.since)
    this.#definition.inputs.nodes.add(node)
    return node
  }

  #trait(name: string, watch: (dependents: Dependents) => void): TraitReader {
    const reader = compileTrait(this.#scope, name, watch)
    this.#definition.inputs.names.add(resolutionOf(name, reader))
    return reader
  }
}
