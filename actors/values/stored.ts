/** The values that a path reached as bytes: a list that is empty, of one value, or of several. */
import { type EventReader, writeValue } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { Scratch } from '../packing/scratch.ts'
import { type Reached, Several } from './values.ts'

export function writeReached(scratch: Scratch, reached: Reached): void {
  if (reached instanceof Several) writeValue(scratch, NO_NAMES, [...reached.values])
  else if (reached === undefined || reached === null) scratch.list(0)
  else {
    scratch.list(1)
    writeValue(scratch, NO_NAMES, reached)
  }
}

export function readReached(reader: EventReader): Reached {
  const length = reader.listLength()
  if (length === 0) return undefined
  if (length === 1) return reader.value()
  return new Several(Array.from({ length }, () => reader.value()))
}
