/** Carries regulations on: one deletion after the other, each an entry of the journal. Other input comes in between. */
import type { SpaceCommand } from '../model/space-command.ts'
import type { SetTimer } from '../model/timer.ts'
import type { Regulations } from './regulations.ts'

/** A deletion that was refused, as the writer is full, comes again after so long, ms. */
const AGAIN_MS = 200

export interface RegulationStepsOptions {
  readonly regulations: Regulations
  readonly submit: (command: SpaceCommand) => Promise<unknown>
  readonly timer: SetTimer
}

export class RegulationSteps {
  readonly #options: RegulationStepsOptions
  #isUnderWay = false
  #isStopped = false
  #cancel = (): void => undefined

  constructor(options: RegulationStepsOptions) {
    this.#options = options
  }

  /** To be called when an entry has been applied. */
  applied(): void {
    const { regulations, submit, timer } = this.#options
    const { next } = regulations
    if (this.#isUnderWay || this.#isStopped || !next) return
    this.#isUnderWay = true
    submit(next).then(
      () => this.#proceed(),
      () => (this.#cancel = timer(() => this.#proceed(), AGAIN_MS)),
    )
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  #proceed(): void {
    this.#isUnderWay = false
    this.applied()
  }
}
