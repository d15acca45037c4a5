/** Lags of answers, derived from the instants of refreshes in the workload's time and from the measured time of one. */
import { Random } from '../harness/random.ts'
import { quantile } from '../harness/spread.ts'
import { refreshAfter } from './freshness.ts'

const SEED = 20_260_102

export interface Lag {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly p99: number
}

/**
 * Lag of what happens at instants: the wait for the next refresh, and the time that a refresh takes.
 * @param refreshAt the instant of the first refresh that is not before another instant
 * @param stepMs quantiles of the time of a refresh: each instant gets one of them by chance
 */
export function lagOf(
  instants: Iterable<number>,
  refreshAt: (instant: number) => number,
  stepMs: readonly number[],
): Lag {
  const random = new Random(SEED)
  const lags = Float64Array.from(instants, (instant) => refreshAt(instant) - instant + random.pick(stepMs)).sort()
  const sorted = [...lags]
  return { median: quantile(sorted, 0.5), min: sorted[0]!, max: sorted.at(-1)!, p99: quantile(sorted, 0.99) }
}

/** Refreshes at a steady interval. */
export function steadily(intervalMs: number): (instant: number) => number {
  return (instant) => refreshAfter(instant, intervalMs)
}

/** Refreshes with each call. @param receivedAt receive times of the calls, ascending */
export function withCalls(receivedAt: Float64Array): (instant: number) => number {
  return (instant) => {
    let [low, high] = [0, receivedAt.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (receivedAt[middle]! < instant) low = middle + 1
      else high = middle
    }
    return receivedAt[low]!
  }
}
