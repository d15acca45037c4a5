/** Counts the users of an account that satisfy each condition, now and as time goes on while nothing else happens. */
import type { DefinitionNode } from '../plan/plan.ts'
import type { PlayedActor } from './played-actor.ts'

/** The due instants of all users together over which time is played on. */
const STEPS_MAX = 20_000

interface Flip {
  readonly at: number
  readonly condition: number
  readonly by: 1 | -1
}

export class UserFlips {
  readonly satisfying = new Map<number, number>()
  readonly #conditions: readonly DefinitionNode[]
  readonly #stepsMax: number
  /** In the order of time once the first has been applied. */
  readonly #flips: Flip[] = []
  #applied = 0
  #isSorted = false
  #steps = 0
  /** Flips after this instant are not all known. */
  knownUntil = Infinity

  /** @param stepsMax the due instants of each user over which time is played on */
  constructor(conditions: readonly DefinitionNode[], stepsMax: number) {
    this.#conditions = conditions
    this.#stepsMax = stepsMax
  }

  /** The instant of the next flip; infinite if there is none. */
  get nextAt(): number {
    this.#sort()
    return this.#flips[this.#applied]?.at ?? Infinity
  }

  /** Counts one user more. */
  add(user: PlayedActor, now: number): void {
    user.play(now)
    const held = this.#conditions.map((condition) => condition.evaluate(user) === true)
    for (const [index, holds] of held.entries()) if (holds) this.#count(this.#conditions[index]!.id, 1)
    for (let steps = 0; ; steps++) {
      const due = user.schedule()
      if (due === Infinity) return
      if (steps === this.#stepsMax || this.#steps++ >= STEPS_MAX) {
        this.knownUntil = Math.min(this.knownUntil, due - 1)
        return
      }
      user.moveTo(due)
      for (const [index, condition] of this.#conditions.entries()) {
        const holds = condition.evaluate(user) === true
        if (holds !== held[index]) this.#flips.push({ at: due, condition: condition.id, by: holds ? 1 : -1 })
        held[index] = holds
      }
    }
  }

  /** Applies the flips until an instant, inclusively. */
  apply(instant: number): void {
    while (this.nextAt <= instant) {
      const { condition, by } = this.#flips[this.#applied++]!
      this.#count(condition, by)
    }
  }

  #count(condition: number, by: 1 | -1): void {
    this.satisfying.set(condition, (this.satisfying.get(condition) ?? 0) + by)
  }

  #sort(): void {
    if (this.#isSorted) return
    this.#isSorted = true
    this.#flips.sort((a, b) => a.at - b.at)
  }
}
