/**
 * The process that runs definitions. It ends with its parent, and by its own fault: an error outside of any promise
 * that is waited for leaves it in a state that nobody knows.
 */
import { createAddresses } from '../../contract/address-guard.ts'
import { failureOf, personal } from './failure.ts'
import { asJson } from './kit.ts'
import type { FromHost, HostConfig, ToHost } from './messages.ts'
import { run } from './run.ts'
import { guardSockets } from './socket-guard.ts'

/** Runs until the parent disconnects. */
export function host(): void {
  const asked = new Map<number, AbortController>()
  let config: HostConfig | undefined
  const tell = (message: FromHost): void => void process.send?.(message)

  const answer = async ({ id, definition, question }: Extract<ToHost, { kind: 'ask' }>): Promise<void> => {
    const controller = new AbortController()
    asked.set(id, controller)
    try {
      const value = await run(definition, question, {
        requestTimeoutMs: config!.requestTimeoutMs,
        signal: controller.signal,
        onTokens: (tokens) => tell({ kind: 'tokens', id, tokens }),
      })
      tell({ kind: 'answer', id, value })
    } catch (error) {
      const events = 'events' in question ? question.events.map(personal) : []
      const { settings, oauth = {}, environment = {} } = definition
      tell({ kind: 'failure', id, failure: failureOf(error, asJson([...events, settings, oauth, environment])) })
    } finally {
      asked.delete(id)
    }
  }

  process.on('message', (message: ToHost) => {
    switch (message.kind) {
      case 'config':
        config = message.config
        guardSockets(createAddresses(config.allowPrivate))
        return
      case 'ask':
        void answer(message)
        return
      case 'abort':
        asked.get(message.id)?.abort()
        return
      case 'ping':
        tell({ kind: 'pong', residentBytes: process.memoryUsage.rss() })
    }
  })
  process.once('disconnect', () => process.exit(0))
}
