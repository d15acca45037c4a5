/**
 * The custom traits of an actor as bytes: for each key · value · instant, number and source of the call that set it. In
 * place of the last three stands null if they are those of the trait before: one call mostly sets several.
 */
import { writeValue } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import { BlobField } from './blob-field.ts'
import { TRAITS } from './row.ts'
import type { Rows } from './rows.ts'
import { type TraitOrigin, Traits } from './traits.ts'

const scratch = new Scratch()

export class TraitStore {
  readonly field: BlobField

  constructor(rows: Rows) {
    this.field = new BlobField(rows, TRAITS * 2 + 1)
  }

  /** Another reference means other traits. */
  reference(row: number): number {
    return this.field.reference(row)
  }

  read(row: number): Traits {
    const traits = new Traits()
    const opened = this.field.open(row)
    if (!opened) return traits
    const { reader, end } = opened
    let origin: TraitOrigin | undefined
    while (reader.position < end) {
      const key = reader.value() as string
      const value = reader.value()
      const ts = reader.value() as number | null
      if (ts !== null) origin = { ts, arrival: reader.value() as number, sourceId: reader.value() as string }
      traits.set({ key, value, ...origin! })
    }
    return traits
  }

  write(row: number, traits: Traits): void {
    scratch.length = 0
    let last: TraitOrigin | undefined
    for (const entry of traits.entries()) {
      const { key, value, ts, arrival, sourceId } = entry
      const isSame = last?.ts === ts && last.arrival === arrival && last.sourceId === sourceId
      for (const part of [key, value, ...(isSame ? [null] : [ts, arrival, sourceId])])
        writeValue(scratch, NO_NAMES, part)
      last = entry
    }
    this.field.write(row, scratch)
  }

  release(row: number): void {
    this.field.release(row)
  }
}
