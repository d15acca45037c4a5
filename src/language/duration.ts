/** Durations of the language in milliseconds and as text. */
import { UNITS } from '../model/time.ts'
import type { Duration } from './tree.ts'

/** The longest duration that can be written: 100,000,000 days. Any instant and it add up to an exact integer. */
export const DURATION_MS_MAX = 8_640_000_000_000_000

/** The duration in integer milliseconds. */
export function durationMs(duration: Duration): number {
  return duration.amount * UNITS[duration.unit]
}

/** As in the language: `1 day`, `7 days`. */
export function printDuration({ amount, unit }: Duration): string {
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`
}
