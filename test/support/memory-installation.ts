/** An installation in memory: the first space has the stores that it is given, others have some of their own. */
import type { SpaceCommand } from '../../src/model/space-command.ts'
import type { SpaceDirectory, SpaceRecord } from '../../src/model/space-record.ts'
import type { Stores } from '../../src/server/space-server.ts'
import type { Installation } from '../../src/server/spaces.ts'
import { memoryDelivery } from './memory-delivery.ts'
import { MemoryJournal } from './memory-journal.ts'

export class MemorySpaceDirectory implements SpaceDirectory {
  readonly records = new Map<string, SpaceRecord>()

  list(): Promise<readonly SpaceRecord[]> {
    return Promise.resolve([...this.records.values()])
  }

  put(record: SpaceRecord): Promise<void> {
    this.records.set(record.id, record)
    return Promise.resolve()
  }

  remove(id: string): Promise<void> {
    this.records.delete(id)
    return Promise.resolve()
  }
}

export class MemoryInstallation implements Installation {
  readonly directory = new MemorySpaceDirectory()
  /** By id: the stores that were opened of spaces beside the first. */
  readonly stores = new Map<string, Stores>()
  readonly removed: string[] = []
  readonly #firstId: string
  readonly #first: () => Promise<Stores>

  constructor(firstId: string, first: () => Promise<Stores>) {
    this.#firstId = firstId
    this.#first = first
  }

  open(id: string): Promise<Stores> {
    if (id === this.#firstId) return this.#first()
    const stores = this.stores.get(id) ?? { journal: new MemoryJournal<SpaceCommand>(), delivery: memoryDelivery(id) }
    this.stores.set(id, stores)
    return Promise.resolve(stores)
  }

  remove(id: string): Promise<void> {
    this.removed.push(id)
    this.stores.delete(id)
    return Promise.resolve()
  }
}
