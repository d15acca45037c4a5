/**
 * A stream of the shared plan: events of one name that pass a test, in a window that ends now, and the reducer of them.
 * Equal ones of different definitions are one node. An actor holds a state for a stream once one of its events has
 * touched it; before that, the reducer has its empty value.
 */
import type { Reducer } from '../../src/language/tree.ts'
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { OccurrenceNode } from './occurrence-node.ts'
import type { Dependents } from './dependents.ts'
import type { Rings } from '../memory/rings.ts'
import type { Ladder } from './ladder.ts'
import type { StreamComparison } from './stream-comparison.ts'
import type { Reached } from '../values/values.ts'

/** Half-open: an event is in from `ts + from` until `ts + to`. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** Where the state of a stream lies that events feed. */
export interface GroupedStream {
  /** The number of the group's state. */
  readonly group: number
  value(rings: Rings, block: number): JsonValue
}

export interface StreamNode {
  readonly kind: 'stream'
  /** Equal for equal streams. */
  readonly key: string
  /** The number of its state; set when the plan is complete. */
  id: number
  readonly window: Window
  /**
   * A name that is equal for equal streams of any plan; only for a stream over all history that depends on its events
   * alone.
   */
  readonly totalKey: string | undefined
  /** The gap in ms that ends a session; infinite if there are no sessions. */
  readonly sessionGap: number
  readonly reducer: Reducer
  /** Reads the reducer's input of an event; undefined for a count. */
  readonly read: ((event: ProfileEvent) => Reached) | undefined
  /** The stream's own test, to read kept events again. */
  passes: (event: ProfileEvent) => boolean
  readonly comparisons: StreamComparison[]
  /** Finds the comparisons that flip; complete after the last definition. */
  ladder: Ladder
  /** For a count: that of events beyond which nothing changes; infinite if all of them matter. */
  countMax: number
  /** For a count: at which counts something flips, ascending; empty if each makes a difference. */
  thresholds: readonly number[]
  /** True if the reduced value itself is read. */
  isWatched: boolean
  /** Readers of the value itself. */
  readonly watchers: Dependents
  /** Where its state lies; undefined if it reduces judged occurrences: then the state is by itself. */
  place: GroupedStream | undefined
  /** If the test depends on more than the event: the judged occurrences that this stream reduces. */
  readonly occurrences: OccurrenceNode | undefined
  /** The index of the reducer's input among the values that each occurrence keeps; -1 for a count. */
  readonly valueIndex: number
}

/** Returns the value of a reducer over no events. */
export function valueOfNothing(reducer: Reducer): JsonValue {
  return reducer.kind === 'count' || reducer.kind === 'unique_count' ? 0 : null
}

/** Returns the time for which an event matters to the stream by itself, ms; 0 if running totals are enough. */
export function lookbackMsOf({ totalKey, window }: StreamNode): number {
  return totalKey === undefined ? window.to : 0
}

/** True for a window that counts all its events, however many are kept: each is judged by itself, when it comes. */
export function countsAll({ totalKey, sessionGap, occurrences }: StreamNode): boolean {
  return totalKey === undefined && sessionGap === Infinity && !occurrences
}
