/** Asks Redis again and again until it answers, or until nobody waits any more. */
import { setTimeout as delay } from 'node:timers/promises'

const RETRY_MS_MIN = 20
const RETRY_MS_MAX = 500

export interface Retrying {
  /** Ends it: what is under way rejects with its reason. */
  readonly signal: AbortSignal
  /** Told of every attempt that failed; and with undefined when one is answered after that, be it with a refusal. */
  readonly onTrouble: (cause: unknown) => void
}

/** Resolves with the answer; rejects where no further attempt can mend it. */
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

/** What no further attempt can mend: the key is of another kind, the credentials are wrong, an entry is damaged. */
function isFinal(cause: unknown): boolean {
  return cause instanceof Error && /^(WRONGTYPE|WRONGPASS|NOAUTH|NOPERM|journal:)/.test(cause.message)
}
