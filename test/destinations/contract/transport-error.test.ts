/** The names of failures below HTTP; those that a server on the loopback can cause are caused elsewhere. */
import { expect, it } from 'vitest'
import { BlockedAddressError } from '../../../destinations/contract/address-guard.ts'
import { TerminalError } from '../../../destinations/contract/destination.ts'
import { transportError } from '../../../destinations/contract/transport-error.ts'

it.each([
  ['ECONNREFUSED', 'connection_refused'],
  ['ECONNRESET', 'connection_reset'],
  ['EPIPE', 'connection_reset'],
  ['ETIMEDOUT', 'timeout'],
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['EPROTO', 'tls'],
  ['CERT_HAS_EXPIRED', 'tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ['HPE_INVALID_CONSTANT', 'invalid_answer'],
  ['HPE_HEADER_OVERFLOW', 'invalid_answer'],
])('%s is %s, and retried', (code, reason) => {
  expect(transportError(Object.assign(new Error('a'), { code }))).toMatchObject({ kind: 'retryable', reason })
})

it('what the system refuses for want of something is retried', () => {
  const error = Object.assign(new Error('a'), { code: 'EMFILE', syscall: 'connect' })
  expect(transportError(error)).toMatchObject({ kind: 'retryable', reason: 'connection_failed', cause: error })
})

it('where each address of a name has failed, the first says why', () => {
  const refused = Object.assign(new AggregateError([new Error('a')]), { code: 'ECONNREFUSED' })
  expect(transportError(refused)).toMatchObject({ reason: 'connection_refused' })
})

it('what the guard refuses is blocked for good', () => {
  expect(transportError(new BlockedAddressError())).toMatchObject({ kind: 'terminal', reason: 'blocked_address' })
})

it('what is understood already, and what is a fault of ours, stays as it is', () => {
  const understood = new TerminalError('redirect', 'a')
  const fault = Object.assign(new TypeError('a'), { code: 'ERR_INVALID_CHAR' })
  expect([transportError(understood), transportError(fault)]).toEqual([understood, fault])
  expect(transportError(fault)).toBe(fault)
})
