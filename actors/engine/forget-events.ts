/**
 * Forgets single events that are older than the retention allows, and says since when a value is therefore exact.
 * Forgotten events stay in running totals; whatever must look at single events again sees the kept ones only.
 *
 * An event may stay a little longer than it must: to forget events one by one would be to write a history anew each
 * time.
 */
import type { Retention } from '../../src/model/retention.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import type { Stale } from '../actor/message.ts'
import type { DefinitionNode, Plan } from '../plan/plan.ts'
import { countsAll, lookbackMsOf, type StreamNode } from '../plan/stream-node.ts'
import { ForgottenTotals } from '../streams/forgotten-totals.ts'
import type { Plans } from '../compiler/compiled-plans.ts'
import type { ProfileActor } from '../actor/profile-actor.ts'

/** The part of the engine's state that decides how much is kept, and which states follow from less. */
export interface RetentionContext {
  readonly retention: Retention
  readonly doWindowsCountAll: boolean
  readonly plans: Plans
}

/** Makes room for one more event of a user, if it is time. */
export function forgetEvents(
  profile: ProfileActor,
  { retention, doWindowsCountAll, plans }: RetentionContext,
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
  const stale = staleAfter(older, both, doWindowsCountAll, now)
  profile.next({ kind: 'events forgotten', at: now, kept: events.slice(count), older, stale })
  if (stale !== 'none')
    for (const account of profile.accounts) account.next({ kind: 'kept events changed', at: now, stale })
}

function staleAfter(
  { keptSince }: ForgottenTotals,
  plans: readonly Plan[],
  doWindowsCountAll: boolean,
  now: number,
): Stale {
  if (doWindowsCountAll) return plans.some(({ judgedMsMax }) => keptSince > now - judgedMsMax) ? 'judged' : 'none'
  const isSeen = plans.some(({ windowMsMax, looksBackForEver }) => looksBackForEver || keptSince > now - windowMsMax)
  return isSeen ? 'all' : 'none'
}

/**
 * Returns the instant since which the value of a definition is exact, epoch ms: earlier events no longer count, though
 * they would if all were kept. Undefined if the value is exact over all history.
 * @param fact how many calls there had been when it was defined or last edited; now
 */
export function exactSince(
  actor: SpaceActor,
  { inputs }: DefinitionNode,
  { definedAt, now }: { readonly definedAt: number; readonly now: number },
): number | undefined {
  let since = -Infinity
  for (const node of inputs.nodes)
    if (node.kind === 'stream') since = Math.max(since, countedSince(actor, node, definedAt, now))
  return since === -Infinity ? undefined : since
}

/** Returns the time of the first event of which on a stream counts all; minus infinity if it lacks none. */
function countedSince(actor: SpaceActor, node: StreamNode, definedAt: number, now: number): number {
  const lookbackMs = lookbackMsOf(node)
  const isLacking = (since: number) => lookbackMs === 0 || since > now - lookbackMs
  const lacks: number[] = []
  if (countsAll(node)) for (const instant of actor.windowsCountedSince()) lacks.push(instant)
  for (const { keptSince, firstForgottenAt } of actor.olderOfAll())
    if (definedAt >= firstForgottenAt || (lookbackMs > 0 && !countsAll(node))) lacks.push(keptSince)
  return Math.max(-Infinity, ...lacks.filter(isLacking))
}
