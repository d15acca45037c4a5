/** The values of an actor's definitions as bytes: their number, then id · sequence · changed at · has been one · value. */
import { type EventReader, writeValue } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { DefinedValues } from './defined-values.ts'

/** Writes all values of a row. */
export function writeValues(scratch: Scratch, values: DefinedValues, row: number): void {
  const ids = values.ids(row)
  scratch.varint(ids.length)
  for (const id of ids) {
    const { value, sequence, changedAt, hasBeenOne } = values.read(values.find(row, id))
    scratch.signed(id)
    scratch.varint(sequence)
    scratch.double(changedAt)
    scratch.byte(hasBeenOne ? 1 : 0)
    writeValue(scratch, NO_NAMES, value)
  }
}

/** Sets the values of an actor that has none to those that `writeValues` has written. */
export function readValues(reader: EventReader, values: DefinedValues, ordinal: number): void {
  for (let left = reader.varint(); left > 0; left--) {
    const [id, sequence, changedAt, flag] = [reader.signed(), reader.varint(), reader.double(), reader.byte()]
    values.restore(ordinal, id, { value: reader.value(), sequence, changedAt, hasBeenOne: flag === 1 })
  }
}
