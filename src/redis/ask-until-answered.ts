/** Sends a command to Redis again until it is answered, or until nobody waits any more. */
import { setTimeout as delay } from 'node:timers/promises'

const RETRY_MS_MIN = 20
const RETRY_MS_MAX = 500

export interface Retrying {
  /** Ends it: a command under way rejects with the signal's reason. */
  readonly signal: AbortSignal
  /**
   * Called with the cause of every attempt that failed, and with undefined when one is answered after that, even by a
   * refusal.
   */
  readonly onTrouble: (cause: unknown) => void
}

/** Resolves with the answer; rejects if no further attempt can help. */
export async function askUntilAnswered<Answer>(
  ask: () => Promise<Answer>,
  { signal, onTrouble }: Retrying,
): Promise<Answer> {
  let isTroubled = false
  for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(RETRY_MS_MAX, retryMs * 2)) {
    signal.throwIfAborted()
    try {
      const answer = await ask()
      if (isTroubled) onTrouble(undefined)
      return answer
    } catch (cause) {
      if (isFinal(cause)) {
        if (isTroubled) onTrouble(undefined)
        throw cause
      }
      isTroubled = true
      onTrouble(cause)
      await delay(retryMs, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** True for errors that no further attempt can mend: a key of another kind, wrong credentials, a damaged entry. */
function isFinal(cause: unknown): boolean {
  return cause instanceof Error && /^(WRONGTYPE|WRONGPASS|NOAUTH|NOPERM|journal:)/.test(cause.message)
}
