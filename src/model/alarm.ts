/** One timer for the next deadline, armed again whenever that moves. It rings once the instant has come, not before. */
import type { SetTimer } from './timer.ts'

/**
 * The longest that one timer waits before it looks at the clock again: far below 2^31-1 ms, beyond which Node's timers
 * fire at once, and short because the wall clock may be set, or the machine sleep, meanwhile.
 */
export const WAIT_MS_MAX = 60_000

export class Alarm {
  readonly #clock: () => number
  readonly #setTimer: SetTimer
  readonly #ring: (dueAt: number) => void
  #dueAt = Infinity
  #cancel: (() => void) | undefined

  /** @param ring called with the instant that has come, once for each arming */
  constructor({ clock, timer, ring }: { clock: () => number; timer: SetTimer; ring: (dueAt: number) => void }) {
    this.#clock = clock
    this.#setTimer = timer
    this.#ring = ring
  }

  /** @param dueAt epoch ms; infinite: never */
  arm(dueAt: number): void {
    if (dueAt === this.#dueAt) return
    this.disarm()
    this.#dueAt = dueAt
    this.#wait()
  }

  disarm(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#dueAt = Infinity
  }

  #wait(): void {
    if (this.#dueAt === Infinity) return
    const delayMs = Math.min(Math.max(0, this.#dueAt - this.#clock()), WAIT_MS_MAX)
    this.#cancel = this.#setTimer(() => this.#elapsed(), delayMs)
  }

  /** Rings, or waits on: timers may fire early, and long waits are made of several. */
  #elapsed(): void {
    const dueAt = this.#dueAt
    if (this.#clock() < dueAt) {
      this.#wait()
      return
    }
    this.disarm()
    this.#ring(dueAt)
  }
}
