/**
 * The spaces of other nodes that this one follows: each is kept as it is there, until it is opened here, or is not to
 * be followed any more.
 */
import type { Logger } from 'pino'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import { AnswerFollower } from '../dispatch/answer-follower.ts'
import type { JournalTail } from '../journal/journal-tail.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import { setTimer } from '../model/timer.ts'
import type { DeliveryQueue } from '../queue/delivery-queue.ts'
import { type PipelineOptions, recoveryOptionsOf } from '../space/pipeline-options.ts'
import { Standby } from '../space/standby.ts'

/** The stores of a space that another process has. */
export interface FollowedStores {
  readonly tail: JournalTail<SpaceCommand>
  /** Only read. */
  readonly checkpoints: CheckpointStore
  /** Opens the queue of its deliveries, to read the answers. */
  openAnswers(): Promise<Pick<DeliveryQueue, 'answersAfter' | 'close'>>
  close(): void
}

export interface StandbysOptions {
  readonly open: (spaceId: string) => FollowedStores
  /** Returns the options of a space, as it is opened with them. */
  readonly optionsOf: (spaceId: string) => Omit<PipelineOptions, 'journal' | 'checkpoints'>
  readonly log: Logger
}

/** A space that could not be followed is tried again after so long, ms. */
const AGAIN_MS = 2_000

/** A standby, with all that keeps it as the space is. */
interface Followed {
  standby: Standby | undefined
  readonly stores: FollowedStores
  answers: AnswerFollower | undefined
  isStopped: boolean
  /** Resolves when nothing of it goes on. */
  ended: Promise<void>
}

export class Standbys {
  readonly #options: StandbysOptions
  readonly #followed = new Map<string, Followed>()
  /** Those that have failed are begun again then, by the monotonic clock, ms. */
  readonly #notBefore = new Map<string, number>()

  constructor(options: StandbysOptions) {
    this.#options = options
  }

  /** Lists the spaces that can be gone on with at once. */
  get readyIds(): string[] {
    return [...this.#followed].filter(([, { standby }]) => standby?.isUpToDate).map(([id]) => id)
  }

  /** Follows these spaces from now on, and no others. */
  follow(spaceIds: readonly string[]): void {
    for (const spaceId of [...this.#followed.keys()]) if (!spaceIds.includes(spaceId)) this.#drop(spaceId)
    for (const spaceId of spaceIds)
      if (!this.#followed.has(spaceId) && performance.now() >= (this.#notBefore.get(spaceId) ?? 0)) this.#begin(spaceId)
  }

  /**
   * Gives a space away to whoever opens it now: nothing but that brings it up to date any more. Undefined if it is not
   * ready.
   * @returns also a function to be called once it is open
   */
  take(spaceId: string): { readonly standby: Standby; readonly release: () => void } | undefined {
    const followed = this.#followed.get(spaceId)
    if (!followed?.standby?.isUpToDate) {
      this.#drop(spaceId)
      return undefined
    }
    this.#followed.delete(spaceId)
    followed.isStopped = true
    followed.answers?.stop()
    return { standby: followed.standby, release: () => followed.stores.close() }
  }

  /** Follows nothing any more; resolves when all of it has ended. */
  async stop(): Promise<void> {
    const ended = Array.from(this.#followed.values(), (followed) => followed.ended)
    for (const spaceId of [...this.#followed.keys()]) this.#drop(spaceId)
    await Promise.all(ended)
  }

  #begin(spaceId: string): void {
    const stores = this.#options.open(spaceId)
    const followed: Followed = {
      standby: undefined,
      stores,
      answers: undefined,
      isStopped: false,
      ended: Promise.resolve(),
    }
    this.#followed.set(spaceId, followed)
    followed.ended = this.#run(spaceId, followed)
  }

  async #run(spaceId: string, followed: Followed): Promise<void> {
    const { log, optionsOf } = this.#options
    const { stores } = followed
    const options = optionsOf(spaceId)
    const { clock = Date.now, timer = setTimer } = options
    const answering: Promise<void>[] = []
    try {
      const standby = await Standby.open({
        ...recoveryOptionsOf(options),
        tail: stores.tail,
        checkpoints: stores.checkpoints,
        elapsedMs: () => performance.now(),
        breathe: () => new Promise((resolve) => setImmediate(resolve)),
      })
      if (followed.isStopped) return
      followed.standby = standby
      followed.answers = new AnswerFollower({
        outbox: standby.space.outbox,
        open: () => stores.openAnswers(),
        clock,
        timer,
        random: Math.random,
        onTrouble: () => undefined,
      })
      answering.push(followed.answers.follow())
      await standby.follow()
    } catch (cause) {
      if (followed.isStopped) return
      log.warn({ err: cause, space: spaceId }, 'a space cannot be followed any more; it is begun anew')
      this.#notBefore.set(spaceId, performance.now() + AGAIN_MS)
      this.#drop(spaceId)
    } finally {
      await Promise.all(answering)
    }
  }

  #drop(spaceId: string): void {
    const followed = this.#followed.get(spaceId)
    if (!followed) return
    this.#followed.delete(spaceId)
    followed.isStopped = true
    followed.answers?.stop()
    void followed.standby?.stop()
    followed.stores.close()
  }
}
