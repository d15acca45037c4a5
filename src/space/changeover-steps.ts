/**
 * Carries a change of definitions on by commands of the journal, each small, one after the other. Other input goes
 * first, up to a point: a change comes to its end under any load.
 */
import type { Shard } from '../../actors/engine/shard.ts'
import type { Slice } from '../model/entry.ts'
import type { DefinitionSource } from '../model/definition.ts'
import type { DefinitionProgress, SpaceCommand } from '../model/space-command.ts'
import type { SetTimer } from '../model/timer.ts'
import { StepSize } from './step-size.ts'

/** While other input waits, a step comes so much later, ms; but not more often than that. */
const PAUSE_MS = 5
const PAUSES_MAX = 10

export interface ChangeoverStepsOptions {
  readonly shard: Shard
  readonly submit: (command: SpaceCommand) => Promise<unknown>
  /** True while other input waits. */
  readonly isBusy: () => boolean
  readonly timer: SetTimer
  /** Epoch ms. */
  readonly clock: () => number
  /** Returns the most that the next entry of a change does; left out: as much as takes a moment. */
  readonly sliceOf: (() => Slice) | undefined
}

export class ChangeoverSteps {
  readonly #options: ChangeoverStepsOptions
  readonly #size = new StepSize()
  #isUnderWay = false
  #pauses = 0
  #cancelPause = (): void => undefined
  /** Actors that had been gone over by the entry before. */
  #done = 0
  /** Since when actors are gone over, and from where on. */
  #start: { readonly at: number; readonly done: number; readonly isPreparing: boolean } | undefined

  constructor(options: ChangeoverStepsOptions) {
    this.#options = options
  }

  /** The most that the next entry of a change does. */
  get #slice(): Slice {
    const { shard, sliceOf } = this.#options
    if (sliceOf) return sliceOf()
    return this.#size.slice(shard.residentPages.coldPages > 0)
  }

  /** To be called when an entry has been applied. @param stepMs how long that took, if it was a step */
  applied(stepMs: number | undefined): void {
    const { shard, clock } = this.#options
    const { progress } = shard.changeover
    if (!progress) this.#start = undefined
    else if (this.#start?.isPreparing !== progress.isPreparing || progress.done < this.#start.done) {
      this.#size.restart()
      this.#start = { at: clock(), done: progress.done, isPreparing: progress.isPreparing }
    } else if (stepMs !== undefined) this.#size.adapt(stepMs, progress.done - this.#done)
    this.#done = progress?.done ?? 0
    if (!this.#isUnderWay && progress) this.#go()
  }

  /** Progress of a definition; undefined for one that is live as it was asked for. */
  progressOf({ key, type }: Pick<DefinitionSource, 'key' | 'type'>): DefinitionProgress | undefined {
    const { shard, clock } = this.#options
    const { changeover } = shard
    if (changeover.isLive(key, type)) return undefined
    const { progress } = changeover
    if (!progress || !this.#start || !changeover.isComing(key, type)) return { share: 0, liveAt: undefined }
    const { done, all } = progress
    const perActor = (clock() - this.#start.at) / (done - this.#start.done)
    const liveAt = Number.isFinite(perActor) ? Math.round(clock() + perActor * (all - done)) : undefined
    return { share: all === 0 ? 0 : done / all, liveAt }
  }

  stop(): void {
    this.#cancelPause()
  }

  #go(): void {
    const { submit, isBusy, timer } = this.#options
    this.#isUnderWay = true
    if (isBusy() && this.#pauses < PAUSES_MAX) {
      this.#pauses++
      this.#cancelPause = timer(() => this.#go(), PAUSE_MS)
      return
    }
    this.#pauses = 0
    submit({ kind: 'proceed', slice: this.#slice }).then(
      () => {
        this.#isUnderWay = false
        this.applied(undefined)
      },
      // Refused: the journal does not answer, or too much waits. The next entry tries again.
      () => (this.#isUnderWay = false),
    )
  }
}
