/**
 * Posts calls as JSON to a URL: one by itself, or an array of them, as Segment's webhooks do. The answer's status says
 * what has become of them; to an array, a 207 may answer with an array of as many statuses.
 */
import { createHash } from 'node:crypto'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { RehearsedRequest } from '../../src/model/destination-question.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { DeliveryError, Destination, DestinationContext, DestinationType } from '../contract/destination.ts'
import type { HttpResponse } from '../contract/http-client.ts'
import { statusOutcome } from '../contract/status-outcome.ts'
import { WebhookSettings } from './settings.ts'
import { signatureHeaders } from './signature.ts'

export const webhookDestination: DestinationType<WebhookSettings> = {
  slug: 'webhook',
  name: 'Webhooks',
  kind: 'event',
  description: 'Posts each call to a URL as JSON, signed.',
  settings: WebhookSettings,
  secrets: ['sharedSecret', 'headers'],
  limits: ({ batchSize, requestsPerSecond, timeoutSeconds }) => ({
    batchCalls: batchSize,
    ...(requestsPerSecond !== undefined && { requestsPerSecond }),
    timeoutMs: timeoutSeconds * 1_000,
    gatherMs: 0,
  }),
  connect: (settings, context) => new Webhook(settings, context),
}

class Webhook implements Destination {
  readonly #settings: WebhookSettings
  readonly #context: DestinationContext
  readonly #secrets: readonly string[]

  constructor(settings: WebhookSettings, context: DestinationContext) {
    this.#settings = settings
    this.#context = context
    this.#secrets = settings.sharedSecret?.split(' ') ?? []
  }

  async deliver(call: DeliveryCall, signal: AbortSignal): Promise<void> {
    await this.#postOne(call.messageId, call, signal)
  }

  async deliverBatch(calls: readonly DeliveryCall[], signal: AbortSignal): Promise<(DeliveryError | undefined)[]> {
    const response = await this.#post(idOf(calls), calls, signal)
    const statuses = response.status === 207 ? statusesIn(response.body, calls.length) : undefined
    return calls.map((_, index) => this.#outcome(response, statuses?.[index]))
  }

  async testConnection(signal: AbortSignal): Promise<void> {
    const now = this.#context.clock()
    const timestamp = new Date(now).toISOString()
    const messageId = `connection_test_${now}`
    const call = { type: 'track', event: 'Connection Test', messageId, properties: {}, context: {}, timestamp }
    await this.#postOne(messageId, this.#settings.batchSize > 1 ? [call] : call, signal)
  }

  rehearse(call: DeliveryCall): Promise<RehearsedRequest[]> {
    const content = this.#settings.batchSize > 1 ? [call] : call
    const { method, url, headers, body } = this.#requestOf(call.messageId, content)
    return Promise.resolve([{ method, url, headers, body: JSON.parse(body.toString()) as JsonValue }])
  }

  async #postOne(id: string, body: object, signal: AbortSignal): Promise<void> {
    const failure = this.#outcome(await this.#post(id, body, signal))
    if (failure) throw failure
  }

  #post(id: string, content: object, signal: AbortSignal): Promise<HttpResponse> {
    return this.#context.http.request({ ...this.#requestOf(id, content), signal })
  }

  #requestOf(id: string, content: object) {
    const { url, headers } = this.#settings
    const body = Buffer.from(JSON.stringify(content))
    const timestamp = Math.floor(this.#context.clock() / 1_000)
    const signed = signatureHeaders({ id, timestamp, body }, this.#secrets)
    return { method: 'POST', url, headers: { ...headers, 'Content-Type': 'application/json', ...signed }, body }
  }

  #outcome({ status, headers }: HttpResponse, ofCall = status): DeliveryError | undefined {
    return statusOutcome(ofCall, { retryAfter: headers['retry-after'], now: this.#context.clock() })
  }
}

/**
 * Receivers drop what comes twice under one id. The first call may come again among other calls: so of several, the id
 * is made of all of theirs.
 */
function idOf(calls: readonly DeliveryCall[]): string {
  const [first, ...others] = calls.map(({ messageId }) => messageId)
  if (first !== undefined && others.length === 0) return first
  return `batch_${createHash('sha256')
    .update([first, ...others].join('\n'))
    .digest('hex')
    .slice(0, 32)}`
}

/** The statuses of `count` calls: `[200, 503]` or `[{ "status": 200 }, …]`; undefined where the body says otherwise. */
function statusesIn(body: Buffer, count: number): number[] | undefined {
  const content = readJson(body)
  if (!Array.isArray(content) || content.length !== count) return undefined
  const statuses = content.map((entry: unknown) =>
    typeof entry === 'object' && entry !== null && 'status' in entry ? entry.status : entry,
  )
  return statuses.every(isStatus) ? statuses : undefined
}

function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 200 && Number(value) < 600
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
