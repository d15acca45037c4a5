/**
 * The contract between deliveries and the tools that they reach. A type of destination declares its settings and limits
 * and connects with them; what it has connected takes calls.
 *
 * D1. A call may come more than once, with the same `messageId`: whoever can tell is to apply it once.
 * D2. Calls of one profile come in order, one after the other has been answered.
 * D3. Only a `DeliveryError` says what is to become of a call; any other error is a fault of ours, and is tried again.
 */
import type { z } from 'zod'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { HttpClient } from './http-client.ts'

/** An event destination takes calls; a list keeps who is in it, and takes no computed traits. */
export type DestinationKind = 'event' | 'list'

export interface DestinationType<Settings extends object = object> {
  /** For good: `webhook`. */
  readonly slug: string
  /** As `integrations` of a call names it. */
  readonly name: string
  readonly kind: DestinationKind
  readonly description: string
  /** Strict: what it does not name is refused. */
  readonly settings: z.ZodType<Settings>
  /** Settings that are encrypted where they are kept, and never shown. */
  readonly secrets: readonly string[]
  limits(settings: Settings): DestinationLimits
  connect(settings: Settings, context: DestinationContext): Destination
}

export interface DestinationLimits {
  /** Calls that one request carries at most; 1: each by itself. */
  readonly batchCalls: number
  /** Of all audiences together; absent: no limit. */
  readonly requestsPerSecond?: number
  /** A try that has not ended by then has failed. */
  readonly timeoutMs: number
  /** Of a list: how long changes are gathered before they are sent; 0 for event destinations. */
  readonly gatherMs: number
}

/** What the process has for a destination. */
export interface DestinationContext {
  readonly http: HttpClient
  /** A folder of the destination's own; made when it is first written to. */
  readonly directory: string
  /** Writes a line where the server's operator sees it. */
  readonly print: (line: string) => void
  /** Epoch ms. */
  readonly clock: () => number
}

export interface Destination {
  /** Resolves when the call has arrived. Rejects with a DeliveryError. */
  deliver(call: DeliveryCall, signal: AbortSignal): Promise<void>
  /** At most `batchCalls`, by one request: for each call, in order, what went wrong, or undefined where it arrived. */
  deliverBatch?(calls: readonly DeliveryCall[], signal: AbortSignal): Promise<readonly (DeliveryError | undefined)[]>
  /** Makes a list for an audience where the destination has none; gives its id there. */
  createAudience?(audience: { readonly key: string; readonly name: string }, signal: AbortSignal): Promise<string>
  /** Resolves where the settings work, without telling anybody about a person. */
  testConnection?(signal: AbortSignal): Promise<void>
  /** Writes what is still held back, and lets go. */
  close?(): Promise<void>
}

export interface DeliveryErrorOptions {
  readonly cause?: unknown
  /** The least time before the next try. */
  readonly retryAfterMs?: number
}

/** Why a call has not arrived. The message names no person and no secret. */
export abstract class DeliveryError extends Error {
  abstract readonly kind: 'retryable' | 'terminal'
  /** By what failures are counted: `timeout`, `status_503`. */
  readonly reason: string
  readonly retryAfterMs: number | undefined

  constructor(reason: string, message: string, { cause, retryAfterMs }: DeliveryErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

/** It may arrive when it is tried again. */
export class RetryableError extends DeliveryError {
  override readonly name = 'RetryableError'
  readonly kind = 'retryable'
}

/** It will not arrive, however often it is tried. */
export class TerminalError extends DeliveryError {
  override readonly name = 'TerminalError'
  readonly kind = 'terminal'
}
