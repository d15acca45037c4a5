/** A comparison of a reduced value with constants, and where along the numbers it may flip. */
import type { JsonValue } from '../../src/model/json.ts'

/** A place among the numbers: just below one, or just above it. */
export interface Edge {
  readonly at: number
  readonly isAbove: boolean
}

export interface StreamComparison {
  readonly test: (value: JsonValue) => boolean
  /** Definitions to settle when it flips, by index in the plan. */
  readonly definitions: Set<number>
  /** For a comparison of numbers: where it may flip; undefined if anywhere. */
  readonly edges: readonly Edge[] | undefined
}
