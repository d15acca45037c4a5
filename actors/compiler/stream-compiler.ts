/**
 * Compiles streams into nodes of the plan, equal ones once, and puts their predicates into the index. Node ids ascend
 * from inputs to readers: a funnel's children, the funnel, the stream that reduces it.
 *
 * Example: `event('A').within(7 days).count() >= 1` and `event('A').within(7 days).count() >= 5` share one node, with
 * two comparisons.
 */
import type { Since } from '../plan/since.ts'
import type { Reducer, Reduction } from '../../src/language/tree.ts'
import type { OccurrenceNode } from '../plan/occurrence-node.ts'
import { fieldOf, takesArraysWhole } from '../reducers/create-accumulator.ts'
import type { StreamComparison } from '../plan/stream-comparison.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import type { EventIndex } from '../plan/event-index.ts'
import { compileField } from './field-reader.ts'
import { Ladder } from '../plan/ladder.ts'
import { NodeRegistry, UNNUMBERED } from './node-registry.ts'
import { OccurrenceCompiler } from './occurrence-compiler.ts'
import { type Dependents, hasReaders, noDependents } from '../plan/dependents.ts'
import type { TimedNode } from '../plan/timed-node.ts'
import type { PlanScope } from './scope.ts'
import type { StatefulNode } from '../plan/plan.ts'
import type { StateNumbers } from './state-numbers.ts'
import { conjunctsKey, type StreamParts, takeApart } from './stream-parts.ts'

export class StreamCompiler {
  readonly registry = new NodeRegistry()
  readonly #index: EventIndex
  readonly #occurrences: OccurrenceCompiler
  readonly #streams = new Map<string, StreamNode>()
  readonly #comparisons = new Map<string, StreamComparison>()
  readonly #timed = new Map<string, TimedNode>()

  constructor(scope: PlanScope, index: EventIndex) {
    this.#index = index
    this.#occurrences = new OccurrenceCompiler(scope, this.registry)
  }

  /** Returns the node of a reduced stream that is not inside another's `where`. */
  stream({ stream, reducer }: Reduction, since: Since): StreamNode {
    const parts = takeApart(stream)
    const { from, to } = parts.window
    const key = [
      this.registry.predicateKey(parts, since),
      conjunctsKey(parts.judgedConjuncts),
      from,
      to,
      parts.sessionGap,
      JSON.stringify(reducer),
    ].join('|')
    const known = this.#streams.get(key)
    if (known) return known
    const isJudged = parts.judgedConjuncts.length > 0
    const occurrences = isJudged ? this.#occurrences.occurrences(parts, since) : undefined
    const node = this.#addStream(key, parts, since, { reducer, occurrences })
    this.#streams.set(key, node)
    return node
  }

  /** Returns a comparison of a stream; equal ones are one. @param key equal for equal comparisons */
  comparison(node: StreamNode, key: string, comparison: Pick<StreamComparison, 'test' | 'edges'>): StreamComparison {
    const fullKey = JSON.stringify([node.key, key])
    const known = this.#comparisons.get(fullKey)
    if (known) return known
    // Named one by one: objects that are made by spreading come in many forms, and these are read at every change.
    const { test, edges } = comparison
    const added = { test, edges, definitions: new Set<number>() }
    node.comparisons.push(added)
    this.#comparisons.set(fullKey, added)
    return added
  }

  /** Adds a comparison with the clock. @param watched where its readers are registered */
  timedNode(node: TimedNode, watched: readonly Dependents[]): TimedNode {
    const known = this.#timed.get(node.key)
    if (known) return known
    this.#timed.set(node.key, node)
    this.registry.nodes.push(node)
    for (const dependents of watched) dependents.timed.add(node)
    return node
  }

  /**
   * Completes the streams, after the last definition: puts the predicates into the index, sets how long occurrences
   * matter, and numbers the states.
   * Example: a child `within(parent: 1 hour)` of a parent `within(7 days)` keeps each 'Ordered' for 7 days and
   * an hour, as an 'Added' at the far end of its window may still count it.
   */
  finish(numbers: StateNumbers): void {
    this.registry.fill(this.#index)
    const { nodes } = this.registry
    for (let index = nodes.length - 1; index >= 0; index--) {
      const node = nodes[index]!
      if (node.kind === 'stream') {
        completeStream(node)
        if (node.occurrences) node.occurrences.retention = Math.max(node.occurrences.retention, node.window.to)
      }
      if (node.kind === 'occurrences')
        for (const reach of node.parents)
          node.retention = Math.max(node.retention, Math.min(reach.parent.retention, reach.window))
    }
    for (const node of nodes) node.id = numbers.numberOf(this.#stateKey(node))
  }

  /** Tells whether the state of a node was not there before. */
  isNew(node: StatefulNode, numbers: StateNumbers): boolean {
    return numbers.isNew(this.#stateKey(node))
  }

  /** Names the state of a node by all that it depends on. */
  #stateKey(node: StatefulNode): string {
    if (node.kind === 'occurrences') return this.#occurrences.stateKey(node)
    if (node.kind === 'timed' || !node.occurrences) return node.key
    return JSON.stringify([node.key, node.occurrences.id, node.valueIndex, String(node.countMax), node.thresholds])
  }

  #addStream(
    key: string,
    parts: StreamParts,
    since: Since,
    { reducer, occurrences }: { readonly reducer: Reducer; readonly occurrences: OccurrenceNode | undefined },
  ): StreamNode {
    const isTotal = !occurrences && parts.sessionGap === Infinity && parts.window.to === Infinity
    const field = fieldOf(reducer)
    const whole = takesArraysWhole(reducer)
    const node: StreamNode = {
      kind: 'stream',
      key,
      id: UNNUMBERED,
      window: parts.window,
      totalKey: isTotal ? this.registry.predicateKey(parts, since) : undefined,
      sessionGap: parts.sessionGap,
      reducer,
      read: field && compileField(field, whole),
      passes: () => false,
      comparisons: [],
      ladder: new Ladder([]),
      countMax: Infinity,
      thresholds: [],
      isWatched: false,
      watchers: noDependents(),
      place: undefined,
      occurrences,
      valueIndex: occurrences && field ? this.#occurrences.capture(occurrences, field, whole) : -1,
    }
    this.registry.nodes.push(node)
    occurrences?.streams.push(node)
    const isEmpty = parts.window.to <= parts.window.from
    if (!occurrences && !isEmpty) node.passes = this.registry.addToPredicate(parts, since, node)
    return node
  }
}

function completeStream(node: StreamNode): void {
  node.ladder = new Ladder(node.comparisons)
  node.isWatched = hasReaders(node.watchers)
  const isCounted = node.reducer.kind === 'count' && !node.isWatched
  if (!isCounted || node.comparisons.some(({ edges }) => edges === undefined)) return
  node.thresholds = node.ladder.thresholds()
  node.countMax = node.thresholds.at(-1) ?? 1
}
