/** The part of an event that an actor keeps when a test looks at more than the event itself. */
import type { Reached } from '../values/values.ts'

/** One event of an actor's occurrences. */
export interface Occurrence {
  readonly ts: number
  readonly arrival: number
  /** The values that the node's captured fields reached. */
  readonly values: readonly Reached[]
  passes: boolean
  /** True if nothing that may still come can change the verdict. */
  isSettled: boolean
  /** The instant at which time alone may change the verdict; infinite if never. */
  flipAt: number
}

/** In event order. */
export interface Occurrences {
  readonly occurrences: readonly Occurrence[]
  /** Those of them that pass. */
  readonly passing: readonly Occurrence[]
}

/** Returns the index of the first occurrence with an event time later than `ts`. */
export function firstAfter(occurrences: readonly Occurrence[], ts: number): number {
  let low = 0
  let high = occurrences.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (occurrences[middle]!.ts > ts) high = middle
    else low = middle + 1
  }
  return low
}
