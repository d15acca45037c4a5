/** Freshness of answers: the instants at which they are brought up to date. Time is that of the workload. */
import { UNITS } from '../../src/model/time.ts'

export type Freshness = 'event' | 'second' | 'minute'

export const FRESHNESSES: readonly Freshness[] = ['event', 'second', 'minute']

/** Time between refreshes; 0 if one comes with each event. */
export const INTERVAL_MS: Readonly<Record<Freshness, number>> = { event: 0, second: UNITS.second, minute: UNITS.minute }

/** Returns the first instant of a refresh that is not before another instant. */
export function refreshAfter(instant: number, intervalMs: number): number {
  return Math.ceil(instant / intervalMs) * intervalMs
}
