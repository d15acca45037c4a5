/**
 * Compiles streams whose test looks at more than the event: the occurrences that are judged, the verdict on each, and,
 * for a funnel, the children that a verdict counts. A child's own part is judged once for all parents; a test of the
 * parent's properties runs for each pair.
 *
 * Example: `event('Added').where(NOT event('Ordered').within(parent: 1 hour).count() >= 1)` makes an occurrence node
 * for 'Ordered' and one for 'Added'. Each 'Added' is judged when it comes and again when an 'Ordered' within its hour
 * comes or goes.
 */
import type { Since } from '../plan/since.ts'
import type { Comparison, Condition, EventField, Operand, Reduction } from '../../src/language/tree.ts'
import { compileTest, compileTimedTest, type Horizon, type TimedTest } from '../values/comparators.ts'
import { type ChildQuery, evaluateChild } from '../funnels/child-query.ts'
import type { Occurrence } from '../plan/occurrence.ts'
import type { OccurrenceNode } from '../plan/occurrence-node.ts'
import type { Host } from '../plan/host.ts'
import { fieldOf, takesArraysWhole } from '../reducers/create-accumulator.ts'
import type { Window } from '../plan/stream-node.ts'
import { type Reached, reachedOf } from '../values/values.ts'
import { countMaxOf } from './edges.ts'
import { literalOf } from './event-test.ts'
import { compileField, fieldKey } from './field-reader.ts'
import { rightsOf } from './references.ts'
import { compileTrait, type PlanScope, resolutionOf } from './scope.ts'
import { type NodeRegistry, UNNUMBERED } from './node-registry.ts'
import { conjunctsKey, type StreamParts, takeApart } from './stream-parts.ts'

/** The occurrence that a condition inside a `where` looks at, with its parent if there is one. */
interface OccurrencePair {
  readonly occurrence: Occurrence
  readonly parent: Occurrence | undefined
  readonly host: Host
  readonly horizon: Horizon
}

type PairCondition = (pair: OccurrencePair) => boolean
type PairRead = (pair: OccurrencePair) => Reached

/** The surroundings of a condition inside a `where`. */
interface Surrounding {
  /** The occurrences whose event the condition is about. */
  readonly node: OccurrenceNode
  readonly parent: OccurrenceNode | undefined
  /** The occurrences to judge again when an input of the condition changes, and how far before `node`'s they reach. */
  readonly judged: OccurrenceNode
  readonly offset: Window
  readonly window: number
  readonly since: Since
}

const HERE: Window = { from: 0, to: 1 }

export class OccurrenceCompiler {
  readonly #scope: PlanScope
  readonly #registry: NodeRegistry
  readonly #nodes = new Map<string, OccurrenceNode>()
  readonly #keys = new Map<OccurrenceNode, string>()
  /** Traits that a judge reads, as the names are resolved, and children that it looks at. */
  readonly #inputs = new Map<OccurrenceNode, (string | OccurrenceNode)[]>()
  readonly #captures = new Map<OccurrenceNode, Map<string, number>>()

  constructor(scope: PlanScope, registry: NodeRegistry) {
    this.#scope = scope
    this.#registry = registry
  }

  /** Returns the node of the occurrences that pass a stream's own conjuncts. */
  occurrences(parts: StreamParts, since: Since): OccurrenceNode {
    const key = `${this.#registry.predicateKey(parts, since)}|${conjunctsKey(parts.judgedConjuncts)}`
    const known = this.#nodes.get(key)
    if (known) return known
    const node = {
      kind: 'occurrences' as const,
      id: UNNUMBERED,
      fields: [],
      judge: undefined as OccurrenceNode['judge'],
      parents: [],
      streams: [],
      retention: 0,
    }
    this.#captures.set(node, new Map())
    this.#keys.set(node, key)
    this.#inputs.set(node, [])
    const place = { node, parent: undefined, judged: node, offset: HERE, window: Infinity, since }
    const tests = parts.judgedConjuncts.map((conjunct) => this.#condition(conjunct, place))
    const { work } = this.#registry
    if (tests.length > 0)
      node.judge = (occurrence: Occurrence, host: Host, horizon: Horizon) => {
        work.verdicts++
        const pair = { occurrence, parent: undefined, host, horizon }
        return holdAll(tests, pair)
      }
    this.#registry.nodes.push(node)
    this.#registry.addToPredicate(parts, since, node)
    this.#nodes.set(key, node)
    return node
  }

  /** Names the state of occurrences by all that it depends on. The children must have their numbers. */
  stateKey(node: OccurrenceNode): string {
    const inputs = this.#inputs.get(node)!.map((input) => (typeof input === 'string' ? input : `#${input.id}`))
    const fields = [...this.#captures.get(node)!.keys()]
    return JSON.stringify(['occurrences', this.#keys.get(node), fields, String(node.retention), inputs])
  }

  /** Returns the index of a field among the values that each occurrence keeps. */
  capture(node: OccurrenceNode, field: EventField, whole = false): number {
    const captures = this.#captures.get(node)!
    const key = fieldKey(field, whole)
    const known = captures.get(key)
    if (known !== undefined) return known
    const index = node.fields.push(compileField(field, whole)) - 1
    captures.set(key, index)
    return index
  }

  #condition(condition: Condition, place: Surrounding): PairCondition {
    switch (condition.kind) {
      case 'and': {
        const operands = condition.operands.map((operand) => this.#condition(operand, place))
        return (pair) => holdAll(operands, pair)
      }
      case 'or': {
        const operands = condition.operands.map((operand) => this.#condition(operand, place))
        return (pair) => operands.some((operand) => operand(pair))
      }
      case 'not': {
        const operand = this.#condition(condition.operand, place)
        return (pair) => !operand(pair)
      }
      case 'quantifier':
        throw new Error('a quantifier inside an event condition')
      case 'comparison':
        return this.#comparison(condition, place)
    }
  }

  #comparison(comparison: Comparison, place: Surrounding): PairCondition {
    const { left: side } = comparison
    const left = side.kind === 'reduction' ? this.#child(side, place, countMaxOf(comparison)) : this.#read(side, place)
    if ('duration' in comparison) {
      const timed: TimedTest = compileTimedTest(comparison)
      return (pair) => timed(left(pair), pair.host.now, pair.horizon)
    }
    const test = compileTest(comparison.comparator)
    const rights = ('right' in comparison ? rightsOf(comparison.right) : []).map((operand) =>
      this.#read(operand, place),
    )
    return (pair) =>
      test(
        left(pair),
        rights.map((right) => right(pair)),
      )
  }

  #read(side: Comparison['left'] | Operand, place: Surrounding): PairRead {
    switch (side.kind) {
      case 'literal':
      case 'date': {
        const constant = literalOf(side)!
        return () => constant
      }
      case 'trait': {
        const reader = compileTrait(this.#scope, side.name, (dependents) => dependents.occurrences.add(place.judged))
        this.#inputs.get(place.judged)!.push(resolutionOf(side.name, reader))
        return (pair) => {
          pair.horizon.isSettled = false
          return pair.host.readTrait(reader)
        }
      }
      case 'property':
      case 'context':
        return this.#field(side, place)
      case 'reduction':
        return this.#child(side, place, Infinity)
    }
  }

  #field(field: EventField, place: Surrounding): PairRead {
    if (field.kind === 'property' && field.parent) {
      const index = this.capture(place.parent!, field)
      return (pair) => pair.parent!.values[index]
    }
    const index = this.capture(place.node, field)
    return (pair) => pair.occurrence.values[index]
  }

  /** Compiles a funnel's child: its reduced value for each occurrence of `place.node`. */
  #child(reduction: Reduction, place: Surrounding, countMax: number): PairRead {
    const parts = takeApart(reduction.stream)
    const child = this.occurrences(parts, place.since)
    this.#inputs.get(place.judged)!.push(child)
    const query = this.#childQuery(reduction, parts, child, place, countMax)
    child.parents.push({
      parent: place.judged,
      from: place.offset.from + parts.reach.from,
      to: place.offset.to + parts.reach.to - 1,
      window: Math.min(place.window, parts.window.to),
    })
    return (pair) => reachedOf(evaluateChild(query, pair.occurrence, pair.host, pair.horizon))
  }

  #childQuery(
    reduction: Reduction,
    parts: StreamParts,
    child: OccurrenceNode,
    place: Surrounding,
    countMax: number,
  ): ChildQuery {
    const inner: Surrounding = {
      node: child,
      parent: place.node,
      judged: place.judged,
      offset: { from: place.offset.from + parts.reach.from, to: place.offset.to + parts.reach.to - 1 },
      window: Math.min(place.window, parts.window.to),
      since: place.since,
    }
    const tests = parts.pairConjuncts.map((conjunct) => this.#condition(conjunct, inner))
    const { reducer } = reduction
    return {
      node: child,
      reach: parts.reach,
      window: parts.window,
      sessionGap: parts.sessionGap,
      pairTest:
        tests.length > 0
          ? (occurrence, parent, host, horizon) => holdAll(tests, { occurrence, parent, host, horizon })
          : undefined,
      reducer,
      countMax: parts.sessionGap === Infinity ? countMax : Infinity,
      isLasting: parts.sessionGap === Infinity && parts.window.to === Infinity && !child.judge,
      valueOf: this.#reducedValue(reducer, child, place.node),
    }
  }

  #reducedValue(reducer: Reduction['reducer'], child: OccurrenceNode, parent: OccurrenceNode): ChildQuery['valueOf'] {
    const field = fieldOf(reducer)
    if (!field) return undefined
    const ofParent = field.kind === 'property' && field.parent
    const index = this.capture(ofParent ? parent : child, field, takesArraysWhole(reducer))
    return (occurrence, parentOccurrence) => (ofParent ? parentOccurrence : occurrence).values[index]
  }
}

function holdAll(conditions: readonly PairCondition[], pair: OccurrencePair): boolean {
  for (const condition of conditions) if (!condition(pair)) return false
  return true
}
