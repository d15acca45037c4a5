import { defineConfig } from 'vitest/config'
import { CATALOGUE, PROCESSES, SIMULATION, testsIn } from './test/projects.ts'

/** For what does not end, and not for what is slow. */
const TIMEOUT_MS = 300_000

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
    // In the order of their names: those first that wait most.
    projects: [
      { test: { ...common, name: 'processes', include: testsIn(PROCESSES) } },
      { test: { ...common, name: 'simulation', include: testsIn(SIMULATION), isolate: true } },
      {
        test: {
          ...common,
          name: 'within',
          include: ['test/**/*.test.ts'],
          exclude: [...common.exclude, ...[PROCESSES, SIMULATION, CATALOGUE].flatMap(testsIn)],
        },
      },
      // Asks for the package of definitions, which the server does without.
      { test: { ...common, name: 'catalogue', include: testsIn(CATALOGUE) } },
    ],
  },
})
