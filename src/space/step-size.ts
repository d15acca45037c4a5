/**
 * Finds how much a step of a changeover may do, so that it takes a moment: by what those before it took. A step is
 * bounded by the actors that take part, and by those that are looked at; whichever has ended it grows.
 */
import type { Slice } from '../model/entry.ts'

/** A step takes about so long, ms. */
const STEP_MS = 0.75
/** The first actors of a way may be dearer than any before. */
const ACTORS_FIRST = 32
const ACTORS_MIN = 4
const ACTORS_MAX = 2_048
const ROWS_FIRST = 4_096
const ROWS_MIN = 256
const ROWS_MAX = 65_536
const EVENTS_PER_ACTOR = 16
/** Where some have left memory, all that a step looks at must be brought back first. */
const ROWS_COLD = 2_048

export class StepSize {
  #actors = ACTORS_FIRST
  #rows = ROWS_FIRST

  /** @param isCold true if some actors have left memory */
  slice(isCold: boolean): Slice {
    return {
      actors: this.#actors,
      rows: isCold ? Math.min(ROWS_COLD, this.#rows) : this.#rows,
      events: this.#actors * EVENTS_PER_ACTOR,
    }
  }

  /** Another way over the actors begins. */
  restart(): void {
    this.#actors = ACTORS_FIRST
    this.#rows = ROWS_FIRST
  }

  /**
   * Takes up what a step took.
   * @param rows actors that it has looked at
   */
  adapt(ms: number, rows: number): void {
    const factor = Math.min(2, STEP_MS / Math.max(ms, 0.01))
    const isByRows = rows >= this.#rows
    if (factor < 1 || !isByRows) this.#actors = within(this.#actors * factor, ACTORS_MIN, ACTORS_MAX)
    if (factor < 1 || isByRows) this.#rows = within(this.#rows * factor, ROWS_MIN, ROWS_MAX)
  }
}

function within(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, Math.round(value)))
}
