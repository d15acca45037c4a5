/**
 * Whether there is use in sending to a destination. When job after job has brought nothing there, it opens: nothing is
 * sent for a while, then one delivery, to see. A destination that says when to come again is left alone until then.
 */
import { backoffMs } from './retry-policy.ts'

/** Jobs in a row of which nothing has arrived. */
const FAILURES_MAX = 5

export class Circuit {
  #failures = 0
  /** Epoch ms. */
  #closedUntil = 0
  /** Until then the destination has asked to be left alone, whatever arrives meanwhile; epoch ms. */
  #askedUntil = 0
  #isProbing = false

  get isOpen(): boolean {
    return this.#failures >= FAILURES_MAX
  }

  /** Before that, epoch ms, nothing is to be sent. */
  get notBefore(): number {
    return Math.max(this.#closedUntil, this.#askedUntil)
  }

  /** How much may be sent at an instant: all, one delivery to see, or nothing. */
  allows(now: number): 'all' | 'one' | 'none' {
    if (now < this.notBefore || this.#isProbing) return 'none'
    return this.isOpen ? 'one' : 'all'
  }

  /** The one delivery is on its way. */
  probe(): void {
    this.#isProbing = true
  }

  /** A job has come back: some of it has arrived, or was refused for good by somebody who is there. */
  reached(): void {
    this.#isProbing = false
    this.#failures = 0
    this.#closedUntil = 0
  }

  /** A job has come back, and nobody was there. @param random from 0 to 1 */
  missed(now: number, random: number): void {
    this.#isProbing = false
    this.#failures++
    if (!this.isOpen) return
    this.#closedUntil = Math.max(this.#closedUntil, now + backoffMs(this.#failures - FAILURES_MAX + 1, random))
  }

  /** The destination asks to be left alone until an instant. */
  wait(until: number): void {
    this.#askedUntil = Math.max(this.#askedUntil, until)
  }

  /** The job that was to see is lost. */
  lost(): void {
    this.#isProbing = false
  }
}
