/** A shard whose calls are timed, and whose transitions go, in order, to whoever checks them. */
import type { Applied } from '../../actors/engine/applied.ts'
import { Shard } from '../../actors/engine/shard.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { Transition } from '../../src/model/transition.ts'
import { type Calls, parseChunk } from '../harness/calls.ts'
import { type Cost, Stopwatch } from '../harness/cost.ts'
import { shardOptions } from './shard-options.ts'

export class TimedShard {
  readonly #shard: Shard
  readonly #note: (transition: Transition) => void

  constructor(
    definitions: readonly DefinitionSource[],
    note: (transition: Transition) => void,
    liveStatesMax?: number,
  ) {
    this.#shard = new Shard(shardOptions(definitions, liveStatesMax))
    this.#note = note
  }

  /** Returns the cost of `Shard.apply` alone. Throws for a call that is not applied. */
  apply({ chunks }: Calls): Cost {
    const stopwatch = new Stopwatch()
    for (const chunk of chunks) {
      const entries = parseChunk(chunk)
      const results: Applied[] = []
      stopwatch.start()
      for (const entry of entries) results.push(this.#shard.apply(entry))
      stopwatch.stop()
      for (const result of results) this.#take(result)
    }
    return stopwatch.cost
  }

  /** Everything that is due before the instant happens. */
  moveTo(instant: number): void {
    this.#take(this.#shard.apply({ kind: 'tick', receivedAt: instant }))
  }

  #take({ transitions, outcomes, faults }: Applied): void {
    for (const { kind } of outcomes) if (kind !== 'applied') throw new Error(`a call was ${kind}`)
    if (faults.length > 0) throw new Error('a deadline failed', { cause: faults[0]!.cause })
    for (const transition of transitions) this.#note(transition)
  }
}
