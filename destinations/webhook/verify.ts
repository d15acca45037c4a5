/** Verifies a signed request as its receiver does; a sample to copy, which our own tests hold requests against. */
import { timingSafeEqual } from 'node:crypto'
import { signature } from './signature.ts'

/** Beyond that, a request may be a recording that somebody plays again. */
const TOLERANCE_MS = 5 * 60_000

export interface ReceivedRequest {
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The bytes as they came. */
  readonly body: Buffer
}

/** True where one of the signatures is by `secret`, over these bytes, within five minutes of `now` (epoch ms). */
export function isAuthentic({ headers, body }: ReceivedRequest, secret: string, now: number): boolean {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) => headers[`webhook-${name}`])
  if (typeof id !== 'string' || typeof signatures !== 'string') return false
  if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(now - Number(timestamp) * 1_000) > TOLERANCE_MS) return false
  const expected = signature({ id, timestamp: Number(timestamp), body }, secret)
  return signatures.split(' ').some((given) => {
    const [version, text = ''] = given.split(',')
    const bytes = Buffer.from(text, 'base64')
    return version === 'v1' && bytes.length === expected.length && timingSafeEqual(bytes, expected)
  })
}
