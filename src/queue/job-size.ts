/** Computes the size of a destination's jobs, and their rate, from the limits of its type. */
import type { DestinationLimits } from '../../destinations/contract/destination.ts'

/** Calls of one job if each call is a request of its own. */
const SINGLE_CALLS = 50

/** The size of a job. */
export interface JobSize {
  /** Calls of one job, about. */
  readonly jobCalls: number
  /** Changes are gathered for so long before they are sent, ms. */
  readonly gatherMs: number
}

export interface PacedJobSize extends JobSize {
  /** A job begins at most so often; 0: as it comes. It makes as many requests as may be made in that time. */
  readonly jobEveryMs: number
}

export function jobSizeOf(limits: DestinationLimits): PacedJobSize {
  const { batchCalls, requestsPerSecond, gatherMs } = limits
  if (batchCalls > 1) {
    const jobEveryMs = requestsPerSecond === undefined ? 0 : Math.ceil(1000 / requestsPerSecond)
    return { jobCalls: batchCalls, gatherMs, jobEveryMs }
  }
  const jobCalls = Math.max(1, Math.min(SINGLE_CALLS, Math.floor(requestsPerSecond ?? SINGLE_CALLS)))
  const jobEveryMs = requestsPerSecond === undefined ? 0 : Math.ceil((1000 * jobCalls) / requestsPerSecond)
  return { jobCalls, gatherMs, jobEveryMs }
}
