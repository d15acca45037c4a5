/**
 * Decides when checkpoints are made: some time, or so many bytes of the journal, after the last; one at a time, and
 * none while nothing has happened. One that fails is made again when the next is due.
 */
import type { SetTimer } from '../model/timer.ts'
import type { Checkpointer, CheckpointSource, CheckpointSummary } from './checkpointer.ts'

export interface CheckpointLimits {
  readonly intervalMs: number
  /** Bytes of the journal's entries since the last checkpoint. */
  readonly bytesMax: number
}

export const CHECKPOINT_LIMITS: CheckpointLimits = { intervalMs: 60_000, bytesMax: 64 * 1024 * 1024 }

export interface CheckpointStatus {
  /** Receive time of the oldest entry that no checkpoint has, epoch ms; undefined if there is none. */
  readonly waitingSince: number | undefined
  /** True from a failure to the next checkpoint. */
  readonly isFailing: boolean
}

export interface CheckpointScheduleOptions {
  readonly checkpointer: Checkpointer
  readonly limits: CheckpointLimits
  readonly timer: SetTimer
  /** Number of the first checkpoint to be made. */
  readonly nextNumber: number
  /** Returns the present state; called between two entries. */
  readonly source: () => Omit<CheckpointSource, 'pressure'>
  /** Called when the checkpoint of the newest source is stored, or has failed. */
  readonly ended: (isStored: boolean) => void
  /**
   * Called once a checkpoint is committed, with the id of the entry behind which the journal is not needed any more.
   */
  readonly trim: (journalId: string) => Promise<void>
  readonly onMade: (summary: CheckpointSummary) => void
  readonly onFailed: (cause: unknown) => void
}

export class CheckpointSchedule {
  readonly #options: CheckpointScheduleOptions
  #nextNumber: number
  #cancel: (() => void) | undefined
  #bytes = 0
  #entries = 0
  /** Receive time of the oldest entry since the newest source, and of the oldest that this source is to store. */
  #waitingSince: number | undefined
  #storingSince: number | undefined
  #making: Promise<void> | undefined
  #isAbandoned = false
  /** The failure of the newest attempt; undefined if that succeeded. */
  #failure: { readonly cause: unknown } | undefined

  constructor(options: CheckpointScheduleOptions) {
    this.#options = options
    this.#nextNumber = options.nextNumber
  }

  get status(): CheckpointStatus {
    return { waitingSince: this.#storingSince ?? this.#waitingSince, isFailing: this.#failure !== undefined }
  }

  /** Counts an entry that has been applied, with its bytes and its receive time. */
  applied(bytes: number, receivedAt: number): void {
    this.#waitingSince ??= receivedAt
    this.#bytes += bytes
    this.#entries++
    if (this.#bytes >= this.#options.limits.bytesMax) void this.make()
    else this.#arm()
  }

  /** Resolves when a checkpoint of the present is made, or has failed; at once if nothing has happened. */
  async make(): Promise<void> {
    this.#disarm()
    if (this.#making) return this.#making
    if (this.#entries === 0 || this.#isAbandoned) return
    this.#making = this.#make()
    await this.#making
    this.#making = undefined
    if (this.#entries > 0) this.#arm()
  }

  /**
   * Makes a checkpoint of the present, and then lets a task read it: none other is made meanwhile, so that none of its
   * parts is removed. Rejects if the checkpoint cannot be made, or with the cause of the task.
   */
  async read(task: () => Promise<void>): Promise<void> {
    // One that is being made is of an earlier present.
    await this.#idle()
    await this.make()
    if (this.#isAbandoned) throw new Error('checkpoint: the present must not be stored')
    if (this.#failure) throw this.#failure.cause
    await this.#idle()
    const reading = task()
    this.#making = reading.catch(() => undefined)
    try {
      await reading
    } finally {
      this.#making = undefined
      if (this.#entries > 0) this.#arm()
    }
  }

  /** Begins no checkpoint any more: the present state must not be stored. */
  abandon(): void {
    this.#isAbandoned = true
    this.#disarm()
  }

  /** Ends the schedule, and resolves with a last checkpoint of the present. */
  async stop(): Promise<void> {
    await this.#making
    await this.make()
    this.#disarm()
  }

  async #idle(): Promise<void> {
    while (this.#making) await this.#making
  }

  async #make(): Promise<void> {
    const { checkpointer, source, ended, trim, onMade, onFailed } = this.#options
    const [bytes, entries] = [this.#bytes, this.#entries]
    try {
      const made = { ...source(), pressure: () => this.#bytes / this.#options.limits.bytesMax }
      this.#bytes = 0
      this.#entries = 0
      this.#storingSince = this.#waitingSince
      this.#waitingSince = undefined
      const summary = await checkpointer.make(this.#nextNumber++, made)
      ended(true)
      this.#failure = undefined
      this.#storingSince = undefined
      onMade(summary)
      if (checkpointer.trimBehind !== undefined) await trim(checkpointer.trimBehind)
    } catch (cause) {
      ended(false)
      this.#bytes += bytes
      this.#entries += entries
      this.#waitingSince = this.#storingSince ?? this.#waitingSince
      this.#storingSince = undefined
      this.#failure = { cause }
      onFailed(cause)
    }
  }

  #arm(): void {
    if (this.#isAbandoned) return
    this.#cancel ??= this.#options.timer(() => void this.make(), this.#options.limits.intervalMs)
  }

  #disarm(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
