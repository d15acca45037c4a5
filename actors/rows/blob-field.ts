/** A field of a row that refers to bytes: they are read from their beginning, and replaced as a whole. */
import { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import { type NameTable, NO_NAMES } from '../packing/name-table.ts'
import type { Rows } from './rows.ts'

export class BlobField {
  readonly #rows: Rows
  readonly #int: number
  readonly #names: NameTable

  /**
   * @param int the integer of a row, counted from its beginning, that refers to the bytes
   * @param names by which they are written; left out: none is a number
   */
  constructor(rows: Rows, int: number, names = NO_NAMES) {
    this.#rows = rows
    this.#int = int
    this.#names = names
  }

  /** Returns the reference; 0 if there are no bytes. */
  reference(row: number): number {
    return this.#rows.memory.state.ints[row * 2 + this.#int]!
  }

  /** Returns a reader of the bytes, valid until the next change, and where they end; undefined if there are none. */
  open(row: number): { readonly reader: EventReader; readonly end: number } | undefined {
    const at = this.reference(row)
    if (at === 0) return undefined
    const { blobs, bytes } = this.#rows.memory
    const start = blobs.start(at)
    return { reader: new EventReader(bytes.bytes, this.#names, start), end: start + blobs.length(at) }
  }

  /** Writes the bytes as a run. */
  writeTo(scratch: Scratch, row: number): void {
    const at = this.reference(row)
    const { blobs, bytes } = this.#rows.memory
    if (at === 0) scratch.varint(0)
    else scratch.run(bytes.bytes, blobs.start(at), blobs.length(at))
  }

  /** Sets the bytes of a new row. */
  readFrom(reader: EventReader, row: number): void {
    const bytes = reader.run()
    if (bytes.length === 0) return
    const { blobs, state } = this.#rows.memory
    state.ints[row * 2 + this.#int] = blobs.add(bytes, bytes.length)
  }

  /** Replaces the bytes; if there are none to write, the field refers to nothing. */
  write(row: number, { bytes, length }: Scratch): void {
    this.release(row)
    const { blobs, state } = this.#rows.memory
    state.ints[row * 2 + this.#int] = length === 0 ? 0 : blobs.add(bytes, length)
  }

  /** Releases the bytes when the settlement stands. */
  release(row: number): void {
    this.#rows.touch(row)
    this.#rows.memory.blobs.remove(this.reference(row))
    this.#rows.memory.state.ints[row * 2 + this.#int] = 0
  }
}
