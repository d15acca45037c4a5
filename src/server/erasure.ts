/**
 * Lets Redis write its files anew after deletions: until then the bytes of whoever is gone are still in them, though
 * nothing reads them. It is done once what was deleted is in no checkpoint any more, and not too often.
 */
import type { SetTimer } from '../model/timer.ts'

/** A checkpoint may have been begun before the deletion, and the one before it is kept. */
const CHECKPOINTS = 3
const PAUSE_MS = 3_600_000

export interface ErasureOptions {
  readonly rewrite: () => Promise<void>
  /** Epoch ms. */
  readonly clock: () => number
  readonly timer: SetTimer
  /** Called with the cause when a rewrite fails; it is tried again with the next deletion. */
  readonly onFailed: (cause: unknown) => void
}

export class Erasure {
  readonly #options: ErasureOptions
  /** Checkpoints that are still to be made; 0 if nothing was deleted. */
  #left = 0
  #notBefore = 0
  #cancel: () => void = () => undefined

  constructor(options: ErasureOptions) {
    this.#options = options
  }

  /** Records that somebody was deleted. */
  deleted(): void {
    this.#left = CHECKPOINTS
  }

  /** Records that a checkpoint is stored. */
  checkpointed(): void {
    if (this.#left === 0) return
    this.#left--
    if (this.#left > 0) return
    const { clock, timer } = this.#options
    this.#cancel()
    const waitMs = this.#notBefore - clock()
    if (waitMs > 0) this.#cancel = timer(() => this.#rewrite(), waitMs)
    else this.#rewrite()
  }

  stop(): void {
    this.#cancel()
  }

  #rewrite(): void {
    const { clock, rewrite, onFailed } = this.#options
    this.#notBefore = clock() + PAUSE_MS
    rewrite().catch(onFailed)
  }
}
