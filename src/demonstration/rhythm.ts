/** The hours at which people shop: by day and by week, in UTC. */
import { UNITS } from '../model/time.ts'

export const RHYTHM_MAX = 1.3
/** For each hour of the day, from midnight. */
const HOURS = [
  ...[0.22, 0.14, 0.1, 0.1, 0.12, 0.2, 0.34, 0.48, 0.6, 0.68, 0.74, 0.82],
  ...[0.9, 0.82, 0.74, 0.72, 0.76, 0.84, 0.94, 1, 1, 0.92, 0.68, 0.4],
]
const WEEKEND = 1.3
const MONDAY = 0.86
/** The first of January 1970 was a Thursday. */
const FIRST_WEEKDAY = 4

/** Returns how busy the shop is at an instant, from 0 to `RHYTHM_MAX`. */
export function rhythmAt(at: number): number {
  const hours = at / UNITS.hour
  const hour = Math.floor(hours) % 24
  const share = hours - Math.floor(hours)
  const ofHour = HOURS[hour]! * (1 - share) + HOURS[(hour + 1) % 24]! * share
  const weekday = (Math.floor(at / UNITS.day) + FIRST_WEEKDAY) % 7
  if (weekday === 0 || weekday === 6) return ofHour * WEEKEND
  return weekday === 1 ? ofHour * MONDAY : ofHour
}
