/** The bound of requests that a token may make in a second. */
import type { RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import { EngineError } from '../model/errors.ts'

export interface RateLimitOptions {
  /** Requests a second; at least 1. */
  readonly rate: number
  readonly tokenOf: (authorization: string | undefined) => string
}

const WINDOW_MS = 1_000

/** Makes a middleware that refuses what is beyond the rate. Requests must have been checked: others are counted too. */
export function limitRate({ rate, tokenOf }: RateLimitOptions): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_MS,
    limit: rate,
    keyGenerator: (request) => tokenOf(request.get('authorization')),
    // `X-RateLimit-…`, and `Retry-After` for what is refused.
    legacyHeaders: true,
    standardHeaders: false,
    validate: false,
    handler: () => {
      throw new EngineError(
        'rate_limit_error',
        `The token may make ${rate} requests a second; try again after Retry-After seconds`,
      )
    },
  })
}
