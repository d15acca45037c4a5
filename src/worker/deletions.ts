/** Tells destinations to delete the people whose profiles are deleted. */
import type { DeliveryCall } from '../model/delivery-call.ts'
import type { DeliveryJob, Outcome } from '../queue/job.ts'
import { type AttemptOptions, outcomeOfError } from './attempt.ts'

/** The calls of one item. */
type Calls = readonly DeliveryCall[]

/** Resolves with the outcome of each item: deletions are made here, and all else is tried by `attempt`. */
export async function attemptWithDeletions(
  items: readonly Pick<DeliveryJob['items'][number], 'isDeletion'>[],
  calls: readonly Calls[],
  {
    options,
    attempt,
  }: { readonly options: AttemptOptions; readonly attempt: (calls: readonly Calls[]) => Promise<Outcome[]> },
): Promise<Outcome[]> {
  const others = calls.filter((_, index) => !items[index]!.isDeletion)
  const tried = (others.length > 0 ? await attempt(others) : []).values()
  const outcomes: Outcome[] = []
  for (const [index, { isDeletion }] of items.entries())
    outcomes.push(isDeletion ? await deleted(calls[index]!, options) : tried.next().value!)
  return outcomes
}

async function deleted(calls: Calls, { destination, limits, onFault }: AttemptOptions): Promise<Outcome> {
  if (!destination.deleteUser) return { kind: 'skipped', reason: 'no_deletion', message: 'It cannot delete people' }
  try {
    for (const call of peopleIn(calls)) await destination.deleteUser(call, AbortSignal.timeout(limits.timeoutMs))
    return { kind: 'delivered' }
  } catch (error) {
    return outcomeOfError(error, onFault)
  }
}

/** One call of each identity. */
function peopleIn(calls: Calls): Iterable<DeliveryCall> {
  return new Map(calls.map((call) => [`${call.userId} ${call.anonymousId}`, call])).values()
}
