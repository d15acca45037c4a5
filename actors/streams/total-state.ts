/** A stream over all history: no event ever leaves it, so running values are enough. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { TotalAccumulator } from '../reducers/accumulator.ts'
import { createAccumulator } from '../reducers/create-accumulator.ts'
import type { ForgottenTotals } from './forgotten-totals.ts'
import type { StreamNode, StreamState } from '../plan/stream-node.ts'

export class TotalState implements StreamState {
  dueAt = Infinity
  bits = 0
  published: JsonValue[] | undefined = undefined
  readonly #node: StreamNode
  readonly #accumulators: TotalAccumulator[]

  constructor(node: StreamNode) {
    this.#node = node
    this.#accumulators = node.reducers.map((reducer) => createAccumulator(reducer, false))
  }

  /** Adds the totals of events that are no longer kept. */
  addOlder(older: ForgottenTotals): void {
    const { totalKey, reducers } = this.#node
    for (let index = 0; index < reducers.length; index++) {
      const total = older.totalOf(totalKey!, reducers[index]!)
      if (total) this.#accumulators[index]!.addState(total.state())
    }
  }

  insert(event: ProfileEvent): void {
    for (let index = 0; index < this.#accumulators.length; index++)
      this.#accumulators[index]!.add(event, this.#node.readers[index]?.(event))
  }

  advance(): void {
    // Time alone changes nothing here.
  }

  value(reducer: number): JsonValue {
    return this.#accumulators[reducer]!.result()
  }
}
