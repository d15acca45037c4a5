/**
 * Posts notices of alerts to a URL, one after the other, signed as the webhook destination signs.
 *
 * N1. Nobody waits for it: a notice is queued, and whatever happens to it is counted.
 * N2. The queue is bounded: beyond that the oldest notice is dropped.
 * N3. It connects where destinations may, and nowhere else.
 */
import Denque from 'denque'
import { DeliveryError, RetryableError, TerminalError } from '../../destinations/contract/destination.ts'
import type { HttpClient } from '../../destinations/contract/http-client.ts'
import { statusOutcome } from '../../destinations/contract/status-outcome.ts'
import { signatureHeaders } from '../../destinations/webhook/signature.ts'
import type { AlertNotice } from '../alerts/alert.ts'
import { backoffMs } from '../dispatch/retry-policy.ts'
import type { SetTimer } from '../model/timer.ts'

export const NOTICES_MAX = 100
/** An answer that takes longer is none, ms. */
const TIMEOUT_MS = 10_000

/** The end of a notice: arrived, dropped for newer ones, or refused for good by who is told. */
export type NoticeOutcome = 'delivered' | 'dropped' | 'refused'

export interface AlertPosterOptions {
  readonly url: string
  /** None, or the newer first. */
  readonly secrets: readonly string[]
  /** Whose guard of addresses is that of destinations. */
  readonly http: HttpClient
  /** Epoch ms. */
  readonly clock: () => number
  readonly timer: SetTimer
  /** From 0 to 1. */
  readonly random: () => number
  readonly count: (result: NoticeOutcome) => void
  /** Called with the cause of every try that has failed. */
  readonly onTrouble: (cause: DeliveryError) => void
}

export class AlertPoster {
  readonly #options: AlertPosterOptions
  readonly #waiting = new Denque<AlertNotice>()
  readonly #stopping = new AbortController()
  /** Tries in a row that have failed. */
  #failures = 0
  #isPosting = false
  #cancelRetry: (() => void) | undefined

  constructor(options: AlertPosterOptions) {
    this.#options = options
  }

  /** Keeps N1 and N2. */
  post(notice: AlertNotice): void {
    this.#waiting.push(notice)
    this.#bound()
    void this.#proceed()
  }

  /** Gives up all that waits. */
  stop(): void {
    this.#stopping.abort(new Error('alerts: stopped'))
    this.#cancelRetry?.()
    this.#waiting.clear()
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  async #proceed(): Promise<void> {
    if (this.#isPosting || this.#cancelRetry) return
    this.#isPosting = true
    for (let notice = this.#next(); notice; notice = this.#next()) {
      const failure = await this.#attempt(notice)
      if (failure && !(failure instanceof TerminalError)) {
        this.#waiting.unshift(notice)
        this.#bound()
        this.#retryLater(failure.retryAfterMs ?? 0)
        break
      }
      this.#failures = 0
      this.#options.count(failure ? 'refused' : 'delivered')
    }
    this.#isPosting = false
  }

  #next(): AlertNotice | undefined {
    return this.#isStopped ? undefined : this.#waiting.shift()
  }

  #retryLater(retryAfterMs: number): void {
    if (this.#isStopped) return
    const { timer, random } = this.#options
    const waitMs = Math.max(retryAfterMs, backoffMs(++this.#failures, random()))
    this.#cancelRetry = timer(() => {
      this.#cancelRetry = undefined
      void this.#proceed()
    }, waitMs)
  }

  #bound(): void {
    for (; this.#waiting.length > NOTICES_MAX; this.#waiting.shift()) this.#options.count('dropped')
  }

  /** Resolves with the failure, or undefined if the notice has arrived. Keeps N3. */
  async #attempt(notice: AlertNotice): Promise<DeliveryError | undefined> {
    const { url, secrets, http, clock, timer, onTrouble } = this.#options
    const body = Buffer.from(JSON.stringify(bodyOf(notice)))
    // Receivers drop what comes twice under one id: beginning and end are two.
    const id = `${notice.id}_${notice.state}_${notice.at}`
    const headers = {
      'Content-Type': 'application/json',
      ...signatureHeaders({ id, timestamp: Math.floor(clock() / 1_000), body }, secrets),
    }
    const ended = new AbortController()
    const cancel = timer(() => ended.abort(new DOMException('timed out', 'TimeoutError')), TIMEOUT_MS)
    const signal = AbortSignal.any([ended.signal, this.#stopping.signal])
    const failure = await http.request({ method: 'POST', url, headers, body, signal }).then(
      (answer) => statusOutcome(answer.status, { retryAfter: answer.headers['retry-after'], now: clock() }),
      (cause: unknown) => (cause instanceof DeliveryError ? cause : faultOf(cause)),
    )
    cancel()
    if (failure && !this.#isStopped) onTrouble(failure)
    return failure
  }
}

function faultOf(cause: unknown): DeliveryError {
  return new RetryableError('internal_error', 'A fault of the server', { cause })
}

/** The JSON that is posted. */
function bodyOf({ id, state, alert, since, at }: AlertNotice): object {
  return {
    id,
    alert: alert.name,
    space: alert.spaceId,
    state,
    since: new Date(since).toISOString(),
    at: new Date(at).toISOString(),
    summary: alert.summary,
    details: alert.details,
  }
}
