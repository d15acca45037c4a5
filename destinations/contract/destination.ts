/**
 * The contract between deliveries and destinations. A type of destination declares its settings and limits, and
 * connects with them; the connected destination takes calls.
 *
 * D1. A call may come more than once, with the same `messageId`: a destination that can tell applies it once.
 * D2. Calls of one profile come in order, one after the other has been answered.
 * D3. Only a `DeliveryError` decides what happens to a call; any other error is a fault of ours, and is tried again.
 */
import type { z } from 'zod'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { Addresses } from './address-guard.ts'
import type { HttpClient } from './http-client.ts'

/** An event destination takes calls; a list keeps the members of audiences, and takes no computed traits. */
export type DestinationKind = 'event' | 'list'

export interface DestinationType<Settings extends object = object> {
  /** Never changes: `webhook`. */
  readonly slug: string
  /** The name in `integrations` of a call. */
  readonly name: string
  readonly kind: DestinationKind
  readonly description: string
  /** Strict: unknown settings are refused. */
  readonly settings: z.ZodType<Settings>
  /** Settings that are stored encrypted, and never shown. */
  readonly secrets: readonly string[]
  /** Jobs that are under way at once; by default 8 for an event destination and 1 for a list. */
  readonly lanes?: number
  limits(settings: Settings): DestinationLimits
  connect(settings: Settings, context: DestinationContext): Destination
}

export interface DestinationLimits {
  /** Calls that one request carries at most; 1: each by itself. */
  readonly batchCalls: number
  /** For all audiences together; absent: no limit. */
  readonly requestsPerSecond?: number
  /** A try that takes longer has failed. */
  readonly timeoutMs: number
  /** Changes are gathered for so long before they are sent; 0: each is sent at once. */
  readonly gatherMs: number
}

/** The part of the process that a destination may use. */
export interface DestinationContext {
  readonly http: HttpClient
  /** Addresses that sockets of the destination's own may connect to. */
  readonly addresses: Addresses
  /** A folder of the destination's own; created by its first write. */
  readonly directory: string
  /** Writes a line for the server's operator. */
  readonly print: (line: string) => void
  /** Epoch ms. */
  readonly clock: () => number
}

export interface Destination {
  /** Resolves when the call has arrived. Rejects with a DeliveryError. */
  deliver(call: DeliveryCall, signal: AbortSignal): Promise<void>
  /**
   * Sends at most `batchCalls` by one request; resolves, for each call in order, with its error, or undefined if it
   * arrived.
   */
  deliverBatch?(calls: readonly DeliveryCall[], signal: AbortSignal): Promise<readonly (DeliveryError | undefined)[]>
  /** Creates a list for an audience, if the destination has none; resolves with its id there. */
  createAudience?(audience: { readonly key: string; readonly name: string }, signal: AbortSignal): Promise<string>
  /** Resolves if the settings work, without telling the destination about any person. */
  testConnection?(signal: AbortSignal): Promise<void>
  /** Writes what is still held back, and releases resources. */
  close?(): Promise<void>
}

export interface DeliveryErrorOptions {
  readonly cause?: unknown
  /** The least time before the next try. */
  readonly retryAfterMs?: number
}

/** The reason why a call has not arrived. The message names no person and no secret. */
export abstract class DeliveryError extends Error {
  abstract readonly kind: 'retryable' | 'terminal'
  /** Failures are counted by it: `timeout`, `status_503`. */
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
