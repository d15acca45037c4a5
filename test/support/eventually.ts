/**
 * Waits for what a process, a Redis or a turn of the loop brings about. However slow the machine is, it takes nothing
 * for a fault that only takes its time: the deadline is there so that a test ends.
 */
import { vi } from 'vitest'

export const DEADLINE_MS = 60_000

interface Pace {
  readonly timeout?: number
  readonly interval?: number
}

const PACE = { timeout: DEADLINE_MS, interval: 10 }

/** Resolves with what the check gives, once it no longer throws. */
export function eventually<Found>(check: () => Found | Promise<Found>, pace: Pace = {}): Promise<Found> {
  return vi.waitFor(check, { ...PACE, ...pace })
}

/** Resolves when the condition holds. */
export async function until(condition: () => boolean, pace: Pace = {}): Promise<void> {
  await vi.waitUntil(condition, { ...PACE, ...pace })
}
