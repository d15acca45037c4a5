/** Makes one try to deliver the items of a job to a connected destination. */
import { DeliveryError, type Destination, type DestinationLimits } from '../../destinations/contract/destination.ts'
import { timedOut } from '../../destinations/contract/transport-error.ts'
import type { DeliveryCall } from '../model/delivery-call.ts'
import type { Outcome } from '../queue/job.ts'

/**
 * Items of a job that are under way at once, if each call is a request; eight lanes then use no more than the sockets.
 */
const CONCURRENCY = 8
/** After so many timeouts in a row the rest is not tried. */
const TIMEOUTS_MAX = 3

export interface AttemptOptions {
  readonly destination: Destination
  readonly limits: DestinationLimits
  /** Aborted when the job is not this worker's any more, or the worker ends. */
  readonly signal: AbortSignal
  /** Called with an error that is no DeliveryError: a fault of ours. */
  readonly onFault: (cause: unknown) => void
}

/** The calls of one item. */
type Calls = readonly DeliveryCall[]

/**
 * Resolves with the outcome of each item, in order. Rejects only with the signal's reason: then it is not known what
 * was sent.
 */
export async function attempt(items: readonly Calls[], options: AttemptOptions): Promise<Outcome[]> {
  const { destination, limits, signal } = options
  signal.throwIfAborted()
  const outcomes =
    destination.deliverBatch && limits.batchCalls > 1
      ? await attemptBatches(items, options)
      : await attemptEach(items, options)
  signal.throwIfAborted()
  return outcomes
}

/** Tries some items at a time; the calls of one item go one after the other. */
async function attemptEach(items: readonly Calls[], options: AttemptOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = items.map(() => UNTRIED)
  let next = 0
  let timeouts = 0
  const run = async (): Promise<void> => {
    while (next < items.length && timeouts < TIMEOUTS_MAX && !options.signal.aborted) {
      const index = next++
      const outcome = await attemptOne(items[index]!, options)
      timeouts = isTimeout(outcome) ? timeouts + 1 : 0
      outcomes[index] = outcome
    }
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, run))
  return outcomes
}

/** Tries the calls of one item. An address that is refused for good does not keep the others from being tried. */
async function attemptOne(calls: Calls, options: AttemptOptions): Promise<Outcome> {
  const outcomes: (Outcome | undefined)[] = []
  for (const call of calls) {
    if (options.signal.aborted) return UNTRIED
    const outcome = await tried(options, (signal) => options.destination.deliver(call, signal))
    if (outcome?.kind === 'retry') return outcome
    outcomes.push(outcome)
  }
  return outcomeOfAll(outcomes)
}

/** The outcome of an item of whose calls none comes again. It is skipped if nothing was sent for any of them. */
function outcomeOfAll(outcomes: readonly (Outcome | undefined)[]): Outcome {
  const failure = outcomes.find((outcome) => outcome?.kind === 'failed')
  if (failure) return failure
  return outcomes.includes(undefined) ? DELIVERED : (outcomes[0] ?? DELIVERED)
}

/** Puts as many calls into a request as it takes; an item has arrived when all its calls have. */
async function attemptBatches(items: readonly Calls[], options: AttemptOptions): Promise<Outcome[]> {
  const { destination, limits } = options
  const calls = items.flat()
  const failures: (Outcome | undefined)[] = []
  let timeouts = 0
  while (failures.length < calls.length) {
    const batch = calls.slice(failures.length, failures.length + limits.batchCalls)
    if (timeouts >= TIMEOUTS_MAX || options.signal.aborted) {
      failures.push(...batch.map(() => UNTRIED))
      continue
    }
    let errors: readonly (DeliveryError | undefined)[] = []
    const ofAll = await tried(options, async (signal) => {
      errors = await destination.deliverBatch!(batch, signal)
    })
    timeouts = ofAll && isTimeout(ofAll) ? timeouts + 1 : 0
    for (const index of batch.keys()) {
      const error = errors[index]
      failures.push(ofAll ?? (error && outcomeOf(error)))
    }
  }
  let index = 0
  return items.map(({ length }) => {
    const own = failures.slice(index, (index += length))
    // Some of it may still arrive: then the whole item comes again, under the same ids.
    return own.find((failure) => failure?.kind === 'retry' || failure?.kind === 'untried') ?? outcomeOfAll(own)
  })
}

const DELIVERED: Outcome = { kind: 'delivered' }
const UNTRIED: Outcome = { kind: 'untried' }

/** Returns undefined if it went well. */
async function tried(
  { limits, signal, onFault }: AttemptOptions,
  act: (signal: AbortSignal) => Promise<void>,
): Promise<Outcome | undefined> {
  const ended = new AbortController()
  const timer = setTimeout(() => ended.abort(new DOMException('timed out', 'TimeoutError')), limits.timeoutMs)
  const end = (): void => ended.abort(signal.reason)
  signal.addEventListener('abort', end)
  // A destination that ignores the signal is not waited for.
  const isOver = new Promise<never>((_, reject) => {
    ended.signal.addEventListener('abort', () => reject(timedOut(ended.signal)))
  })
  try {
    await Promise.race([act(ended.signal), isOver])
    return undefined
  } catch (error) {
    return outcomeOfError(error, onFault)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

/** Decides by an error what happens to what was tried; any but a DeliveryError is a fault of ours. */
export function outcomeOfError(error: unknown, onFault: AttemptOptions['onFault']): Outcome {
  if (error instanceof DeliveryError) return outcomeOf(error)
  onFault(error)
  return { kind: 'retry', reason: 'internal_error', message: 'A fault of the server' }
}

function outcomeOf({ kind, reason, message, retryAfterMs }: DeliveryError): Outcome {
  if (kind === 'skipped') return { kind, reason, message }
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  return { kind: kind === 'retryable' ? 'retry' : 'failed', reason, message, ...wait }
}

function isTimeout(outcome: Outcome): boolean {
  return outcome.kind === 'retry' && outcome.reason === 'timeout'
}
