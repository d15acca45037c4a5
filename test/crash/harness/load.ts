/**
 * Clients that send calls without end: raw batches, single calls, and Segment's SDK. Whoever gets no 2xx sends again
 * with the same messageIds, and now and then what was acknowledged already is sent again too.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Analytics } from '@segment/analytics-node'
import { DEADLINE_MS, until } from '../../support/eventually.ts'
import { basic } from '../../support/server.ts'
import type { Call, Calls } from './calls.ts'
import type { Chance } from './runs.ts'

export interface LoadOptions {
  readonly url: string
  readonly writeKey: string
  readonly calls: Calls
  readonly chance: Chance
  /** Clients that send raw requests. */
  readonly clients?: number
  /** One more client is the SDK. */
  readonly withSdk?: boolean
}

/** The result of one request: a status, with or without `Retry-After`, or no answer. */
export type Outcome = `${number}` | `${number} Retry-After` | 'no answer'

const USUAL_OUTCOMES: readonly Outcome[] = ['200', '503 Retry-After', 'no answer']
const BATCH_CALLS = 6
const PAUSE_MS = 15
/** Whatever keeps it waiting longer, it is sent again. */
const REQUEST_MS_MAX = 20_000
const SDK_CALLS = 10

export class Load {
  readonly outcomes = new Map<Outcome, number>()
  /** Counts of requests that were answered with 2xx. */
  readonly latenciesMs: number[] = []
  readonly #options: LoadOptions
  readonly #again: Call[] = []
  readonly #clients: Promise<void>[] = []
  #isMaking = true
  #isEnding = false

  constructor(options: LoadOptions) {
    this.#options = options
    const { clients = 4, withSdk = true } = options
    for (let client = 0; client < clients; client++) this.#clients.push(this.#sendBatches())
    if (withSdk) this.#clients.push(this.#sendBySdk())
  }

  /** Makes no call more, and resolves when every call that was made is acknowledged. */
  async drain(): Promise<void> {
    this.#isMaking = false
    try {
      await until(() => this.#options.calls.areAllAcknowledged)
    } finally {
      await this.end()
    }
  }

  /** Sends what another, which has ended, has not brought to its end. */
  adopt(other: Load): void {
    this.#again.push(...other.#again.splice(0))
  }

  /** Lists answers that a client should never see: it is taken, or told when to come again, or nobody is there. */
  strangeOutcomes(): Outcome[] {
    return [...this.outcomes.keys()].filter((outcome) => !USUAL_OUTCOMES.includes(outcome))
  }

  async end(): Promise<void> {
    this.#isMaking = false
    this.#isEnding = true
    await Promise.all(this.#clients)
  }

  /** Resolves when so many calls more are acknowledged. */
  async acknowledged(more: number, timeout = DEADLINE_MS): Promise<void> {
    const enough = this.#options.calls.acknowledgedCount + more
    await until(() => this.#options.calls.acknowledgedCount >= enough, { timeout, interval: 5 })
  }

  async #sendBatches(): Promise<void> {
    const { chance, calls } = this.#options
    let sentBefore: Call[] = []
    while (!this.#isEnding) {
      const batch = chance.below(20) === 0 ? sentBefore : this.#take(1 + chance.below(BATCH_CALLS))
      if (batch.length > 0) {
        const isTaken = await this.#send(batch)
        if (isTaken) calls.acknowledge(batch)
        else this.#again.push(...batch.filter((call) => !calls.isAcknowledged(call)))
        sentBefore = batch
      }
      await delay(PAUSE_MS)
    }
  }

  #take(count: number): Call[] {
    const taken = this.#again.splice(0, count)
    while (this.#isMaking && taken.length < count) taken.push(this.#options.calls.next())
    return taken
  }

  async #send(batch: readonly Call[]): Promise<boolean> {
    const { url, writeKey } = this.#options
    const [only] = batch
    const [path, body] = batch.length === 1 ? [only!.type, only] : ['batch', { batch }]
    const startedAt = performance.now()
    try {
      const response = await fetch(`${url}/v1/${path}`, {
        method: 'POST',
        // A connection that is kept alive may be closed just as it is used again.
        headers: { authorization: basic(`${writeKey}:`), connection: 'close' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(REQUEST_MS_MAX),
      })
      const { rejected } = (await response.json()) as { rejected?: unknown }
      this.#count(response)
      if (response.ok) this.latenciesMs.push(performance.now() - startedAt)
      return response.ok && rejected === undefined
    } catch {
      this.#countOutcome('no answer')
      return false
    }
  }

  async #sendBySdk(): Promise<void> {
    const { url, writeKey, calls } = this.#options
    const analytics = new Analytics({ host: url, writeKey, flushAt: SDK_CALLS, flushInterval: 50, maxRetries: 1 })
    analytics.on('error', () => undefined)
    while (!this.#isEnding) {
      const batch = this.#take(SDK_CALLS)
      await Promise.all(batch.map((call) => this.#track(analytics, call)))
      this.#again.push(...batch.filter((call) => !calls.isAcknowledged(call)))
      await delay(PAUSE_MS)
    }
    await analytics.closeAndFlush({ timeout: 5_000 })
  }

  #track(analytics: Analytics, call: Call): Promise<void> {
    const { type, messageId, userId, timestamp, event = '', groupId = '', properties, traits } = call
    const common = { userId, messageId, ...(timestamp === undefined ? {} : { timestamp: new Date(timestamp) }) }
    return new Promise((resolve) => {
      const settle = (error: unknown): void => {
        if (error === undefined || error === null) this.#options.calls.acknowledge([call])
        resolve()
      }
      if (type === 'track') analytics.track({ ...common, event, properties: { ...properties } }, settle)
      else analytics.group({ ...common, groupId, traits: { ...traits } }, settle)
    })
  }

  #count({ status, headers }: Response): void {
    this.#countOutcome(headers.has('retry-after') ? `${status} Retry-After` : `${status}`)
  }

  #countOutcome(outcome: Outcome): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1)
  }
}
