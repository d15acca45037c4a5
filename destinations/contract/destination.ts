/**
 * The contract between deliveries and destinations. A type of destination declares its settings and limits, and
 * connects with them; the connected destination takes calls.
 *
 * D1. A call may come more than once, with the same `messageId`: a destination that can tell applies it once.
 * D2. Calls of one profile come in order, one after the other has been answered.
 * D3. Only a `DeliveryError` decides what happens to a call; any other error is a fault of ours, and is tried again.
 */
import type { z } from 'zod'
import type { TakenCalls } from '../../src/model/destination-admin.ts'
import type { JsonObject } from '../../src/model/json.ts'
import type { DefinitionRunner } from './definition-runner.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { FieldChoices, FieldQuestion, RehearsedRequest } from '../../src/model/destination-question.ts'
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
  /** Settings that say where requests go: a change of one asks for the secrets anew, which would go there. */
  readonly hosts?: readonly string[]
  /** The calls that it has a use for, by settings without their secrets; absent: by its kind. */
  takes?(settings: JsonObject): TakenCalls
  /** True if its destinations have `deleteUser`. */
  readonly deletesUsers?: boolean
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
  /** Time for which changes are gathered before they are sent; 0: each is sent at once. */
  readonly gatherMs: number
}

/** The part of the process that a destination may use. */
export interface DestinationContext {
  /** Id of the destination, or of a trial of its settings. */
  readonly destinationId: string
  readonly http: HttpClient
  /** Addresses that sockets of the destination's own may connect to. */
  readonly addresses: Addresses
  /** Runs definitions of the catalogue. */
  readonly definitions: DefinitionRunner
  /** Stores settings that the destination has renewed itself, such as a token. */
  readonly save: (settings: JsonObject) => void
  /** A folder of the destination's own; created by its first write. */
  readonly directory: string
  /** Writes a line for the server's operator. */
  readonly print: (line: string) => void
  /** Epoch ms. */
  readonly clock: () => number
}

/** An audience for which a list is created. */
export interface NamedAudience {
  /** `aud_…`. */
  readonly id: string
  readonly key: string
  readonly name: string
  readonly spaceId: string
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
  createAudience?(audience: NamedAudience, signal: AbortSignal): Promise<string>
  /** Resolves with false if a list of that id is gone. */
  hasAudience?(externalId: string, signal: AbortSignal): Promise<boolean>
  /** Tells the destination to delete the person whom a call names; nothing more is told of this person. */
  deleteUser?(call: DeliveryCall, signal: AbortSignal): Promise<void>
  /** Resolves if the settings work, without telling the destination about any person. */
  testConnection?(signal: AbortSignal): Promise<void>
  /**
   * Returns the requests that a call would make, in order, and sends nothing. Secrets may be in them: whoever shows
   * them masks those. Rejects with a DeliveryError.
   */
  rehearse?(call: DeliveryCall, signal: AbortSignal): Promise<readonly RehearsedRequest[]>
  /** Returns the action of the tool that a call goes to; undefined if it goes to none. */
  actionOf?(call: DeliveryCall): string | undefined
  /** Asks the tool for the values that a field may have. Rejects with a DeliveryError. */
  choices?(question: FieldQuestion, signal: AbortSignal): Promise<FieldChoices>
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
  abstract readonly kind: 'retryable' | 'terminal' | 'skipped'
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

/** There was nothing to send: the destination has no use for the call. */
export class SkippedError extends DeliveryError {
  override readonly name = 'SkippedError'
  readonly kind = 'skipped'
}

/** It will not arrive, however often it is tried. */
export class TerminalError extends DeliveryError {
  override readonly name = 'TerminalError'
  readonly kind = 'terminal'
}
