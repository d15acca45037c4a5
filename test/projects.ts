/** Files that run by themselves; all others run within one process after another, and start none. */

/** Start a server, a Redis, a browser or the command line as processes. Folders and files, from the root. */
export const PROCESSES: readonly string[] = [
  'test/checkpoints/redis-checkpoints.test.ts',
  'test/cluster/bull-contract.test.ts',
  'test/cluster/bull-ownership.test.ts',
  'test/cluster/change-signal.test.ts',
  'test/cluster/node-directory.test.ts',
  'test/cluster/nodes-at-redis-cluster.test.ts',
  'test/cluster/nodes.test.ts',
  'test/cli/cdnow.test.ts',
  'test/cli/replay.test.ts',
  'test/crash',
  'test/destinations/catalogue/process-runner.test.ts',
  'test/destinations/catalogue/socket-guard.test.ts',
  'test/destinations/kafka.test.ts',
  'test/destinations/redis.test.ts',
  'test/destinations/postgres.test.ts',
  'test/http/chromium.test.ts',
  'test/journal/redis-journal.test.ts',
  'test/journal/redis-journal-tail.test.ts',
  'test/package',
  'test/process',
  'test/queue/delivery-queue.test.ts',
  'test/queue/rate-limit.test.ts',
  'test/redis',
  'test/server/backup.test.ts',
  'test/server/curl.test.ts',
  'test/server/edges.test.ts',
  'test/server/live-feed.test.ts',
  'test/server/mcp.test.ts',
  'test/server/secrets.test.ts',
  'test/server/serve-https.test.ts',
  'test/server/serve-tls.test.ts',
  'test/server/serve.test.ts',
  'test/server/tracing.test.ts',
  'test/web/field-choices.test.ts',
  'test/web/long-list.test.ts',
  'test/web/pages.test.ts',
  'test/web/roles.test.ts',
  'test/web/story.test.ts',
]

/** Puts modules in the place of others, which no other file may meet. */
export const SIMULATION: readonly string[] = ['test/simulation']

/** Run Segment's definitions, which are installed by `npm run catalogue`. */
export const CATALOGUE: readonly string[] = ['test/catalogue']

/** As patterns that a runner of tests takes. */
export function testsIn(paths: readonly string[]): string[] {
  return paths.map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`))
}
