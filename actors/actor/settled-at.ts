/**
 * Returns the instant at which an actor's state can be computed again. Nothing happens by time alone between the last
 * settlement and the next deadline, so the present will do, unless that deadline is still to fire.
 */
export function settledAt(now: number, dueAt: number): number {
  return dueAt > now ? now : dueAt - 1
}
