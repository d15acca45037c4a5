/** A node of the plan whose truth follows the clock. */
import type { TimedTest } from '../values/comparators.ts'
import type { DefinitionHost } from './host.ts'
import type { Reached } from '../values/values.ts'

/** A comparison of a trait or of a reduced value with the clock: it flips by time alone. */
export interface TimedNode {
  readonly kind: 'timed'
  /** Equal for equal comparisons. */
  readonly key: string
  /** The number of its state; set when the plan is complete. */
  id: number
  readonly read: (host: DefinitionHost) => Reached
  readonly test: TimedTest
  readonly definitions: Set<number>
}
