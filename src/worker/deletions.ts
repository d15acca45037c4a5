/** Tells destinations to delete the people whose profiles are deleted. */
import type { DeliveryCall } from '../model/delivery-call.ts'
import type { DeliveryJob, Outcome } from '../queue/job.ts'
import { type AttemptOptions, outcomeOfError } from './attempt.ts'

interface Answered {
  /** The calls of each item. */
  readonly calls: readonly (readonly DeliveryCall[])[]
  /** The outcome of each item; that of one whose deletion fails is replaced. */
  readonly outcomes: Outcome[]
  readonly options: AttemptOptions
}

/** Deletes the people of final deliveries, once these have been answered for good: each identity once. */
export async function deleteUsers(
  items: readonly Pick<DeliveryJob['items'][number], 'isFinal'>[],
  { calls, outcomes, options: { destination, limits, onFault } }: Answered,
): Promise<void> {
  if (!destination.deleteUser) return
  for (const [index, { isFinal }] of items.entries()) {
    const { kind } = outcomes[index]!
    if (isFinal !== true || kind === 'retry' || kind === 'untried') continue
    try {
      for (const call of peopleIn(calls[index]!))
        await destination.deleteUser(call, AbortSignal.timeout(limits.timeoutMs))
    } catch (error) {
      outcomes[index] = outcomeOfError(error, onFault)
    }
  }
}

/** One call of each identity. */
function peopleIn(calls: readonly DeliveryCall[]): Iterable<DeliveryCall> {
  return new Map(calls.map((call) => [`${call.userId} ${call.anonymousId}`, call])).values()
}
