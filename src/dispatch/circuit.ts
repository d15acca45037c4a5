/**
 * A circuit breaker for one destination. After several jobs in a row of which nothing has arrived it opens: nothing is
 * sent for a while, then one delivery as a probe. A destination that says when to come again is left alone until then.
 */
import { backoffMs } from './retry-policy.ts'

/** Jobs in a row of which nothing has arrived, until the circuit opens. */
const MISSES_MAX = 5

export class Circuit {
  #failures = 0
  /** Epoch ms. */
  #closedUntil = 0
  /** The destination has asked to be left alone until then, whatever arrives meanwhile; epoch ms. */
  #askedUntil = 0
  #isProbing = false

  get isOpen(): boolean {
    return this.#failures >= MISSES_MAX
  }

  /** Nothing is to be sent before this instant, epoch ms. */
  get notBefore(): number {
    return Math.max(this.#closedUntil, this.#askedUntil)
  }

  /** Returns how much may be sent at an instant: all, one delivery as a probe, or nothing. */
  allows(now: number): 'all' | 'one' | 'none' {
    if (now < this.notBefore || this.#isProbing) return 'none'
    return this.isOpen ? 'one' : 'all'
  }

  /** The probe is on its way. */
  probe(): void {
    this.#isProbing = true
  }

  /** A job has come back: the destination took some of it, or refused it for good. */
  reached(): void {
    this.#isProbing = false
    this.#failures = 0
    this.#closedUntil = 0
  }

  /** A job has come back, and the destination could not be reached. @param random from 0 to 1 */
  missed(now: number, random: number): void {
    // Jobs of other lanes were under way when it opened: they show nothing new, and each would double the wait.
    if (this.isOpen && !this.#isProbing) return
    this.#isProbing = false
    this.#failures++
    if (!this.isOpen) return
    this.#closedUntil = Math.max(this.#closedUntil, now + backoffMs(this.#failures - MISSES_MAX + 1, random))
  }

  /** The destination asks to be left alone until an instant. */
  wait(until: number): void {
    this.#askedUntil = Math.max(this.#askedUntil, until)
  }

  /** The probe is lost. */
  lost(): void {
    this.#isProbing = false
  }
}
