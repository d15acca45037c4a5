/** Decides when a delivery is tried again, and when no more; nothing else does. */

/** Counted from the first try; Segment gives up after four hours. */
export const RETRY_FOR_MS = 24 * 3_600_000
const FIRST_MS = 1_000
const LONGEST_MS = 300_000

export interface RetryOptions {
  /** Tries so far. */
  readonly attempts: number
  /** The instant of the first try, and the present; epoch ms. */
  readonly triedSince: number
  readonly now: number
  /** The least wait that the destination asks for, ms. */
  readonly retryAfterMs: number
  /** From 0 to 1. */
  readonly random: number
}

/**
 * Returns the instant of the next try, epoch ms: waits double from a second to five minutes, half by chance. Undefined
 * if the delivery is given up.
 */
export function nextTryAt({ attempts, triedSince, now, retryAfterMs, random }: RetryOptions): number | undefined {
  if (now - triedSince >= RETRY_FOR_MS) return undefined
  return now + Math.max(retryAfterMs, backoffMs(attempts, random))
}

/** Returns the wait after the n-th failure in a row, from 1. */
export function backoffMs(failures: number, random: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20))
  return Math.round(whole / 2 + (random * whole) / 2)
}
