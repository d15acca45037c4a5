/** Requests that take turns. A page that makes dozens of them in one go would stand still until all have begun. */
export class Turns {
  readonly #max: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** @param max requests at a time */
  constructor(max: number) {
    this.#max = max
  }

  /** Makes a request once it is its turn, first come, first served; settles as that does. */
  async take<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#running < this.#max) this.#running++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await ask()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}
