/** The size of jobs, and their rate. */
import { describe, expect, it } from 'vitest'
import { jobSizeOf } from '../../src/queue/job-size.ts'

const LIMITS = { batchCalls: 1, timeoutMs: 5_000, gatherMs: 0 }

describe('the jobs of a destination', () => {
  it('have fifty calls where each is a request, and come as they come where there is no limit', () => {
    expect(jobSizeOf(LIMITS)).toEqual({ jobCalls: 50, gatherMs: 0, jobEveryMs: 0 })
  })

  it('have as many calls as one request carries, and begin as often as requests may', () => {
    const limits = { ...LIMITS, batchCalls: 1_000, requestsPerSecond: 2, gatherMs: 60_000 }
    expect(jobSizeOf(limits)).toMatchObject({ jobCalls: 1_000, jobEveryMs: 500, gatherMs: 60_000 })
  })

  it.each([0.1, 0.5, 1, 2.5, 7, 30, 50, 100, 500])('never make more than %d requests in a second', (rate) => {
    const { jobCalls, jobEveryMs } = jobSizeOf({ ...LIMITS, requestsPerSecond: rate })
    expect(jobCalls).toBeGreaterThanOrEqual(1)
    expect((jobCalls * 1000) / jobEveryMs).toBeLessThanOrEqual(rate)
    expect((jobCalls * 1000) / jobEveryMs).toBeGreaterThan(rate * 0.9)
  })
})
