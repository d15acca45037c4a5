/**
 * Decides what failures of a Redis mean. All that a person can mend, or a failover ends, is tried again: what is told
 * later would be wrong without what was dropped. No message repeats what the server says: that may have a key, with
 * the identity in it.
 */
import { type DeliveryError, RetryableError, TerminalError } from '../contract/destination.ts'
import { transportError } from '../contract/transport-error.ts'

interface Meaning {
  readonly codes: RegExp
  readonly reason: string
  readonly message: string
  readonly isFinal?: true
}

/** By the first word of the answer. */
const MEANINGS: readonly Meaning[] = [
  {
    codes: /^(WRONGPASS|NOAUTH)$/,
    reason: 'authentication',
    message: 'The server refuses the user or the password: see settings.username and settings.password.',
  },
  {
    codes: /^(NOPERM|DENIED)$/,
    reason: 'forbidden',
    message: 'The user may not run EVAL, GET, SET, DEL, SADD or SREM on keys that begin with settings.keyPrefix.',
  },
  { codes: /^READONLY$/, reason: 'read_only', message: 'The server is a replica, and takes no writes.' },
  { codes: /^LOADING$/, reason: 'loading', message: 'The server is loading its data.' },
  { codes: /^BUSY$/, reason: 'busy', message: 'The server is busy with a script of somebody else.' },
  { codes: /^OOM$/, reason: 'out_of_memory', message: 'The server has used up its memory.' },
  { codes: /^MISCONF$/, reason: 'not_persistent', message: 'The server cannot save its data, and takes no writes.' },
  {
    codes: /^(MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|UNBLOCKED)$/,
    reason: 'unavailable',
    message: 'The server cannot answer at present.',
  },
  {
    codes: /^(MOVED|ASK|CROSSSLOT)$/,
    reason: 'cluster',
    message: 'The server is one of a cluster, which has keys of other names elsewhere: see settings.url and keyPrefix.',
  },
  {
    codes: /^SUPERSEDED$/,
    reason: 'superseded',
    message: 'A newer connection has taken over the writes.',
  },
  {
    codes: /^WRONGTYPE$/,
    reason: 'wrong_type',
    message: 'A key of that name holds something else: see settings.keyPrefix.',
    isFinal: true,
  },
]

/** Returns the error that an answer with a code means. */
export function replyError(code: string): DeliveryError {
  const meaning = MEANINGS.find(({ codes }) => codes.test(code))
  if (!meaning) return new RetryableError('refused', 'The server refuses the command.')
  const { reason, message, isFinal } = meaning
  return isFinal ? new TerminalError(reason, message) : new RetryableError(reason, message)
}

/** Returns a DeliveryError for a failure of the world; any other error as it is. */
export function redisError(error: unknown): Error {
  if (!(error instanceof Error)) return transportError(error)
  // Without its cause, which has the command with its arguments.
  if (error.name === 'ReplyError') return replyError(codeOf(error))
  if (error.name === 'ParserError') return new RetryableError('invalid_answer', 'What came back is not Redis.')
  if (error.name === 'AbortError' || CLOSED.test(error.message))
    return new RetryableError('connection_reset', 'The connection was closed before the answer was complete.')
  return transportError(error)
}

/** Returns the first word of an answer, if it is one of capital letters. */
export function codeOf({ message }: Error): string {
  return /^[A-Z]+\b/.exec(message)?.[0] ?? ''
}

/** Messages of ioredis for a command that has lost its connection. */
const CLOSED = /^(Connection is closed|Stream isn't writeable)/
/** For a socket that is closed from here. */
export const CLOSED_MESSAGE = 'Connection is closed'
