/**
 * Occurrences of an event whose test depends on more than the event itself: on later events (a funnel's parent), on
 * traits, on the clock; or that earlier occurrences count (a funnel's child). Equal ones are one node of the plan.
 *
 * A funnel is judged for each parent occurrence by itself. A verdict is kept, and judged again exactly when its inputs
 * change: a child that comes, goes or changes its verdict reaches the parents in whose reach it lies.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { Horizon } from '../values/comparators.ts'
import type { Host } from './host.ts'
import type { Reached } from '../values/values.ts'
import type { Occurrence } from './occurrence.ts'

/** Returns the verdict on one occurrence; lowers the horizon to the instant at which time alone may change it. */
export type Judge = (occurrence: Occurrence, host: Host, horizon: Horizon) => boolean

/** A parent that counts this node's occurrences from `ts + from` until `ts + to` of its own. */
export interface Reach {
  readonly parent: OccurrenceNode
  readonly from: number
  readonly to: number
  /** The time, relative to the clock, for which an occurrence can matter to the parent; infinite if always. */
  readonly window: number
}

export interface OccurrenceNode {
  readonly kind: 'occurrences'
  /**
   * The number of its state, greater than those of the children that the judge looks at; set when the plan is complete.
   */
  id: number
  /** Fields whose values the judge, the reducers or the children's tests read. */
  readonly fields: ((event: ProfileEvent) => Reached)[]
  /** Undefined if the event's own test decides. */
  readonly judge: Judge | undefined
  readonly parents: Reach[]
  /** Streams that reduce these occurrences. */
  readonly streams: { readonly id: number }[]
  /** Age from which an occurrence matters to nobody, ms. */
  retention: number
}
