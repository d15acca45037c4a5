/** Prints each call as one line of JSON where the server's operator sees it: to look on, and to try things out. */
import { z } from 'zod'
import type { DestinationType } from '../contract/destination.ts'

const ConsoleSettings = z.strictObject({})
type ConsoleSettings = z.output<typeof ConsoleSettings>

const PRINT_TIMEOUT_MS = 1_000

export const consoleDestination: DestinationType<ConsoleSettings> = {
  slug: 'console',
  name: 'Console',
  kind: 'event',
  description: 'Prints each call where the server runs.',
  settings: ConsoleSettings,
  secrets: [],
  limits: () => ({ batchCalls: 1, timeoutMs: PRINT_TIMEOUT_MS, gatherMs: 0 }),
  connect: (_, { print }) => ({
    deliver: (call) => {
      print(JSON.stringify(call))
      return Promise.resolve()
    },
    testConnection: () => Promise.resolve(),
  }),
}
