/**
 * Compiles streams into nodes of the plan, equal ones once, and puts their predicates into the index. Node ids ascend
 * from inputs to readers: a funnel's children, the funnel, the stream that reduces it.
 *
 * Example: `event('A').within(7 days).count() >= 1` and `event('A').within(7 days).count() >= 5` share one node of
 * recent counts, which keeps the five newest times; each comparison is one bit of it.
 */
import type { Reducer, Stream } from '../../src/language/tree.ts'
import type { OccurrenceNode } from '../plan/occurrence-node.ts'
import { fieldOf, takesArraysWhole } from '../reducers/create-accumulator.ts'
import { JudgedState } from '../streams/judged-state.ts'
import { SessionState } from '../streams/session-state.ts'
import {
  COMPARISONS_MAX,
  type StreamComparison,
  type StreamNode,
  type StreamState,
  valueOfNothing,
} from '../plan/stream-node.ts'
import { TotalState } from '../streams/total-state.ts'
import { WindowState } from '../streams/window-state.ts'
import type { EventIndex } from '../plan/event-index.ts'
import type { EventTest } from './event-test.ts'
import { compileField } from './field-reader.ts'
import { NodeRegistry } from './node-registry.ts'
import { OccurrenceCompiler } from './occurrence-compiler.ts'
import { type Dependents, noDependents } from '../plan/dependents.ts'
import type { StreamEntry } from '../plan/plan.ts'
import type { TimedNode } from '../plan/timed-node.ts'
import type { PlanScope } from './scope.ts'
import { conjunctsKey, type StreamParts, takeApart } from './stream-parts.ts'

export class StreamCompiler {
  readonly registry = new NodeRegistry()
  readonly entries = new Map<number, StreamEntry>()
  readonly #index: EventIndex
  readonly #occurrences: OccurrenceCompiler
  readonly #streams = new Map<string, StreamEntry>()
  readonly #comparisonBits = new Map<string, { entry: StreamEntry; bit: number }>()
  readonly #origins = new Map<StreamEntry, { parts: StreamParts; sinceArrival: number }>()
  /** Maps a stream that had no bit left to another like it. */
  readonly #overflow = new Map<StreamEntry, StreamEntry>()

  constructor(scope: PlanScope, index: EventIndex) {
    this.#index = index
    this.#occurrences = new OccurrenceCompiler(scope, this.registry)
  }

  /** Returns the node of a stream that is not inside another's `where`. */
  stream(stream: Stream, sinceArrival: number): StreamEntry {
    const parts = takeApart(stream)
    const judged = parts.judgedConjuncts.length > 0
    const { from, to } = parts.window
    const key = [
      this.registry.predicateKey(parts, sinceArrival),
      conjunctsKey(parts.judgedConjuncts),
      from,
      to,
      parts.sessionGap,
    ].join('|')
    const known = this.#streams.get(key)
    if (known) return known
    const occurrences = judged ? this.#occurrences.occurrences(parts, sinceArrival) : undefined
    const entry = this.#addStream(parts, sinceArrival, occurrences)
    this.#streams.set(key, entry)
    return entry
  }

  /** Returns the index of a reducer among those of the stream. */
  reducer(entry: StreamEntry, reducer: Reducer): number {
    const { node } = entry
    const key = JSON.stringify(reducer)
    const known = node.reducers.findIndex((other) => JSON.stringify(other) === key)
    if (known >= 0) return known
    const field = fieldOf(reducer)
    node.readers.push(field && compileField(field, takesArraysWhole(reducer)))
    node.watchers.push(noDependents())
    if (node.occurrences && field) this.#occurrences.capture(node.occurrences, field, takesArraysWhole(reducer))
    return node.reducers.push(reducer) - 1
  }

  /**
   * Returns the bit that holds a comparison's truth: of the stream, or of another like it once the first has none left.
   */
  comparison(
    entry: StreamEntry,
    reducer: number,
    key: string,
    comparison: Pick<StreamComparison, 'test' | 'countMax'>,
  ): { entry: StreamEntry; bit: number } {
    const fullKey = `${entry.node.id} ${key}`
    const known = this.#comparisonBits.get(fullKey)
    if (known) return known
    let holder = entry
    while (holder.node.comparisons.length >= COMPARISONS_MAX) holder = this.#overflowOf(holder)
    const holderReducer = holder === entry ? reducer : this.reducer(holder, entry.node.reducers[reducer]!)
    const bit = holder.node.comparisons.push({ ...comparison, reducer: holderReducer, definitions: new Set() }) - 1
    if (comparison.test(valueOfNothing(entry.node.reducers[reducer]!))) holder.bitsOfNothing |= 1 << bit
    const place = { entry: holder, bit }
    this.#comparisonBits.set(fullKey, place)
    return place
  }

  timedNode(compile: (watch: (dependents: Dependents) => void) => Pick<TimedNode, 'read' | 'test'>): TimedNode {
    const watched: Dependents[] = []
    const compiled = compile((dependents) => watched.push(dependents))
    const node: TimedNode = { kind: 'timed', id: this.registry.nodes.length, ...compiled, definitions: new Set() }
    this.registry.nodes.push(node)
    for (const dependents of watched) dependents.timed.add(node)
    return node
  }

  /**
   * Completes the streams, after the last definition: puts the predicates into the index, and sets how long occurrences
   * matter. Example: a child `within(parent: 1 hour)` of a parent `within(7 days)` keeps each 'Ordered' for 7 days and
   * an hour, as an 'Added' at the far end of its window may still count it.
   */
  finish(): void {
    this.registry.fill(this.#index)
    for (let id = this.registry.nodes.length - 1; id >= 0; id--) {
      const node = this.registry.nodes[id]!
      if (node.kind === 'stream') {
        node.countMax = countMaxOf(node)
        if (node.countMax < Infinity) {
          node.bitsByCount = bitsByCount(node)
          node.leavesToFlip = leavesToFlip(node.bitsByCount)
        }
        node.isRecentCount = isRecentCount(node)
        node.isWatched = node.watchers.some(({ definitions, timed }) => definitions.size + timed.size > 0)
      }
      if (node.kind === 'stream' && node.occurrences)
        node.occurrences.retention = Math.max(node.occurrences.retention, node.window.to)
      if (node.kind === 'occurrences')
        for (const reach of node.parents)
          node.retention = Math.max(node.retention, Math.min(reach.parent.retention, reach.window))
    }
  }

  #addStream(parts: StreamParts, sinceArrival: number, occurrences: OccurrenceNode | undefined): StreamEntry {
    const isTotal = !occurrences && parts.sessionGap === Infinity && parts.window.to === Infinity
    const node: StreamNode = {
      kind: 'stream',
      totalKey: isTotal ? this.registry.predicateKey(parts, sinceArrival) : undefined,
      isRecentCount: false,
      id: this.registry.nodes.length,
      window: parts.window,
      sessionGap: parts.sessionGap,
      reducers: [],
      readers: [],
      comparisons: [],
      countMax: Infinity,
      leavesToFlip: [],
      bitsByCount: [],
      isWatched: false,
      watchers: [],
      occurrences,
    }
    this.registry.nodes.push(node)
    occurrences?.streams.push(node.id)
    const isEmpty = parts.window.to <= parts.window.from
    const passes = occurrences || isEmpty ? undefined : this.registry.addToPredicate(parts, sinceArrival, node)
    const entry: StreamEntry = { node, create: () => this.#createState(node, passes), bitsOfNothing: 0 }
    this.#origins.set(entry, { parts, sinceArrival })
    this.entries.set(node.id, entry)
    return entry
  }

  #overflowOf(entry: StreamEntry): StreamEntry {
    const known = this.#overflow.get(entry)
    if (known) return known
    const { parts, sinceArrival } = this.#origins.get(entry)!
    const other = this.#addStream(parts, sinceArrival, entry.node.occurrences)
    this.#overflow.set(entry, other)
    return other
  }

  #createState(node: StreamNode, passes: EventTest | undefined): StreamState {
    if (node.occurrences) {
      const { occurrences } = node
      const indexes = node.reducers.map((reducer) => {
        const field = fieldOf(reducer)
        return field ? this.#occurrences.capture(occurrences, field, takesArraysWhole(reducer)) : -1
      })
      return new JudgedState(node, indexes)
    }
    if (node.sessionGap < Infinity) return new SessionState(node, passes ?? (() => false))
    if (node.totalKey !== undefined) return new TotalState(node)
    return new WindowState(node)
  }
}

/** Returns the count beyond which no comparison of a stream changes; infinite if more than a count matters. */
function countMaxOf(node: StreamNode): number {
  if (node.reducers.some((reducer) => reducer.kind !== 'count')) return Infinity
  if (node.watchers.some(({ definitions, timed }) => definitions.size + timed.size > 0)) return Infinity
  return node.comparisons.reduce((most, comparison) => Math.max(most, comparison.countMax), 1)
}

function bitsByCount({ comparisons, countMax }: StreamNode): number[] {
  return Array.from({ length: countMax + 1 }, (_, count) =>
    comparisons.reduce((bits, { test }, bit) => (test(count) ? bits | (1 << bit) : bits), 0),
  )
}

function leavesToFlip(bits: readonly number[]): number[] {
  return bits.map((truth, count) => {
    for (let left = 1; left <= count; left++) if (bits[count - left] !== truth) return left
    return 0
  })
}

function isRecentCount({ occurrences, sessionGap, window, countMax }: StreamNode): boolean {
  const isPlainWindow = window.to < Infinity && sessionGap === Infinity
  return !occurrences && isPlainWindow && countMax < Infinity
}
