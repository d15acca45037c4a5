/** The totals of a user's forgotten events, as bytes. */
import type { JsonValue } from '../../src/model/json.ts'
import { writeValue } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import { BlobField } from '../rows/blob-field.ts'
import { OLDER } from '../rows/row.ts'
import type { Rows } from '../rows/rows.ts'
import { ForgottenTotals, type ForgottenTotalsState } from '../streams/forgotten-totals.ts'

const scratch = new Scratch()

export class OlderStore {
  readonly #rows: Rows
  readonly field: BlobField
  #last: ForgottenTotals | undefined = undefined
  #lastKey = 0
  #lastStamp = -1

  constructor(rows: Rows) {
    this.#rows = rows
    this.field = new BlobField(rows, OLDER * 2)
  }

  read(row: number): ForgottenTotals | undefined {
    const key = this.field.reference(row)
    const { stamp } = this.#rows.memory.barrier
    // It is asked for again and again while one actor is settled.
    if (key !== 0 && key === this.#lastKey && stamp === this.#lastStamp) return this.#last
    const state: unknown = this.field.open(row)?.reader.value()
    if (state === undefined) return undefined
    this.#last = ForgottenTotals.fromState(state as ForgottenTotalsState)
    this.#lastKey = key
    this.#lastStamp = stamp
    return this.#last
  }

  /** Returns the time since which events are kept; 0 if none was forgotten. */
  keptSince(row: number): number {
    return this.read(row)?.keptSince ?? 0
  }

  write(row: number, older: ForgottenTotals): void {
    scratch.length = 0
    writeValue(scratch, NO_NAMES, older.state() as unknown as JsonValue)
    this.field.write(row, scratch)
  }

  release(row: number): void {
    this.field.release(row)
  }
}
