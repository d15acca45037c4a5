/** Estimates how many of all are members, from some that were drawn at random. */

import type { Estimate, Overlap, PreviewFindings } from '../model/preview.ts'

/**
 * Yields whole numbers below a bound in random order, each once.
 * @param max so many are drawn, those included that were drawn before
 */
export function* drawnOf(bound: number, random: (bound: number) => number, max: number): Generator<number> {
  const seen = new Set<number>()
  for (let count = Math.min(bound, max); count > 0; count--) {
    const number = random(bound)
    if (seen.has(number)) continue
    seen.add(number)
    yield number
  }
}

/** The findings of those that were drawn. */
export interface Drawn {
  readonly found: number
  readonly members: number
  /** Held against another audience, if there is one. */
  readonly compared: Overlap | undefined
}

/** The 97.5th percentile of the normal distribution. */
const Z = 1.959964

/**
 * Gives Wilson's interval (E. B. Wilson, "Probable Inference", JASA 1927), for a draw without replacement: the more of
 * all have been drawn, the more each counts.
 * @param drawn at least one
 */
export function estimateOf(members: number, drawn: number, all: number): Estimate {
  const share = members / drawn
  if (drawn >= all) return { count: members, low: members, high: members, share }
  const weight = (drawn * (all - 1)) / (all - drawn)
  const centre = (share + (Z * Z) / (2 * weight)) / (1 + (Z * Z) / weight)
  const half =
    (Z * Math.sqrt((share * (1 - share)) / weight + (Z * Z) / (4 * weight * weight))) / (1 + (Z * Z) / weight)
  // Those that were drawn are known.
  const low = Math.max(members, Math.floor(all * (centre - half)))
  const high = Math.min(all - (drawn - members), Math.ceil(all * (centre + half)))
  return { count: Math.round(share * all), low, high, share }
}

export function exactDifference(compared: Overlap | undefined): PreviewFindings['difference'] {
  return compared && { enter: compared.onlyThis, leave: compared.onlyOther }
}

/** Estimates how many of all would enter and leave. */
export function estimatedDifference({ found, compared }: Drawn, all: number): PreviewFindings['difference'] {
  if (!compared) return undefined
  const most = Math.max(all, found)
  return { enter: estimateOf(compared.onlyThis, found, most), leave: estimateOf(compared.onlyOther, found, most) }
}
