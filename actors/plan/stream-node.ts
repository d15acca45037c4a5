/**
 * A stream of the shared plan: events of one name that pass a test, in a window that ends now, with the reducers that
 * definitions need of it. Equal streams of different definitions are one node. An actor holds a `StreamState` for a
 * stream once one of its events has touched it; before that, every reducer has its empty value.
 */
import type { Reducer } from '../../src/language/tree.ts'
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { OccurrenceNode } from './occurrence-node.ts'
import type { Host } from './host.ts'
import type { Dependents } from './dependents.ts'
import type { Reached } from '../values/values.ts'

/** Half-open: an event is in from `ts + from` until `ts + to`. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** A comparison of a reducer with constants: its truth is one bit of the state. */
export interface StreamComparison {
  readonly reducer: number
  readonly test: (value: JsonValue) => boolean
  /** Definitions to settle when it flips, by index in the plan. */
  readonly definitions: Set<number>
  /** For `count()` against a number: beyond this many events nothing changes; infinite otherwise. */
  readonly countMax: number
}

/** Bits of a state's truth fit a small integer. */
export const COMPARISONS_MAX = 30

export interface StreamNode {
  readonly kind: 'stream'
  /** True if an actor keeps it among its recent counts, and not in a state of its own. */
  isRecentCount: boolean
  readonly id: number
  readonly window: Window
  /**
   * A name that is equal for equal streams of any plan; only for a stream over all history that depends on its events
   * alone.
   */
  readonly totalKey: string | undefined
  /** The gap in ms that ends a session; infinite if there are no sessions. */
  readonly sessionGap: number
  readonly reducers: Reducer[]
  readonly readers: (((event: ProfileEvent) => Reached) | undefined)[]
  readonly comparisons: StreamComparison[]
  /**
   * If only comparisons of the count with constants read the stream: the number of events beyond which nothing changes.
   * Otherwise infinite.
   */
  countMax: number
  /**
   * With a finite `countMax`, by count: the number of the oldest events that must leave before some comparison flips; 0
   * if none can.
   */
  leavesToFlip: readonly number[]
  /** With a finite `countMax`: by count, the truth of the comparisons, one bit each. */
  bitsByCount: readonly number[]
  /** True if a reduced value itself is read. */
  isWatched: boolean
  /** By reducer: readers of the value itself. */
  readonly watchers: Dependents[]
  /** If the test depends on more than the event: the judged occurrences that this stream reduces. */
  readonly occurrences: OccurrenceNode | undefined
}

/** The state that an actor holds for one stream. */
export interface StreamState {
  /** Next instant at which time alone may change it; infinite if none. */
  dueAt: number
  /** Truth of the node's comparisons, one bit each, as last published. */
  bits: number
  /** Values of watched reducers, as last published. */
  published: JsonValue[] | undefined
  /** Adds an event that passes the stream's test. */
  insert(event: ProfileEvent, host: Host): void
  /** Moves the window on to the host's present. */
  advance(host: Host): void
  value(reducer: number): JsonValue
}

/** Returns the value of a reducer over no events. */
export function valueOfNothing(reducer: Reducer): JsonValue {
  return reducer.kind === 'count' || reducer.kind === 'unique_count' ? 0 : null
}

/** Returns the time for which an event matters to the stream by itself, ms; 0 if running totals are enough. */
export function lookbackMsOf({ totalKey, window }: StreamNode): number {
  return totalKey === undefined ? window.to : 0
}
