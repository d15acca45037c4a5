/**
 * One instant at which something is evaluated. Everything that depends on time asks `reached`, and the earliest instant
 * for which the answer was no is where the evaluation may come out differently: until then every answer stays the same.
 */
export class Moment {
  readonly now: number
  /** The next instant at which to evaluate again; Infinity: never. */
  next = Infinity

  constructor(now: number) {
    this.now = now
  }

  reached(instant: number): boolean {
    if (this.now >= instant) return true
    this.next = Math.min(this.next, instant)
    return false
  }

  /** `from <= now < to`. */
  isWithin(from: number, to: number): boolean {
    return this.reached(from) && !this.reached(to)
  }
}
