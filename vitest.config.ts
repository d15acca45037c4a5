import { defineConfig } from 'vitest/config'

/** For what does not end, and not for what is slow. */
const TIMEOUT_MS = 300_000

/** Start a server, a Redis or the command line as processes of their own; what is neither is tested without. */
const PROCESSES = [
  'test/checkpoints/redis-checkpoints.test.ts',
  'test/cli/cdnow.test.ts',
  'test/cli/replay.test.ts',
  'test/crash/**/*.test.ts',
  'test/journal/redis-journal.test.ts',
  'test/queue/delivery-queue.test.ts',
  'test/server/**/*.test.ts',
]
/** Puts modules in the place of others, which no other file may meet. */
const SIMULATION = ['test/simulation/**/*.test.ts']

const common = {
  exclude: ['dist/**', 'node_modules/**'],
  testTimeout: TIMEOUT_MS,
  hookTimeout: TIMEOUT_MS,
  // Reading the modules anew for every file would take as long as most files do.
  isolate: false,
}

export default defineConfig({
  test: {
    // Of two cores, both: vitest would leave one to itself, which has little to do.
    maxWorkers: '100%',
    globalSetup: 'test/support/temporary-folder.ts',
    projects: [
      { test: { ...common, name: 'processes', include: PROCESSES } },
      { test: { ...common, name: 'simulation', include: SIMULATION, isolate: true } },
      {
        test: {
          ...common,
          name: 'within',
          include: ['test/**/*.test.ts'],
          exclude: [...common.exclude, ...PROCESSES, ...SIMULATION],
        },
      },
    ],
  },
})
