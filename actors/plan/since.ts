/** The part of the events that count for a definition: all, or those from some moment on. */
import type { ProfileEvent } from '../../src/model/event.ts'

/** Events count that arrived later than `arrival`, and of those before the ones with a later time than `ts`. */
export interface Since {
  /** The number of calls that the space had taken up; -1 if none is left out. */
  readonly arrival: number
  /** Epoch ms; infinite if nothing from before counts. */
  readonly ts: number
}

/** All of the kept history. */
export const ALL: Since = { arrival: -1, ts: Infinity }

export function counts({ arrival, ts }: Since, event: ProfileEvent): boolean {
  return event.arrival > arrival || event.ts > ts
}

/** Returns a key that equal ones share. */
export function sinceKey({ arrival, ts }: Since): string {
  return ts === Infinity ? String(arrival) : `${arrival} or ${ts}`
}
