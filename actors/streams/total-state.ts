/** A stream over all history: nothing ever leaves it, so running values are enough. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/transition.ts'
import type { Accumulator } from '../reducers/accumulator.ts'
import { createAccumulator } from '../reducers/create-accumulator.ts'
import type { StreamNode, StreamState } from './stream-node.ts'

export class TotalState implements StreamState {
  dueAt = Infinity
  bits = 0
  published: JsonValue[] | undefined = undefined
  readonly #node: StreamNode
  readonly #accumulators: Accumulator[]

  constructor(node: StreamNode) {
    this.#node = node
    this.#accumulators = node.reducers.map((reducer) => createAccumulator(reducer, false))
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
