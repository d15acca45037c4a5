/** A chart as figures: what a curve measures, what is drawn of it, and what the results keep. */
import type { Spread } from '../harness/spread.ts'

export interface Chart {
  /** Name of the picture's file, without its ending. */
  readonly name: string
  /** A sentence. */
  readonly title: string
  /** Label of the axis that all panels share. */
  readonly x: string
  /** True if that axis is linear; otherwise it is logarithmic. */
  readonly isXLinear?: boolean
  /** From top to bottom. */
  readonly panels: readonly Panel[]
}

export interface Panel {
  /** Label of the axis, with its unit. */
  readonly y: string
  /** True for a logarithmic axis; otherwise it is linear and begins at zero. */
  readonly isLog?: boolean
  /** One or two. */
  readonly lines: readonly Line[]
}

export interface Line {
  readonly label: string
  readonly points: readonly Point[]
}

export interface Point {
  readonly x: number
  readonly y: Spread
}

/** Pairs the values of the axis with their results. */
export function pointsOf(xs: readonly number[], results: readonly Spread[]): Point[] {
  return xs.map((x, index) => ({ x, y: results[index]! }))
}
