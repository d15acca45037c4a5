/** How often properties are tried, and from which seed: `TEST_RUNS` and `TEST_SEED`. fast-check prints a failing seed. */
const { TEST_RUNS: runs, TEST_SEED: seed } = process.env

export const PROPERTY_RUNS = { numRuns: Number(runs ?? 500), ...(seed ? { seed: Number(seed) } : {}) }
