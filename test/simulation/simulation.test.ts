/**
 * Servers that crash at any call of a store that is late, fails, tears and damages what it holds: nothing of it shows.
 *   npm run test:sim        TEST_RUNS=1000 TEST_SEED=17 npm run test:sim
 * A run follows from its seed, which a failure names.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { propertyRuns } from '../support/runs.ts'
import { simulate } from './simulate.ts'

vi.mock('../../src/redis/client.ts', () => import('./simulated-redis.ts'))
vi.mock('../../src/checkpoints/compression.ts', () => import('./instant-compression.ts'))
// Whoever asks again does so at once.
vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }))

const { numRuns: RUNS, seed: FIRST = 1 } = propertyRuns(150)
const PROGRESS_RUNS = 500
/** Enough that most crash and most make checkpoints. */
const MANY_RUNS = 100
/** So many that fail are enough to look at. */
const FAILED_MAX = 3

// How long a slice of a checkpoint takes must not depend on the machine.
const now = performance.now.bind(performance)
beforeAll(() => {
  performance.now = () => 0
})
afterAll(() => {
  performance.now = now
})

it('ends with the state and the transitions that there are without faults', async () => {
  let [starts, checkpoints, takenOver, inputs] = [0, 0, 0, 0]
  const failed: string[] = []
  for (let seed = FIRST; seed < FIRST + RUNS && failed.length < FAILED_MAX; seed++) {
    try {
      const run = await simulate(seed)
      starts += run.starts
      checkpoints += run.checkpoints
      takenOver += run.takenOver
      inputs += run.inputs
    } catch (cause) {
      failed.push(`TEST_SEED=${seed} TEST_RUNS=1: ${cause instanceof Error ? cause.stack : String(cause)}`)
      process.stdout.write(`[simulation] ${failed.at(-1)}\n`)
    }
    // What is written is seen, and the time that a test may take is looked at, when the event loop goes round.
    await new Promise((resolve) => setImmediate(resolve))
    const done = seed - FIRST + 1
    if (done % PROGRESS_RUNS === 0)
      process.stdout.write(
        `[simulation] ${done} of ${RUNS}: ${inputs} inputs, ${starts} starts, ${takenOver} from a standby, ${checkpoints} checkpoints\n`,
      )
  }
  expect(failed).toEqual([])
  expect(starts).toBeGreaterThan(RUNS < MANY_RUNS ? 0 : RUNS)
  expect(checkpoints).toBeGreaterThan(RUNS < MANY_RUNS ? -1 : RUNS)
  expect(takenOver).toBeGreaterThan(RUNS < MANY_RUNS ? -1 : RUNS / 10)
})

it('is the same run from the same seed', async () => {
  expect(await simulate(FIRST)).toEqual(await simulate(FIRST))
})
