/** The number of runs of properties, and their seed: `TEST_RUNS` and `TEST_SEED`. fast-check prints a failing seed. */
import type { Parameters } from 'fast-check'

/** @param usual how many runs where `TEST_RUNS` says nothing */
export function propertyRuns(usual: number): Pick<Parameters<unknown>, 'numRuns' | 'seed'> {
  const { TEST_RUNS: runs, TEST_SEED: seed } = process.env
  return { numRuns: Number(runs ?? usual), ...(seed ? { seed: Number(seed) } : {}) }
}
