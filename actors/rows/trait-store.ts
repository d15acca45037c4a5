/** The custom traits of an actor as bytes: for each key · value · instant, number and source of the call that set it. */
import { EventReader, Scratch, writeValue } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import { TRAITS } from './row.ts'
import type { Rows } from './rows.ts'
import { Traits } from './traits.ts'

const scratch = new Scratch()

export class TraitStore {
  readonly #rows: Rows

  constructor(rows: Rows) {
    this.#rows = rows
  }

  reference(row: number): number {
    return this.#rows.memory.state.ints[(row + TRAITS) * 2 + 1]!
  }

  read(row: number): Traits {
    const traits = new Traits()
    const at = this.reference(row)
    if (at === 0) return traits
    const { blobs, bytes } = this.#rows.memory
    const end = blobs.start(at) + blobs.length(at)
    const reader = new EventReader(bytes.bytes, NO_NAMES, blobs.start(at))
    while (reader.position < end) {
      const key = reader.value() as string
      const value = reader.value()
      const ts = reader.value() as number
      const arrival = reader.value() as number
      traits.set({ key, value, ts, arrival, sourceId: reader.value() as string })
    }
    return traits
  }

  write(row: number, traits: Traits): void {
    scratch.length = 0
    for (const { key, value, ts, arrival, sourceId } of traits.entries()) {
      writeValue(scratch, NO_NAMES, key)
      writeValue(scratch, NO_NAMES, value)
      writeValue(scratch, NO_NAMES, ts)
      writeValue(scratch, NO_NAMES, arrival)
      writeValue(scratch, NO_NAMES, sourceId)
    }
    this.release(row)
    const { blobs, state } = this.#rows.memory
    state.ints[(row + TRAITS) * 2 + 1] = scratch.length === 0 ? 0 : blobs.add(scratch.bytes, scratch.length)
  }

  release(row: number): void {
    this.#rows.touch(row)
    this.#rows.memory.blobs.remove(this.reference(row))
    this.#rows.memory.state.ints[(row + TRAITS) * 2 + 1] = 0
  }
}
