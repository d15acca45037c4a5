/** Notes in the outbox how the deliveries of a job went. */
import type { DeliveryName } from '../outbox/delivery-results.ts'
import type { DestinationState } from '../outbox/destination-state.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import type { Outcome } from '../queue/job.ts'
import { nextTryAt } from './retry-policy.ts'

export interface DeliveryOutcome {
  readonly name: DeliveryName
  readonly outcome: Outcome
  /** Epoch ms. */
  readonly now: number
  /** From 0 to 1. */
  readonly random: number
}

/** Notes how one delivery went. One that is not known, or not any more, changes nothing. */
export function noteOutcome(
  { results }: SpaceOutbox,
  destination: DestinationState,
  { name, outcome, now, random }: DeliveryOutcome,
): void {
  switch (outcome.kind) {
    case 'delivered':
      results.delivered(destination, name, now)
      return
    case 'failed':
      results.failed(destination, name, { ...outcome, now })
      return
    case 'skipped':
      results.filtered(destination, name)
      return
    case 'untried':
      destination.outbox.putBack(name.number)
      return
    case 'retry': {
      const tried = destination.outbox.triedOf(name.number)
      if (!tried) return
      const { reason, message, retryAfterMs = 0 } = outcome
      const at = nextTryAt({ ...tried, now, retryAfterMs, random })
      if (at === undefined) results.failed(destination, name, { reason, message, now })
      else results.retry(destination, name, at)
    }
  }
}
