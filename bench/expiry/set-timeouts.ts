/** The naive way: a timer of Node for each window, and nothing else. */

const LEAD_MS = 1000

/**
 * Each timer's delay, ms, in the order in which they went off.
 * @param offsets when each is due, ms after the same instant
 */
export function setTimeouts(offsets: readonly number[]): Promise<number[]> {
  const start = performance.now() + LEAD_MS
  const delays: number[] = []
  return new Promise((resolve) => {
    for (const offset of offsets)
      setTimeout(
        () => {
          delays.push(performance.now() - start - offset)
          if (delays.length === offsets.length) resolve(delays)
        },
        start + offset - performance.now(),
      )
  })
}
