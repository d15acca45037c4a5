/**
 * Forgets single events that are older than the retention allows, and says since when a value is therefore exact.
 * Forgotten events stay in running totals; whatever must look at single events again sees the kept ones only.
 *
 * An event may stay a little longer than it must: to forget events one by one would be to write a history anew each
 * time.
 */
import type { Retention } from '../../src/model/retention.ts'
import type { Actor } from '../actor/actor.ts'
import { ForgottenTotals } from '../streams/forgotten-totals.ts'
import type { Plans } from '../compiler/compiled-plans.ts'
import type { ProfileActor } from '../actor/profile-actor.ts'

/** Makes room for one more event of a user, if it is time. */
export function forgetEvents(
  profile: ProfileActor,
  retention: Retention,
  plans: Plans,
  { now, arrivals }: { readonly now: number; readonly arrivals: number },
): void {
  const { historyMs, eventsMax } = retention
  const isFull = profile.eventCount >= eventsMax
  if (!isFull && historyMs === Infinity) return
  const keptMs = Math.max(historyMs, plans.user.windowMsMax, plans.account.windowMsMax)
  if (!isFull && profile.firstKeptTs() > now - keptMs - keptMs / 16) return
  const both = [plans.user, plans.account]
  const events = profile.keptEvents()
  const roomFor = isFull ? events.length - Math.max(0, eventsMax - 1 - Math.floor(eventsMax / 8)) : 0
  let count = events.findIndex(({ ts }) => ts > now - keptMs)
  if (count < 0) count = events.length
  count = Math.max(count, roomFor)
  if (count === 0) return
  const older = ForgottenTotals.after(profile.older, events.slice(0, count), both, arrivals)
  const matters = both.some(
    ({ windowMsMax, looksBackForEver }) => looksBackForEver || older.keptSince > now - windowMsMax,
  )
  profile.next({ kind: 'events forgotten', at: now, kept: events.slice(count), older, matters })
  if (matters) for (const account of profile.accounts) account.next({ kind: 'kept events changed', at: now })
}

/**
 * Returns the instant since which the value of a definition is exact, epoch ms: earlier events no longer count, though
 * they would if all were kept. Undefined if the value is exact over all history.
 * @param fact how long an event matters, ms; how many calls there had been when it was defined or last edited; now
 */
export function exactSince(
  actor: Actor,
  { lookbackMs, definedAt, now }: { readonly lookbackMs: number; readonly definedAt: number; readonly now: number },
): number | undefined {
  let since: number | undefined
  for (const { keptSince, firstForgottenAt } of actor.olderOfAll()) {
    const isExact = lookbackMs === 0 ? definedAt < firstForgottenAt : keptSince <= now - lookbackMs
    if (!isExact) since = Math.max(since ?? -Infinity, keptSince)
  }
  return since
}
