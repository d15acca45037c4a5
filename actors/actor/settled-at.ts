/**
 * At which instant an actor's state can be found again: nothing has happened by time alone between the last settlement
 * and the next deadline, so the present will do, unless what is due then is still to come.
 */
export function settledAt(now: number, dueAt: number): number {
  return dueAt > now ? now : now - 1
}
