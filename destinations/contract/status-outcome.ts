/** What the status of an answer says of the call that it answers. */
import { RetryableError, TerminalError, type DeliveryError } from './destination.ts'

/** A server that asks for more than an hour is asked again after an hour. */
const RETRY_AFTER_MS_MAX = 3_600_000
/** Below 500: the server had no time, or no room. */
const RETRYABLE = [408, 425, 429]

export interface StatusOptions {
  /** The header, if there was one: seconds or an HTTP date. */
  readonly retryAfter?: string | undefined
  /** Epoch ms, against which a date is held. */
  readonly now: number
}

/** Undefined where the call has arrived. */
export function statusOutcome(status: number, { retryAfter, now }: StatusOptions): DeliveryError | undefined {
  if (status >= 200 && status < 300) return undefined
  const reason = `status_${status}`
  const message = `The answer has status ${status}.`
  if (status < 500 && !RETRYABLE.includes(status)) return new TerminalError(reason, message)
  const retryAfterMs = retryAfter === undefined ? undefined : waitMs(retryAfter.trim(), now)
  return new RetryableError(reason, message, retryAfterMs === undefined ? {} : { retryAfterMs })
}

/** Undefined where the header cannot be read. A date that has passed: no wait. */
function waitMs(retryAfter: string, now: number): number | undefined {
  const isDate = /^[A-Z][a-z]{2,8},? /.test(retryAfter)
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : isDate ? Date.parse(retryAfter) - now : NaN
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX)
}
