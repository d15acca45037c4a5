/**
 * The number of runs of properties, and their seed: `TEST_RUNS` is a number for all, `TEST_TIMES` how many times as
 * often as usual, and `TEST_SEED` the seed. fast-check prints a failing seed.
 */
export interface Runs {
  readonly numRuns: number
  readonly seed?: number
}

/** @param usual how many runs where the environment says nothing */
export function propertyRuns(usual: number): Runs {
  const { TEST_RUNS: runs, TEST_TIMES: times = 1, TEST_SEED: seed } = process.env
  return { numRuns: Number(runs ?? Math.ceil(usual * Number(times))), ...(seed ? { seed: Number(seed) } : {}) }
}
