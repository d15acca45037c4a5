/** Decides by the status of an answer what happens to its call. */
import { RetryableError, TerminalError, type DeliveryError } from './destination.ts'

/** A server that asks for more than an hour is asked again after an hour. */
const RETRY_AFTER_MS_MAX = 3_600_000
/** Below 500: the server had no time, or no room. */
const RETRYABLE = [408, 425, 429]

export interface StatusOptions {
  /** The header, if there was one: seconds or an HTTP date. */
  readonly retryAfter?: string | undefined
  /** The present, for a header that is a date; epoch ms. */
  readonly now: number
}

/** Returns undefined if the call has arrived. */
export function statusOutcome(status: number, { retryAfter, now }: StatusOptions): DeliveryError | undefined {
  if (status >= 200 && status < 300) return undefined
  const reason = `status_${status}`
  const message = `The answer has status ${status}.`
  if (status < 500 && !RETRYABLE.includes(status)) return new TerminalError(reason, message)
  const retryAfterMs = retryAfter === undefined ? undefined : waitMs(retryAfter.trim(), now)
  return new RetryableError(reason, message, retryAfterMs === undefined ? {} : { retryAfterMs })
}

/** Returns the wait that a header asks for, 0 for a date that has passed; undefined if it cannot be read. */
function waitMs(retryAfter: string, now: number): number | undefined {
  const isDate = /^[A-Z][a-z]{2,8},? /.test(retryAfter)
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : isDate ? Date.parse(retryAfter) - now : NaN
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX)
}
