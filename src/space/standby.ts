/**
 * A space of another process, kept as it is there: read from a checkpoint, then from the journal as it grows. If that
 * process ends, this one goes on with the space, and has nothing to load.
 *
 * B1. What is there is what a recovery would have: the same checkpoint, the same entries, in the same order.
 * B2. It takes over the checkpoints that the other makes, so that its first own one holds what has changed alone. One
 *     is taken over only if it was begun after the one before was (`ResidentPages.takeCheckpointOver`).
 * B3. Whatever does not fit ends it: an entry that is missing, a part of a checkpoint that has been removed meanwhile.
 *     Nothing is lost by that: the space is then recovered.
 */
import { CheckpointDamagedError } from '../checkpoints/checkpoint-codec.ts'
import type { Manifest } from '../checkpoints/checkpoint-parts.ts'
import { readManifest } from '../checkpoints/checkpoint-reader.ts'
import type { CheckpointStore } from '../checkpoints/checkpoint-store.ts'
import { type JournalTail, NOTHING } from '../journal/journal-tail.ts'
import { JournalLostError } from '../journal/journal-lost-error.ts'
import type { Journal } from '../journal/journal.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import { newestReadable, type RecoveredSpace, type RecoveryOptions } from './recovery.ts'
import { EntryReplay } from './entry-replay.ts'
import type { Space } from './space.ts'

export interface StandbyOptions extends Omit<RecoveryOptions, 'journal' | 'checkpoints' | 'onProgress'> {
  readonly tail: JournalTail<SpaceCommand>
  readonly checkpoints: CheckpointStore
  /** Elapsed time, ms. */
  readonly elapsedMs: () => number
  /** Lets the event loop go round. */
  readonly breathe: () => Promise<void>
}

/** Others have a turn after so long, ms. */
const SLICE_MS = 5
/** Checkpoints are looked for so often, ms. */
const CHECKPOINTS_MS = 1_000

export class Standby {
  readonly space: Space
  readonly #options: StandbyOptions
  readonly #replay: EntryReplay
  /** The checkpoint that was read, or taken over last, first. */
  #manifests: readonly Manifest[]
  /** The id of the last entry. */
  #last: string
  /** Position of the entry since which changes are told from those before; see `takeCheckpointOver`. */
  #dividedAt: number
  #lookedAt = -Infinity
  #isUpToDate = false
  #isStopped = false
  #following: Promise<void> | undefined

  /** Reads the space from its newest checkpoint; rejects if it cannot be read. */
  static async open(options: StandbyOptions): Promise<Standby> {
    const numbers = await options.checkpoints.committed()
    const start = await newestReadable(numbers, { ...options, onProgress: () => undefined })
    return new Standby(options, start, start)
  }

  private constructor(
    options: StandbyOptions,
    space: Space,
    { manifests, receivedAt }: { readonly manifests: readonly Manifest[]; readonly receivedAt: number },
  ) {
    const { checkpoints } = options
    const [manifest] = manifests
    this.#options = options
    this.space = space
    this.#manifests = manifests
    this.#last = manifest && manifest.place !== '' ? manifest.place : NOTHING
    this.#dividedAt = manifest?.position ?? 0
    const position = this.#dividedAt
    this.#replay = new EntryReplay({ space, position, receivedAt, checkpoints, manifest: () => this.#manifests[0] })
  }

  /** Position of the next entry. */
  get position(): number {
    return this.#replay.position
  }

  /** True once it has had all entries that there were, and until it ends. */
  get isUpToDate(): boolean {
    return this.#isUpToDate && !this.#isStopped
  }

  /** Follows the journal until it is stopped; rejects if it does not fit. Keeps B1, B3. */
  follow(): Promise<void> {
    this.#following ??= this.#follow().finally(() => (this.#isStopped = true))
    return this.#following
  }

  /** Resolves when no entry is applied any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#options.tail.close()
    await this.#following?.catch(() => undefined)
  }

  /**
   * Brings the space up to the last entry of a journal that this process owns by now, and ends following it. Resolves
   * with the space, from then on the caller's; rejects if it must be recovered instead. Keeps B2, B3.
   */
  async takeOver(journal: Pick<Journal<SpaceCommand>, 'nextPosition'>): Promise<RecoveredSpace> {
    this.#isStopped = true
    this.#options.tail.wake()
    await this.#following
    while (this.position < journal.nextPosition) {
      const { position } = this
      await this.#read(false)
      if (this.position === position && this.position < journal.nextPosition)
        throw new JournalLostError(`the journal has no entry ${position}`)
    }
    if (this.position > journal.nextPosition)
      throw new JournalLostError(`the journal ends before entry ${journal.nextPosition}, and this space has later ones`)
    this.#options.tail.close()
    const numbers = await this.#takeCheckpointOver()
    const [manifest] = this.#manifests
    if (manifest?.number !== numbers[0])
      throw new CheckpointDamagedError(
        `checkpoint ${numbers[0]} cannot be taken over; the space is read from it instead`,
      )
    return {
      ...this.space,
      receivedAt: this.#replay.receivedAt,
      manifests: this.#manifests,
      nextCheckpoint: Math.max(0, ...numbers) + 1,
      entries: this.position - (manifest?.position ?? 0),
    }
  }

  async #follow(): Promise<void> {
    const { elapsedMs } = this.#options
    while (!this.#isStopped) {
      if (await this.#read(true)) this.#isUpToDate = true
      if (elapsedMs() - this.#lookedAt < CHECKPOINTS_MS) continue
      this.#lookedAt = elapsedMs()
      await this.#takeCheckpointOver()
    }
  }

  /** Applies the next entries; returns true if there were no more. */
  async #read(waits: boolean): Promise<boolean> {
    const { tail, elapsedMs, breathe } = this.#options
    const { records, last, isEnd } = await tail.after(this.#last, waits)
    let sliceStart = elapsedMs()
    for (const record of records) {
      await this.#replay.apply(record)
      if (elapsedMs() - sliceStart < SLICE_MS) continue
      await breathe()
      sliceStart = elapsedMs()
    }
    this.#last = last
    return isEnd
  }

  /** Takes the newest checkpoint over, if that can be done by now; returns those that there are. Keeps B2. */
  async #takeCheckpointOver(): Promise<readonly number[]> {
    const { checkpoints } = this.#options
    const numbers = await checkpoints.committed()
    const [newest, ...older] = numbers
    if (newest === undefined || newest === this.#manifests[0]?.number) return numbers
    const manifest = await readManifest(checkpoints, newest)
    if (manifest.position > this.position || manifest.position < this.#dividedAt) return numbers
    if (!this.space.shard.residentPages.takeCheckpointOver())
      throw new CheckpointDamagedError(`checkpoint ${this.#manifests[0]!.number} was read as an earlier version has it`)
    const before = await Promise.all(older.map((one) => readManifest(checkpoints, one).catch(() => undefined)))
    this.#manifests = [manifest, ...before.filter((one) => one !== undefined)]
    this.#dividedAt = this.position
    return numbers
  }
}
