/** What an actor keeps of one event whose test looks at more than the event itself. */
import type { Reached } from '../values/values.ts'

/** One event of an actor's occurrences. */
export interface Occurrence {
  readonly ts: number
  readonly arrival: number
  /** What the node's captured fields reached. */
  readonly values: readonly Reached[]
  passes: boolean
  /** Nothing that may still come can change the verdict. */
  isSettled: boolean
  /** When the verdict may change by time alone; infinite if never. */
  flipAt: number
}

/** In event order. */
export interface Occurrences {
  readonly occurrences: readonly Occurrence[]
}

/** Index of the first occurrence with an event time later than `ts`. */
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
