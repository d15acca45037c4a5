/** A clock that can be held behind another one, for a space that still has its past before it. */
export class HeldClock {
  readonly #clock: () => number
  /** Epoch ms; undefined: it goes as the other one. It begins held: nothing may come before the past. */
  #heldAt: number | undefined = 0

  constructor(clock: () => number) {
    this.#clock = clock
  }

  get isHeld(): boolean {
    return this.#heldAt !== undefined
  }

  /** Epoch ms. */
  readonly now = (): number => Math.min(this.#heldAt ?? Infinity, this.#clock())

  /** Stands at an instant, until it is held at a later one or let go. */
  hold(instant: number): void {
    this.#heldAt = instant
  }

  letGo(): void {
    this.#heldAt = undefined
  }
}
