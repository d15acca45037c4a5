/**
 * Decides what failures below HTTP mean; nothing else does. Messages name neither host nor path: a URL may hold a
 * secret, and the log of the error names the destination.
 */
import { BlockedAddressError } from './address-guard.ts'
import { DeliveryError, RetryableError, TerminalError } from './destination.ts'

interface Meaning {
  readonly codes: RegExp
  readonly reason: string
  readonly message: string
}

/** By the error's code. Certificates are mended, servers come back, names are registered: all are retried. */
const MEANINGS: readonly Meaning[] = [
  { codes: /^ECONNREFUSED$/, reason: 'connection_refused', message: 'Nothing listens there.' },
  {
    codes: /^(ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE)$/,
    reason: 'connection_reset',
    message: 'The connection was closed before the answer was complete.',
  },
  { codes: /^(ETIMEDOUT|ABORT_ERR)$/, reason: 'timeout', message: 'No complete answer came in time.' },
  { codes: /^(ENOTFOUND|ENODATA|EAI_\w+)$/, reason: 'dns', message: 'The name of the host was not resolved.' },
  { codes: /^(E(HOST|NET)(UNREACH|DOWN))$/, reason: 'unreachable', message: 'Host unreachable.' },
  {
    codes: /^(EPROTO|ERR_(TLS|SSL|OSSL)_\w+|\w*CERT\w*|CRL_\w+|UNABLE_TO_\w+|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE))$/,
    reason: 'tls',
    message: 'TLS handshake failed.',
  },
  // Without its cause: a parser's error holds the bytes that came.
  { codes: /^HPE_\w+$/, reason: 'invalid_answer', message: 'What came back is not HTTP.' },
]

/** Returns a DeliveryError for a failure of the world; any other error as it is. */
export function transportError(error: unknown): Error {
  if (error instanceof DeliveryError) return error
  if (!(error instanceof Error)) return new Error('Something that is no error was thrown', { cause: error })
  if (error instanceof BlockedAddressError)
    return new TerminalError('blocked_address', 'The address is private or reserved.')
  const code = 'code' in error ? String(error.code) : ''
  const meaning = MEANINGS.find(({ codes }) => codes.test(code))
  if (meaning) {
    const cause = meaning.reason === 'invalid_answer' ? new Error(code) : error
    return new RetryableError(meaning.reason, meaning.message, { cause })
  }
  // Refused by the system, such as another socket.
  if ('syscall' in error)
    return new RetryableError('connection_failed', `No connection came about: ${code}.`, { cause: error })
  return error
}

/** Returns the failure of an aborted signal. */
export function timedOut(signal: AbortSignal): RetryableError {
  return new RetryableError('timeout', 'No complete answer came in time.', { cause: signal.reason })
}
