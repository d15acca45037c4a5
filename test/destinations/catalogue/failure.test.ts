/** The meaning of what definitions throw. */
import { describe, expect, it } from 'vitest'
import { failureOf, failureOfStatus, personal, refusalBehind } from '../../../destinations/catalogue/host/failure.ts'
import { BLOCKED_CODE } from '../../../destinations/catalogue/host/socket-guard.ts'
import { RetryableError, TerminalError } from '../../../destinations/contract/destination.ts'
import { SINCE } from '../calls.ts'

/** An error with the fields that are given. */
function thrown(fields: object, message = 'said'): Error {
  return Object.assign(new Error(message), fields)
}

function answered(status: number, retryAfter?: string): Error {
  const headers = { get: (name: string) => (name === 'retry-after' ? (retryAfter ?? null) : null) }
  return thrown({ name: 'HTTPError', response: { status, headers } })
}

describe('an error of a definition', () => {
  it.each([
    ['an answer of 400', answered(400), 'terminal status_400'],
    ['an answer of 401', answered(401), 'terminal status_401'],
    ['an answer of 408', answered(408), 'retryable status_408'],
    ['an answer of 429', answered(429), 'retryable status_429'],
    ['an answer of 503', answered(503), 'retryable status_503'],
    ['an answer of 200 that it refuses', answered(200), 'terminal refused'],
    ['a payload that breaks its schema', thrown({ name: 'AggregateAjvError' }), 'terminal invalid_payload'],
    ['an error with a code and a status', thrown({ code: 'Missing Field', status: 400 }), 'terminal missing_field'],
    ['one that is to be tried again', thrown({ code: 'RETRYABLE_ERROR', status: 500 }), 'retryable retryable_error'],
    [
      'credentials that are not valid',
      thrown({ code: 'INVALID_AUTHENTICATION', status: 401 }),
      'terminal invalid_authentication',
    ],
    ['a status alone', thrown({ status: 502 }), 'retryable status_502'],
    ['a code that is no word', thrown({ code: '{"email": "a@b.co"}', status: 400 }), 'terminal status_400'],
    ['a request that takes too long', thrown({ name: 'TimeoutError', code: 'ETIMEDOUT' }), 'retryable timeout'],
    ['a body that takes too long', thrown({ name: 'FetchError', type: 'body-timeout' }), 'retryable timeout'],
    ['an answer that is too large', thrown({ name: 'FetchError', type: 'max-size' }), 'terminal answer_too_large'],
    ['redirects without end', thrown({ name: 'FetchError', type: 'max-redirect' }), 'terminal redirect'],
    ['a private address', thrown({ name: 'FetchError', code: BLOCKED_CODE }), 'terminal blocked_address'],
    ['nobody who listens', thrown({ name: 'FetchError', code: 'ECONNREFUSED' }), 'retryable connection_refused'],
    ['a name that nobody knows', thrown({ name: 'FetchError', code: 'ENOTFOUND' }), 'retryable dns'],
    ['an answer that it did not expect', new TypeError('x is undefined'), 'retryable definition_failed'],
    ['the package that is not there', thrown({ code: 'MODULE_NOT_FOUND' }), 'retryable catalogue_missing'],
    ['an error of ours', new TerminalError('unknown_action', 'm'), 'terminal unknown_action'],
    ['something that is no error', 'thrown', 'retryable definition_failed'],
  ])('is, for %s', (_, error, expected) => {
    const { kind, reason } = failureOf(error, [])
    expect(`${kind} ${reason}`).toBe(expected)
  })

  it('waits for as long as the tool asks', () => {
    expect(failureOf(answered(429, '30'), []).retryAfterMs).toBe(30_000)
  })

  it('is told without the people and secrets that it quotes', () => {
    const event = {
      userId: 'user-4711',
      traits: { email: 'ann@example.com', plan: 'pro', nested: [{ phone: 5550199 }] },
    }
    const message = 'ann@example.com of user-4711 (5550199) is refused by s3cret; pro is not'
    const { message: shown } = failureOf(thrown({ status: 400 }, message), [event, { api_key: 's3cret' }])
    expect(shown).toBe('… of … (…) is refused by …; pro is not')
  })

  it('hides the longer of two values of which one is a part of the other', () => {
    expect(failureOf(thrown({ status: 400 }, 'no abcdef'), ['abcd', 'abcdef']).message).toBe('no …')
  })

  it('is no longer than 300 characters', () => {
    expect(failureOf(thrown({ status: 400 }, 'x'.repeat(1_000)), []).message).toHaveLength(301)
  })
})

describe('the status of one event of a batch', () => {
  it('is no failure where it is 2xx, or is not told', () => {
    expect([failureOfStatus({ status: 200 }, []), failureOfStatus({}, [])]).toEqual([undefined, undefined])
  })

  it('is named by the type of its error', () => {
    const status = { status: 400, errortype: 'INVALID_PAYLOAD', errormessage: 'no ann@example.com' }
    expect(failureOfStatus(status, ['ann@example.com'])).toEqual({
      kind: 'terminal',
      reason: 'invalid_payload',
      message: 'no …',
    })
    expect(failureOfStatus({ status: 503 }, [])).toMatchObject({ kind: 'retryable', reason: 'status_503' })
  })
})

it('the personal part of an event leaves out what is the same for all', () => {
  const event = {
    type: 'track',
    userId: 'u1',
    properties: { plan: 'pro' },
    timestamp: SINCE,
    context: { personas: { computation_key: 'vips' }, traits: { email: 'a@b.co' } },
  }
  expect(personal(event)).toEqual({ userId: 'u1', properties: { plan: 'pro' }, known: { email: 'a@b.co' } })
})

describe('the last answer, if it was none of success', () => {
  const trouble = new RetryableError('status_503', 'The answer has status 503.', { retryAfterMs: 7_000 })
  const refusal = new TerminalError('status_401', 'The answer has status 401.')

  it.each([
    ['an error over a body that it could not read', new TypeError('errors'), refusal, 'status_401'],
    ['text in place of JSON', thrown({ type: 'invalid-json' }), refusal, 'status_401'],
    ['a failure for good of its own', thrown({ code: 'CREATE_FAILED', status: 400 }), trouble, 'status_503'],
  ])('is behind %s', (_, error, last, reason) => {
    expect(refusalBehind(error, last)).toMatchObject({ reason })
  })

  it.each([
    ['an error that has an answer', answered(400), trouble],
    ['an error of ours', new TerminalError('unknown_action', 'm'), trouble],
    ['a failure for good, where it is one too', thrown({ code: 'CREATE_FAILED', status: 400 }), refusal],
    ['an error without any answer', new TypeError('errors'), undefined],
  ])('is not behind %s', (_, error, last) => {
    expect(refusalBehind(error, last)).toBe(error)
  })

  it('says what an event of a batch does not', () => {
    const unsaid = { errortype: 'UNKNOWN_ERROR', errorreporter: 'DESTINATION' }
    expect(failureOfStatus(unsaid, [], trouble)).toMatchObject({ kind: 'retryable', reason: 'status_503' })
    expect(failureOfStatus(unsaid, [], refusal)).toMatchObject({ kind: 'terminal', reason: 'status_401' })
    expect(failureOfStatus(unsaid, [])).toMatchObject({ kind: 'retryable', reason: 'definition_failed' })
    expect(failureOfStatus({}, [], trouble)).toBeUndefined()
    expect(failureOfStatus({ status: 200 }, [], trouble)).toBeUndefined()
  })

  it('says for how long an event of a batch waits', () => {
    const refused = { status: 429, errortype: 'TOO_MANY_REQUESTS' }
    const expected = { kind: 'retryable', reason: 'too_many_requests', retryAfterMs: 7_000 }
    expect(failureOfStatus(refused, [], trouble)).toMatchObject(expected)
    expect(failureOfStatus({ status: 400, errortype: 'SEARCH_FAILED' }, [], trouble)).toMatchObject({
      kind: 'retryable',
      reason: 'status_503',
      retryAfterMs: 7_000,
    })
  })
})
