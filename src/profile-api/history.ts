/** The last transitions of a profile with their causes, the newest first. */
import { formatInstant } from '../model/time.ts'
import type { PastTransition } from '../model/transition.ts'
import { cursorOf, type NextAddress } from './cursor.ts'
import { type Parameters, readLimit, readText, refused } from './parameters.ts'

const LIMITS = { usual: 25, max: 100 }

export interface HistoryQuery {
  readonly limit: number
  /** The number of those that come before. */
  readonly start: number
}

export function readHistoryQuery(parameters: Parameters): HistoryQuery {
  const next = readText(parameters, 'next') ?? '0'
  if (!/^\d{1,6}$/.test(next)) throw refused('next', 'expected the cursor of the page before')
  return { limit: readLimit(parameters, LIMITS), start: Number(next) }
}

export function historyPage(
  past: readonly PastTransition[],
  { limit, start }: HistoryQuery,
  address: NextAddress,
): string {
  const newest = past.toReversed()
  const end = start + limit
  const data = newest.slice(start, end).map(shownTransition)
  return JSON.stringify({ data, cursor: cursorOf(end < newest.length ? String(end) : undefined, limit, address) })
}

function shownTransition({ at, key, type, value, cause: kind, messageId }: PastTransition): object {
  return {
    at: formatInstant(at),
    key,
    type,
    ...(value !== undefined && { value }),
    cause: { kind, ...(messageId !== undefined && { messageId }) },
  }
}
