/** The totals of a user's forgotten events, as bytes. */
import type { JsonValue } from '../../src/model/json.ts'
import { EventReader, Scratch, writeValue } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import { ForgottenTotals, type ForgottenTotalsState } from '../streams/forgotten-totals.ts'
import { OLDER } from '../rows/row.ts'
import type { Rows } from '../rows/rows.ts'

const scratch = new Scratch()

export class OlderStore {
  readonly #rows: Rows
  #last: ForgottenTotals | undefined = undefined
  #lastKey = 0
  #lastStamp = -1

  constructor(rows: Rows) {
    this.#rows = rows
  }

  read(row: number): ForgottenTotals | undefined {
    const { state, bytes, blobs, barrier } = this.#rows.memory
    const at = state.ints[(row + OLDER) * 2]!
    if (at === 0) return undefined
    // It is asked for again and again while one actor is settled.
    if (at === this.#lastKey && barrier.stamp === this.#lastStamp) return this.#last
    const value: unknown = new EventReader(bytes.bytes, NO_NAMES, blobs.start(at)).value()
    this.#last = ForgottenTotals.fromState(value as ForgottenTotalsState)
    this.#lastKey = at
    this.#lastStamp = barrier.stamp
    return this.#last
  }

  write(row: number, older: ForgottenTotals): void {
    scratch.length = 0
    writeValue(scratch, NO_NAMES, older.state() as unknown as JsonValue)
    this.release(row)
    const { blobs, state } = this.#rows.memory
    state.ints[(row + OLDER) * 2] = blobs.add(scratch.bytes, scratch.length)
  }

  release(row: number): void {
    this.#rows.touch(row)
    const { blobs, state } = this.#rows.memory
    blobs.remove(state.ints[(row + OLDER) * 2]!)
    state.ints[(row + OLDER) * 2] = 0
  }
}
