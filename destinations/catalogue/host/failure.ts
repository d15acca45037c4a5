/**
 * Decides what the errors of definitions mean. What they say may quote people and secrets: whatever of the events and
 * settings is in a message is taken out of it.
 */
import type { JsonObject, JsonValue } from '../../../src/model/json.ts'
import type { DefinitionFailure } from '../../contract/definition-runner.ts'
import { DeliveryError, RetryableError, TerminalError } from '../../contract/destination.ts'
import { statusOutcome } from '../../contract/status-outcome.ts'
import { transportError } from '../../contract/transport-error.ts'
import type { EventStatus } from './kit.ts'
import { BLOCKED_CODE } from './socket-guard.ts'

const MESSAGE_MAX = 300
/** Shorter values would take words out of messages, and tell nothing. */
const HIDDEN_LENGTH_MIN = 4

/** The fields that the errors of the kit, of node-fetch and of the definitions have. */
interface KnownError {
  readonly name?: string
  readonly message?: string
  readonly status?: unknown
  readonly code?: unknown
  readonly type?: unknown
  readonly response?: { readonly status?: unknown; readonly headers?: { get?(name: string): string | null } }
}

/** The parts of an event that are somebody's. */
export function personal({ userId, anonymousId, groupId, traits, properties, context }: JsonObject): JsonObject {
  const { traits: known, externalIds, device } = (context ?? {}) as JsonObject
  const parts = { userId, anonymousId, groupId, traits, properties, known, externalIds, device }
  return Object.fromEntries(
    Object.entries(parts).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined),
  )
}

/** @param hides events and settings, whose values no message may hold */
export function failureOf(error: unknown, hides: JsonValue): DefinitionFailure {
  const known = typeof error === 'object' && error !== null ? (error as KnownError) : {}
  const meant = meaningOf(error, known)
  const { kind, reason, retryAfterMs } = meant
  const message = hidden(meant.message, hides)
  return { kind, reason, message, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

/**
 * The failure of one event of a batch; undefined if it has arrived.
 * @param refusal the last answer, if it was none of success: definitions may say less of it than it did
 */
export function failureOfStatus(
  { status, errortype, errormessage = '', errorreporter }: EventStatus,
  hides: JsonValue,
  refusal?: DeliveryError,
): DefinitionFailure | undefined {
  const isUnsaid = status === undefined && errorreporter !== undefined
  const outcome = isUnsaid ? (refusal ?? UNSAID) : statusOutcome(status ?? 200, { now: 0 })
  if (!outcome) return undefined
  const { kind, reason, message, retryAfterMs } = hidesTrouble(outcome, refusal) ? refusal : outcome
  const wait = kind === 'retryable' ? (retryAfterMs ?? refusal?.retryAfterMs) : undefined
  return {
    kind,
    reason: reason === outcome.reason && !isUnsaid ? (reasonOf(errortype) ?? reason) : reason,
    message: hidden(errormessage === '' ? message : errormessage, hides),
    ...(wait !== undefined && { retryAfterMs: wait }),
  }
}

/** True for a failure for good that comes of a vendor's passing trouble. */
function hidesTrouble(outcome: DeliveryError, refusal: DeliveryError | undefined): refusal is DeliveryError {
  return outcome.kind === 'terminal' && refusal?.kind === 'retryable'
}

const UNSAID = new RetryableError('definition_failed', 'The definition does not say why the event has not arrived.')

/**
 * Finds the answer behind an error of a definition: one that could not read it, such as a refusal without a body, or
 * that takes a vendor's passing trouble for a failure for good.
 * @param refusal the last answer, if it was none of success
 */
export function refusalBehind(error: unknown, refusal: DeliveryError | undefined): unknown {
  if (!refusal || error instanceof DeliveryError) return error
  const known = typeof error === 'object' && error !== null ? (error as KnownError) : {}
  const { name, type, response } = known
  const isUnread = name === 'TypeError' || name === 'SyntaxError' || type === 'invalid-json'
  const isOwn = response === undefined && hidesTrouble(meaningOf(error, known), refusal)
  return isUnread || isOwn ? refusal : error
}

function meaningOf(error: unknown, known: KnownError): DeliveryError {
  if (error instanceof DeliveryError) return error
  const { name, message = '', code, type, response } = known
  if (response && typeof response.status === 'number') {
    const retryAfter = response.headers?.get?.('retry-after') ?? undefined
    // A definition may refuse an answer of 200.
    return (
      statusOutcome(response.status, { retryAfter, now: Date.now() }) ??
      new TerminalError('refused', `The definition refuses the answer: ${message}`)
    )
  }
  if (name === 'AggregateAjvError' || name === 'ValidationError') return new TerminalError('invalid_payload', message)
  if (code === 'MODULE_NOT_FOUND')
    return new RetryableError('catalogue_missing', 'The package of the catalogue is not installed here.')
  if (code === BLOCKED_CODE) return new TerminalError('blocked_address', 'The address is private or reserved.')
  if (type === 'max-size') return new TerminalError('answer_too_large', 'The answer is too large.')
  if (type === 'max-redirect') return new TerminalError('redirect', 'The answer redirects too often.')
  if (type === 'request-timeout' || type === 'body-timeout' || name === 'AbortError' || code === 'ETIMEDOUT')
    return new RetryableError('timeout', 'No complete answer came in time.')
  if (typeof known.status === 'number') {
    const outcome = statusOutcome(known.status, { now: Date.now() })
    const reason = reasonOf(code) ?? outcome?.reason ?? 'refused'
    return outcome?.kind === 'retryable' ? new RetryableError(reason, message) : new TerminalError(reason, message)
  }
  const transport = error instanceof Error ? transportError(error) : undefined
  if (transport instanceof DeliveryError) return transport
  // It met an answer that it did not expect; another may come.
  return new RetryableError('definition_failed', `The definition has failed: ${message}`)
}

/** Codes are words of the definitions, such as `PAYLOAD_VALIDATION_FAILED`, and never of people. */
function reasonOf(code: unknown): string | undefined {
  if (typeof code !== 'string' || !/^[A-Za-z][A-Za-z0-9_ ]{1,59}$/.test(code)) return undefined
  return code
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/ /g, '_')
    .toLowerCase()
}

function hidden(message: string, hides: JsonValue): string {
  let shown = message
  for (const value of new Set(wordsIn(hides))) shown = shown.split(value).join('…')
  return shown.length > MESSAGE_MAX ? `${shown.slice(0, MESSAGE_MAX)}…` : shown
}

/** All values that could identify somebody, the longest first: one may be a part of another. */
function wordsIn(value: JsonValue): string[] {
  if (typeof value === 'string' || typeof value === 'number') {
    const word = String(value)
    return word.length < HIDDEN_LENGTH_MIN ? [] : [word]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value)
    .flatMap(wordsIn)
    .sort((one, other) => other.length - one.length)
}
