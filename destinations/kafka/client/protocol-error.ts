/**
 * Decides what the error codes of Kafka mean for a call. Messages name neither topics nor people, and repeat nothing
 * that a broker has said.
 *
 * A code is terminal if it judges the message, or the right to write it. All that may change by itself, or that an
 * operator mends while calls wait, is tried again: leaders, replicas, a topic that is not there yet, a login.
 */
import { type DeliveryError, RetryableError, TerminalError } from '../../contract/destination.ts'

/**
 * The part of a code that concerns the producer alone: `leader`, ask for the leader again; `identity`, ask for another
 * producer id; `unsure`, the batch may be stored; `one_of_them`, one message of the batch is at fault.
 */
export type Hint = 'leader' | 'identity' | 'unsure' | 'one_of_them' | 'none'

interface Meaning {
  readonly kind: 'retryable' | 'terminal'
  readonly reason: string
  readonly message: string
  readonly hint: Hint
}

export const NO_ERROR = 0
/** The broker has the batch already. */
export const DUPLICATE_SEQUENCE = 46

const retryable = (reason: string, message: string, hint: Hint = 'none'): Meaning => {
  return { kind: 'retryable', reason, message, hint }
}
const terminal = (reason: string, message: string, hint: Hint = 'none'): Meaning => {
  return { kind: 'terminal', reason, message, hint }
}

const NO_LEADER = 'The partition has no leader at the moment.'
const NOT_LEADER = 'The broker does not lead the partition any more.'
const FEW_REPLICAS = 'Too few replicas of the partition are in sync.'
const IDENTITY = 'The broker does not know the producer any more.'
const LOGIN = 'The broker refuses the login: see saslMechanism, username and password.'
const TOO_LARGE = 'The message is larger than the topic takes.'
const NOT_READY = 'The broker is not ready.'
const REFUSED = 'The broker refuses the message.'

/** By code: https://kafka.apache.org/protocol#protocol_error_codes */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  [-1]: retryable('broker_error', 'The broker has failed.', 'unsure'),
  2: retryable('corrupt_message', 'The message has arrived damaged.', 'leader'),
  3: retryable('unknown_topic', 'The cluster has no such topic, or does not show it.', 'leader'),
  5: retryable('no_leader', NO_LEADER, 'leader'),
  6: retryable('not_leader', NOT_LEADER, 'leader'),
  7: retryable('timeout', 'The replicas have not acknowledged in time.', 'unsure'),
  8: retryable('broker_unavailable', NOT_READY, 'leader'),
  9: retryable('broker_unavailable', NOT_READY, 'leader'),
  10: terminal('message_too_large', TOO_LARGE, 'one_of_them'),
  13: retryable('broker_error', 'The broker was cut off from the others.', 'unsure'),
  14: retryable('broker_unavailable', NOT_READY),
  15: retryable('broker_unavailable', NOT_READY),
  16: retryable('broker_unavailable', NOT_READY),
  17: terminal('invalid_topic', 'The broker refuses the name of the topic.'),
  18: terminal('message_too_large', TOO_LARGE, 'one_of_them'),
  19: retryable('too_few_replicas', FEW_REPLICAS, 'leader'),
  20: retryable('too_few_replicas', FEW_REPLICAS, 'unsure'),
  29: terminal('topic_authorization_failed', 'The user may not write to the topic.'),
  31: terminal('cluster_authorization_failed', 'The user may not write idempotently to the cluster.'),
  32: terminal('invalid_timestamp', 'The topic refuses the time of the message.', 'one_of_them'),
  33: retryable('sasl_failed', 'The broker does not know the mechanism: see saslMechanism.'),
  34: retryable('sasl_failed', LOGIN),
  35: terminal('unsupported_version', 'The broker does not take this version of the request.'),
  43: terminal('unsupported_version', 'The topic has a message format that is too old.'),
  44: terminal('policy_violation', 'A policy of the cluster refuses the message.'),
  45: retryable('out_of_order', 'The broker has lost the order of the producer.', 'identity'),
  47: retryable('unknown_producer', IDENTITY, 'identity'),
  49: retryable('unknown_producer', IDENTITY, 'identity'),
  56: retryable('broker_error', 'The broker cannot write to its disk.', 'unsure'),
  58: retryable('sasl_failed', LOGIN),
  59: retryable('unknown_producer', IDENTITY, 'identity'),
  74: retryable('not_leader', NOT_LEADER, 'leader'),
  75: retryable('not_leader', NOT_LEADER, 'leader'),
  87: terminal('invalid_record', REFUSED, 'one_of_them'),
  89: retryable('throttled', 'The quota of the user is used up.'),
  90: retryable('unknown_producer', IDENTITY, 'identity'),
}

/** @param code not 0; one that is not in the table is retryable, and its number is the reason */
export function protocolError(code: number): DeliveryError {
  const { kind, reason, message } = meaningOf(code)
  return kind === 'terminal' ? new TerminalError(reason, message) : new RetryableError(reason, message)
}

export function hintOf(code: number): Hint {
  return meaningOf(code).hint
}

/** Throws unless the code is 0. */
export function assertNoError(code: number): void {
  if (code !== NO_ERROR) throw protocolError(code)
}

function meaningOf(code: number): Meaning {
  return MEANINGS[code] ?? retryable(`kafka_error_${code}`, `The broker answers with its error ${code}.`, 'unsure')
}
