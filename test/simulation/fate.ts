/**
 * The fate of a process's commands to its store, by chance; and the death of the process, after which it sends none.
 */

/** Numbers from a seed; mulberry32. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** From 0 to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  is(probability: number): boolean {
    return this.next() < probability
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!
  }
}

export interface Odds {
  /** That a call of the store is the last that the process makes. */
  readonly crash: number
  /** That it is answered with an error which no further attempt can mend. */
  readonly failure: number
  /** That it is answered with an error which passes: nothing was done, or all was, or all will be some time later. */
  readonly trouble: number
  /** That it takes its time. */
  readonly delay: number
}

const NO_FAULTS: Odds = { crash: 0, failure: 0, trouble: 0, delay: 0 }
const DELAY_TURNS = 40
/** Until a call arrives that was given up: others come in between. */
const LATE_TURNS = 400

/** The chances of one process. */
export class Fate {
  /** Resolves when the process is dead. */
  readonly death: Promise<void>
  readonly #chance: Chance
  #odds: Odds
  #die: () => void = () => undefined
  #isDead = false

  constructor(chance: Chance, odds: Odds) {
    this.#chance = chance
    this.#odds = odds
    this.death = new Promise((resolve) => {
      this.#die = resolve
    })
  }

  get isDead(): boolean {
    return this.#isDead
  }

  die(): void {
    this.#isDead = true
    this.#die()
  }

  /** Nothing goes wrong any more. */
  relent(): void {
    this.#odds = NO_FAULTS
  }

  /**
   * A call of the store. It may be late, fail for now or for good, or be the end of the process: before it has done
   * anything, half-way (`half`: the share of it that is done), or when all is done and nobody has been told.
   */
  async ask<Answer>(act: () => Answer, half?: (share: number) => void): Promise<Answer> {
    const { crash, failure, trouble, delay } = this.#odds
    await this.#alive()
    if (this.#chance.is(delay))
      for (let turns = this.#chance.below(DELAY_TURNS); turns > 0; turns--) await this.#alive()
    if (this.#chance.is(failure)) throw new Error('WRONGTYPE of the simulation')
    if (this.#chance.is(trouble)) {
      const when = this.#chance.below(3)
      if (when === 1) act()
      if (when === 2) void this.#later(act)
      throw new Error('Command timed out')
    }
    if (this.#chance.is(crash)) this.#crash(act, half)
    await this.#alive()
    const answer = act()
    await this.#alive()
    return answer
  }

  /** Whatever has become of the process meanwhile. */
  async #later(act: () => unknown): Promise<void> {
    for (let turns = this.#chance.below(LATE_TURNS); turns > 0; turns--) await Promise.resolve()
    act()
  }

  #crash(act: () => unknown, half?: (share: number) => void): void {
    const when = this.#chance.below(3)
    if (when === 1) half?.(this.#chance.next())
    if (when === 2) act()
    this.die()
  }

  /** Whoever waits for a process that is dead waits for good. */
  #alive(): Promise<void> {
    return this.#isDead ? new Promise(() => undefined) : Promise.resolve()
  }
}
