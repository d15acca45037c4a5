/** Takes the calls that edges send over links, for the spaces of this process. */
import type { OnAnswer } from '../http/app.ts'
import { answerOf, type OnFault } from '../http/errors.ts'
import { newRequestId } from '../http/request-id.ts'
import { type IngestOptions, takeReceived, unknownKey } from '../ingest/calls.ts'
import type { LinkCalls, CallsAnswer } from '../link/messages.ts'

export interface LinkedCallsOptions {
  readonly targets: IngestOptions
  /** The space that a key without one is refused by. */
  readonly firstId: string
  /** True while this process may answer for a space. */
  readonly serves: (spaceId: string) => boolean
  /** Counts a request of a space; returns what ends it. */
  readonly count: (spaceId: string) => () => void
  readonly told: { readonly onAnswer: OnAnswer; readonly onFault: OnFault }
}

/** Makes what answers calls; it counts and logs them as those that come over HTTP. */
export function linkedCalls(options: LinkedCallsOptions): (arrived: LinkCalls) => Promise<CallsAnswer> {
  const { targets, firstId, serves, count, told } = options
  return async (arrived) => {
    const startedAt = performance.now()
    const target = targets.targetOf(undefined, arrived.writeKey)
    // A key is known as long as its space is here: whoever let go of that must not refuse it.
    const spaceId = target?.spaceId ?? arrived.spaceId ?? firstId
    if (!serves(spaceId)) return { kind: 'misdirected' }
    const end = count(spaceId)
    let status = 200
    const requestId = newRequestId()
    try {
      if (!target) throw unknownKey(targets.areAllKnown())
      return { kind: 'taken', rejected: await takeReceived(target, arrived) }
    } catch (thrown) {
      const { error } = answerOf(thrown)
      if (error.code === 'internal_error') told.onFault(thrown, requestId)
      status = error.status
      return { kind: 'refused', error }
    } finally {
      end()
      const durationMs = Math.round((performance.now() - startedAt) * 100) / 100
      const context = { spaceId: target?.spaceId, traceparent: arrived.traceparent }
      told.onAnswer({ requestId, method: 'POST', route: `/v1/${arrived.endpoint}`, status, durationMs }, context)
    }
  }
}
