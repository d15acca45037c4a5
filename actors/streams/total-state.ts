/** A stream over all history: no event ever leaves it, so a running value is enough. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { TotalAccumulator } from '../reducers/accumulator.ts'
import { createAccumulator } from '../reducers/create-accumulator.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import { type EventReader, type Scratch, writeValue } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { StreamState } from './stream-state.ts'

export class TotalState implements StreamState {
  readonly dueAt = Infinity
  readonly #node: StreamNode
  readonly #accumulator: TotalAccumulator

  constructor(node: StreamNode) {
    this.#node = node
    this.#accumulator = createAccumulator(node.reducer, false)
  }

  /** Reads what `write` has written. */
  static read(node: StreamNode, reader: EventReader): TotalState {
    const state = new TotalState(node)
    state.addOlder(reader.value())
    return state
  }

  /** Adds the total of events that are no longer kept. */
  addOlder(total: JsonValue): void {
    this.#accumulator.addState(total)
  }

  insert(event: ProfileEvent): void {
    this.#accumulator.add(event, this.#node.read?.(event))
  }

  advance(): void {
    // Time alone changes nothing here.
  }

  value(): JsonValue {
    return this.#accumulator.result()
  }

  write(scratch: Scratch): void {
    writeValue(scratch, NO_NAMES, this.#accumulator.state())
  }
}
