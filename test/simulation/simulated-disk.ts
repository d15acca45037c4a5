/** What survives every process: the journal and the checkpoints of a space, and who owns them. */
import type { CheckpointStore } from '../../src/persistence/checkpoint-store.ts'
import type { Journal, JournalEntry, JournalRecord } from '../../src/persistence/journal.ts'
import { type Chance, checkOwner, type Fate } from './fate.ts'

const READ_ENTRIES = 20

export class Disk<Command> {
  readonly entries: JournalEntry<Command>[] = []
  /** Position of the first entry that is kept. */
  first = 0
  readonly checkpoints = new Map<number, Map<string, Buffer>>()
  committed: readonly number[] = []
  /** Of the process that came last: whoever came before owns nothing any more. */
  epoch = 0

  /** Damages a part that the newest checkpoint alone has. */
  damage(chance: Chance): void {
    const parts = this.checkpoints.get(this.committed[0]!)
    if (!parts) return
    const bytes = parts.get(chance.of([...parts.keys()].sort()))!
    if (chance.is(0.5)) bytes[chance.below(bytes.length)]! ^= 1 << chance.below(8)
    else bytes.fill(0, chance.below(bytes.length))
  }
}

export class SimulatedJournal<Command> implements Journal<Command> {
  readonly isReachable = true
  readonly #disk: Disk<Command>
  readonly #fate: Fate
  readonly #epoch: number
  #next: number

  constructor(disk: Disk<Command>, fate: Fate) {
    this.#disk = disk
    this.#fate = fate
    this.#epoch = ++disk.epoch
    this.#next = disk.entries.length
  }

  get nextPosition(): number {
    return this.#next
  }

  append(entry: JournalEntry<Command>): Promise<number> {
    return this.#fate.ask(() => {
      checkOwner(this.#epoch === this.#disk.epoch)
      this.#next = this.#disk.entries.push(structuredClone(entry))
      return this.#next - 1
    })
  }

  placeOf(position: number): string {
    return String(position)
  }

  trim(place: string): Promise<void> {
    return this.#fate.ask(() => {
      checkOwner(this.#epoch === this.#disk.epoch)
      this.#disk.first = Math.max(this.#disk.first, Number(place))
    })
  }

  async *read(from: number): AsyncGenerator<JournalRecord<Command>> {
    const { entries, first } = this.#disk
    for (let position = Math.max(from, first); position < entries.length; position++) {
      // As from Redis, many come with one answer.
      if (position % READ_ENTRIES === 0) await this.#fate.ask(() => undefined)
      yield { position, entry: entries[position]! }
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

export class SimulatedCheckpoints implements CheckpointStore {
  readonly #disk: Disk<unknown>
  readonly #fate: Fate
  readonly #epoch: number

  /** Of the process whose journal was opened last. */
  constructor(disk: Disk<unknown>, fate: Fate) {
    this.#disk = disk
    this.#fate = fate
    this.#epoch = disk.epoch
  }

  committed(): Promise<readonly number[]> {
    return this.#fate.ask(() => this.#disk.committed)
  }

  read(checkpoint: number, names: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    return this.#fate.ask(() => names.map((name) => this.#disk.checkpoints.get(checkpoint)?.get(name)))
  }

  begin(checkpoint: number): Promise<void> {
    return this.#own(() => void this.#disk.checkpoints.delete(checkpoint))
  }

  write(checkpoint: number, parts: readonly (readonly [name: string, bytes: Buffer])[]): Promise<void> {
    const write = (count: number): void => {
      const held = this.#disk.checkpoints.get(checkpoint) ?? new Map<string, Buffer>()
      this.#disk.checkpoints.set(checkpoint, held)
      for (const [name, bytes] of parts.slice(0, count)) held.set(name, Buffer.from(bytes))
    }
    return this.#own(
      () => write(parts.length),
      (share) => write(Math.floor(share * parts.length)),
    )
  }

  commit(checkpoint: number, before: number | undefined): Promise<void> {
    return this.#own(() => {
      this.#disk.committed = before === undefined ? [checkpoint] : [checkpoint, before]
    })
  }

  remove(checkpoint: number, names: readonly string[]): Promise<void> {
    return this.#own(() => {
      for (const name of names) this.#disk.checkpoints.get(checkpoint)?.delete(name)
    })
  }

  #own(act: () => void, half?: (share: number) => void): Promise<void> {
    return this.#fate.ask(() => {
      checkOwner(this.#epoch === this.#disk.epoch)
      act()
    }, half)
  }
}
