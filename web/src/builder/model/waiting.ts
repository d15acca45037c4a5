/**
 * Funnels whose child did not come: if they wait until it can come no more.
 *
 * "Added, and then did not order within 1 hour" is true of everybody in the moment of adding, unless it waits for the
 * hour to be over. It waits if the window of the parent begins where that of the child ends:
 *
 *     event('Added').where(NOT event('Ordered').within(parent: 1 hour).count() >= 1).between(1 hour, 7 days)
 *
 * W1. A parent waits exactly if the near end of its window equals the longest reach of its negated children.
 */
import { durationMs } from '../../../../src/language/duration.ts'
import type { Condition, Duration, Stream } from '../../../../src/language/tree.ts'
import { itemOf } from './sentences.ts'
import { partsOf, withWindow } from './streams.ts'

const NOTHING: Duration = { amount: 0, unit: 'second' }
/** The window of a parent that has none: what waits must end some time. */
const WINDOW: Duration = { amount: 30, unit: 'day' }

/** Returns the longest reach of the children that must not have come; undefined if there is none that has an end. */
export function awaited(stream: Stream): Duration | undefined {
  return awaitedBy(partsOf(stream).items)
}

function awaitedBy(items: readonly Condition[]): Duration | undefined {
  let longest: Duration | undefined
  for (const condition of items) {
    const item = itemOf(condition)
    if (item.kind !== 'then' || !item.isNegated) continue
    const { reach } = partsOf(item.comparison.left.stream)
    const end = reach?.kind === 'within' ? reach.duration : reach?.to
    if (end && (!longest || durationMs(end) > durationMs(longest))) longest = end
  }
  return longest
}

/** True if it waits. Keeps W1. */
export function isWaiting(stream: Stream): boolean {
  const { window } = partsOf(stream)
  const end = awaited(stream)
  return end !== undefined && window?.kind === 'between' && durationMs(window.from) === durationMs(end)
}

/** Returns the stream as one that waits, or does not; its far end stays. Keeps W1. */
export function withWaiting(stream: Stream, waits: boolean): Stream {
  const { window } = partsOf(stream)
  const end = awaited(stream)
  const far = (window?.kind === 'between' ? window.to : window?.duration) ?? WINDOW
  if (waits && end) return withWindow(stream, { kind: 'between', from: end, to: far, parent: false })
  const from = window?.kind === 'between' && !isWaiting(stream) ? window.from : NOTHING
  if (durationMs(from) > 0) return stream
  return withWindow(stream, { kind: 'within', duration: far, parent: false })
}

/**
 * Returns a stream after a change of its children: what waited goes on to wait, for as long as is needed now, and
 * what has its first negated child begins to.
 */
export function stillWaiting(before: Stream, after: Stream): Stream {
  const [was, is] = [awaited(before), awaited(after)]
  if (!is) return was && isWaiting(before) ? withWaitingEnded(after) : after
  return !was || isWaiting(before) ? withWaiting(after, true) : after
}

function withWaitingEnded(stream: Stream): Stream {
  const { window } = partsOf(stream)
  if (window?.kind !== 'between') return stream
  return withWindow(stream, { kind: 'within', duration: window.to, parent: false })
}
