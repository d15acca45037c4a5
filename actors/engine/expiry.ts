/**
 * Decides when an anonymous user is forgotten: one known only by browsers or devices, after a long time without a call.
 */
import type { Retention } from '../../src/model/retention.ts'
import type { SpaceActor } from '../actor/space-actor.ts'

/** Returns the instant at which an actor is forgotten, epoch ms; infinite if it is kept. */
export function expiresAt(actor: SpaceActor, { anonymousMs }: Retention): number {
  if (anonymousMs === Infinity || actor.kind !== 'user' || !actor.isAnonymous) return Infinity
  return actor.seenAt + anonymousMs
}
