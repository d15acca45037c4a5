/** `rollcall health`: whether the server of this environment takes requests, for whoever supervises it. */
import type { ClientOptions } from '../server/settings.ts'
import { reach, whyUnreached } from './reach.ts'

/** A server that takes longer has stopped answering, ms. */
const PATIENCE_MS = 5_000

/**
 * Resolves with the exit code: 0 if the server answers that it is ready, otherwise 1; `write` is told why.
 * @param optionsOf may throw: an environment that names no server has none that is ready
 */
export async function health(
  optionsOf: () => Pick<ClientOptions, 'url' | 'certificate'>,
  write: (line: string) => void,
): Promise<0 | 1> {
  try {
    const options = optionsOf()
    const answer = await reach(options, 'readyz', { signal: AbortSignal.timeout(PATIENCE_MS) })
    await answer.body?.cancel()
    if (answer.ok) return 0
    write(`${options.url} is not ready: it answers ${answer.status}\n`)
  } catch (cause) {
    write(`not ready: ${whyUnreached(cause)}\n`)
  }
  return 1
}
