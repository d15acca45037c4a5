/** Words of a block as bytes, as they are: two integers or a double each. */
import type { Rings } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'

const WORD_BYTES = 8

export function writeWords(scratch: Scratch, { memory }: Rings, at: number, count: number): void {
  scratch.raw(memory.state.bytes, at * WORD_BYTES, count * WORD_BYTES)
}

export function readWords(reader: EventReader, { memory }: Rings, at: number, count: number): void {
  memory.state.bytes.set(reader.raw(count * WORD_BYTES), at * WORD_BYTES)
}
