/** One line of the table, and how a bench hands its lines to the runner. */
import type { Spread } from './spread.ts'

export interface Row {
  readonly bench: string
  readonly case: string
  readonly result: Spread
  readonly unit: string
  /** Median by wall time, where the result is by CPU time. */
  readonly wall?: number
  /** The baseline, in the same unit. */
  readonly baseline?: { readonly name: string; readonly value: number }
  /** Result to baseline. */
  readonly ratio?: number
  /** Medians of the same case at larger sizes, ascending, each with its ratio to the result. */
  readonly larger?: readonly { readonly name: string; readonly value: number; readonly ratio: number }[]
  readonly target?: { readonly text: string; readonly isMet: boolean }
}

/** Hands a line to the runner; a bench that is run by itself prints it. */
export function report(row: Row): void {
  if (process.send) process.send(row)
  else process.stdout.write(`${JSON.stringify(row)}\n`)
}
