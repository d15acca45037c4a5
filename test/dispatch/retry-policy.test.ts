/** When what has not arrived is tried again. */
import { describe, expect, it } from 'vitest'
import { backoffMs, nextTryAt, RETRY_FOR_MS } from '../../src/dispatch/retry-policy.ts'

const TRY = { attempts: 1, triedSince: 0, now: 0, retryAfterMs: 0, random: 1 }

describe('the wait before the next try', () => {
  it('doubles from a second to five minutes', () => {
    const waits = [1, 2, 3, 4, 8, 9, 10, 11, 1_000_000].map((failures) => backoffMs(failures, 1))
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 128_000, 256_000, 300_000, 300_000, 300_000])
  })

  it('is half by chance', () => {
    expect([0, 0.5, 1].map((random) => backoffMs(3, random))).toEqual([2_000, 3_000, 4_000])
  })

  it('is as long as the destination asks for, at least', () => {
    expect(nextTryAt({ ...TRY, now: 500, retryAfterMs: 60_000 })).toBe(60_500)
    expect(nextTryAt({ ...TRY, now: 500, attempts: 10, retryAfterMs: 60_000 })).toBe(300_500)
  })

  it('ends a day after the first try', () => {
    expect(RETRY_FOR_MS).toBe(24 * 3_600_000)
    expect(nextTryAt({ ...TRY, triedSince: 1, now: RETRY_FOR_MS })).toBe(RETRY_FOR_MS + 1_000)
    expect(nextTryAt({ ...TRY, triedSince: 1, now: RETRY_FOR_MS + 1 })).toBeUndefined()
  })
})
