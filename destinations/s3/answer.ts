/**
 * Decides by the answer of a store what happens to a batch. All that a person can mend is tried again: settings,
 * rights, a bucket that is missing. What is told of later would be wrong without what was dropped.
 */
import type { HttpResponse } from '../contract/http-client.ts'
import { RetryableError, TerminalError, type DeliveryError } from '../contract/destination.ts'
import { statusOutcome } from '../contract/status-outcome.ts'

interface Meaning {
  readonly codes: RegExp
  readonly reason: string
  readonly message: string
  readonly isFinal?: boolean
}

const ELSEWHERE: Meaning = {
  codes: /^(PermanentRedirect|TemporaryRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/,
  reason: 'wrong_region',
  message: 'The bucket is elsewhere: see settings.region and settings.endpoint.',
}
const NOT_A_STORE = 'An S3-compatible store answers otherwise: see settings.endpoint.'

/** By the code in the answer. No message repeats what the store says: that may have the key, or the object's name. */
const MEANINGS: readonly Meaning[] = [
  {
    codes: /^(SlowDown|SlowDownRead|SlowDownWrite|RequestLimitExceeded|TooManyRequests|Throttling\w*)$/,
    reason: 'slow_down',
    message: 'The store asks for fewer requests.',
  },
  {
    codes:
      /^(ServiceUnavailable|InternalError|Busy|XMinioServerNotInitialized|OperationAborted|ConditionalRequestConflict)$/,
    reason: 'store_unavailable',
    message: 'The store cannot answer at present.',
  },
  {
    codes: /^(RequestTimeout|IncompleteBody|BadDigest|XAmzContentSHA256Mismatch|XAmzContentChecksumMismatch)$/,
    reason: 'body_damaged',
    message: 'The object did not reach the store whole.',
  },
  {
    codes: /^(RequestTimeTooSkewed|RequestExpired)$/,
    reason: 'clock_skew',
    message: "The server's clock and that of the store are too far apart.",
  },
  {
    codes: /^(NoSuchBucket|InvalidBucketName)$/,
    reason: 'no_such_bucket',
    message: 'There is no such bucket: see settings.bucket.',
  },
  {
    codes: /^(AccessDenied|AllAccessDisabled|AccountProblem|NotSignedUp)$/,
    reason: 'access_denied',
    message: 'The key of settings.accessKeyId may not put objects under settings.prefix of settings.bucket.',
  },
  {
    codes: /^InvalidAccessKeyId$/,
    reason: 'invalid_access_key',
    message: 'The store does not know the key: see settings.accessKeyId.',
  },
  {
    codes: /^SignatureDoesNotMatch$/,
    reason: 'signature_mismatch',
    message: 'The signature is refused: see settings.secretAccessKey.',
  },
  {
    codes: /^(ExpiredToken|InvalidToken|TokenRefreshRequired)$/,
    reason: 'invalid_session_token',
    message: 'The temporary key has expired, or is refused: see settings.sessionToken.',
  },
  ELSEWHERE,
  {
    codes: /^(QuotaExceeded|StorageFull|XMinioStorageFull|InsufficientCapacity)$/,
    reason: 'storage_full',
    message: 'The store has no room for the object.',
  },
  {
    codes: /^(EntityTooLarge|MaxMessageLengthExceeded)$/,
    reason: 'object_too_large',
    message: 'The object is too large for the store: see settings.batchSize.',
    isFinal: true,
  },
]

/** Returns undefined if the request was carried out. @param now epoch ms */
export function answerOutcome({ status, headers, body }: HttpResponse, now: number): DeliveryError | undefined {
  const byStatus = statusOutcome(status, { retryAfter: headers['retry-after'], now })
  if (!byStatus) return undefined
  const { retryAfterMs } = byStatus
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  const code = /<Code>\s*(\w{1,64})\s*<\/Code>/.exec(body.toString())?.[1]
  // Whoever stands in front of the store has answered.
  if (code === undefined) return new RetryableError(byStatus.reason, `${byStatus.message} ${NOT_A_STORE}`, wait)
  const meaning = MEANINGS.find(({ codes }) => codes.test(code))
  if (!meaning) return byStatus
  return meaning.isFinal
    ? new TerminalError(meaning.reason, meaning.message)
    : new RetryableError(meaning.reason, meaning.message, wait)
}

/** Returns an error unless it was a store that has taken an object: each names it by an ETag. */
export function takenOutcome({ headers }: HttpResponse): DeliveryError | undefined {
  return headers.etag === undefined ? new RetryableError('not_a_store', NOT_A_STORE) : undefined
}

/** Turns a redirect, which is not followed, into its meaning here; returns any other failure as it is. */
export function redirectOutcome(error: unknown): unknown {
  if (!(error instanceof TerminalError) || error.reason !== 'redirect') return error
  return new RetryableError(ELSEWHERE.reason, ELSEWHERE.message)
}
