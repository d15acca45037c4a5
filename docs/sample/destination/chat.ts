/**
 * Writes a line into a room of a chat tool, by the tool's incoming webhook, when somebody enters or leaves an audience.
 * A template for destinations of one's own: docs/destinations.md goes through it.
 */
import { z } from 'zod'
import { valueOf } from '../../../destinations/contract/call-fields.ts'
import {
  type Destination,
  type DestinationContext,
  type DestinationType,
  SkippedError,
} from '../../../destinations/contract/destination.ts'
import { statusOutcome } from '../../../destinations/contract/status-outcome.ts'
import type { DeliveryCall } from '../../../src/model/delivery-call.ts'

const ChatSettings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .max(2_048)
    .describe('The incoming webhook of the room.'),
  greeting: z.string().max(100).optional().describe('Begins each line.'),
})
type ChatSettings = z.output<typeof ChatSettings>

const TIMEOUT_MS = 5_000

export const chatDestination: DestinationType<ChatSettings> = {
  slug: 'chat',
  name: 'Chat',
  kind: 'event',
  description: 'Writes a line into a room when somebody enters or leaves.',
  settings: ChatSettings,
  // Whoever knows the address of the webhook may write.
  secrets: ['url'],
  // Of the two calls that a change makes, one is enough.
  takes: () => ({ identify: false, track: true, group: true, computedTraits: true }),
  limits: () => ({ batchCalls: 1, requestsPerSecond: 1, timeoutMs: TIMEOUT_MS, gatherMs: 0 }),
  connect: (settings, context) => new Chat(settings, context),
}

class Chat implements Destination {
  readonly #settings: ChatSettings
  readonly #context: DestinationContext

  constructor(settings: ChatSettings, context: DestinationContext) {
    this.#settings = settings
    this.#context = context
  }

  async deliver(call: DeliveryCall, signal: AbortSignal): Promise<void> {
    if (call.type === 'identify') throw new SkippedError('no_line', 'Identify calls make no line.')
    await this.#post(lineOf(call), call.messageId, signal)
  }

  async testConnection(signal: AbortSignal): Promise<void> {
    await this.#post('Rollcall writes here.', `connection_test_${this.#context.clock()}`, signal)
  }

  /** @param id the same on every try, by which a tool that can tell drops a line that comes again */
  async #post(line: string, id: string, signal: AbortSignal): Promise<void> {
    const { url, greeting } = this.#settings
    const text = greeting === undefined ? line : `${greeting} ${line}`
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': id }
    const answer = await this.#context.http.request({
      method: 'POST',
      url,
      headers,
      body: JSON.stringify({ text }),
      signal,
    })
    const retryAfter = answer.headers['retry-after']
    const failure = statusOutcome(answer.status, { retryAfter, now: this.#context.clock() })
    if (failure) throw failure
  }
}

function lineOf(call: DeliveryCall): string {
  const who = call.type === 'group' ? call.groupId : (call.userId ?? call.anonymousId)
  return `${who}: ${call.context.personas.computation_key} is ${JSON.stringify(valueOf(call) ?? null)}`
}
