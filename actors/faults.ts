/** Deadlines that failed: set aside with their causes, so that one actor's fault stops nobody's clock. */

/** A deadline that failed: its actor is as it was before, and looks at the clock again with its next message. */
export interface Fault {
  readonly profile: string
  readonly at: number
  readonly cause: unknown
}

/** At most so many are kept; the oldest goes first. */
export const FAULTS_MAX = 100

export class Faults {
  readonly #kept: Fault[] = []

  add(fault: Fault): void {
    this.#kept.push(fault)
    if (this.#kept.length > FAULTS_MAX) this.#kept.shift()
  }

  toArray(): readonly Fault[] {
    return [...this.#kept]
  }
}
