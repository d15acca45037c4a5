import { defineConfig } from 'vitest/config'

/** For what does not end, and not for what is slow. */
const TIMEOUT_MS = 300_000

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['dist/**', 'node_modules/**'],
    testTimeout: TIMEOUT_MS,
    hookTimeout: TIMEOUT_MS,
  },
})
