/**
 * Decides when an anonymous user is forgotten: one known only by browsers or devices, after a long time without a call.
 */
import type { Retention } from '../../src/model/retention.ts'
import type { Actor } from '../actor/actor.ts'
import { readFrame, USER } from '../memory/actor-frame.ts'
import { ProfileActor } from '../actor/profile-actor.ts'
import type { Roster } from '../memory/roster.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'

/** Returns the instant at which an actor is forgotten, epoch ms; infinite if it is kept. */
export function expiresAt(actor: Actor, { anonymousMs }: Retention): number {
  if (anonymousMs === Infinity || !(actor instanceof ProfileActor) || !actor.isAnonymous) return Infinity
  return actor.seenAt + anonymousMs
}

export interface ReschedulingOptions {
  readonly roster: Roster
  readonly wheel: TimingWheel
  readonly retention: Retention
  /** The space's present, epoch ms. */
  readonly now: number
  readonly schedule: (actor: Actor) => void
}

/** Applies another retention to all users; one that should have gone already goes when the clock moves on. */
export function rescheduleAll({ roster, wheel, retention, now, schedule }: ReschedulingOptions): void {
  for (const ordinal of roster.ordinals()) {
    roster.pages.changing(ordinal)
    const awake = roster.awakeAt(ordinal)
    if (awake) schedule(awake)
    else {
      const expiry = expiryOfBytes(roster.bytesOf(ordinal)!, retention)
      wheel.set(ordinal, Math.min(wheel.deadlineOf(ordinal), Math.max(expiry, now)))
    }
  }
}

function expiryOfBytes(bytes: Uint8Array, { anonymousMs }: Retention): number {
  const frame = readFrame(bytes)
  if (frame.kind !== USER || frame.accounts.length > 0) return Infinity
  const isAnonymous = frame.ids.every((text, index) => index % 2 === 1 || text === 'anonymous_id')
  return isAnonymous ? frame.seenAt + anonymousMs : Infinity
}
