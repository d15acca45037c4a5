/**
 * `sum(p)` and `avg(p)` over all history. Layout: the partials, with a reference to the whole sum once it is spilled ·
 * how many numbers there were · the value that was passed on last, or NaN.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { EventReader, writeValue } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import type { Rings } from '../memory/rings.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import { ExactSum } from '../reducers/exact-sum.ts'
import type { Sink, StreamLayout, WordAllocator } from './grouped.ts'
import {
  addPartial,
  areSpilled,
  clearPartials,
  exactSumOf,
  PARTIAL_WORDS,
  readPartials,
  setPartials,
  sumOfPartials,
  writePartials,
} from './partials.ts'
import { eachNumber, passOn, reducedSum, valueAt } from './number-value.ts'

const scratch = new Scratch()

export class TotalSum implements Sink, StreamLayout {
  readonly node: StreamNode
  readonly #partials: number
  readonly #count: number
  readonly #value: number

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    this.#partials = words.take(PARTIAL_WORDS)
    this.#count = words.take(1)
    this.#value = words.take(1)
  }

  init(rings: Rings, block: number): void {
    rings.doubles.fill(0, block + this.#partials, block + this.#value)
    clearPartials(rings, block + this.#partials)
    rings.doubles[block + this.#value] = NaN
  }

  insert(rings: Rings, block: number, event: ProfileEvent): void {
    eachNumber(this.node, event, (number) => this.#add(rings, block, number))
  }

  forget(): void {
    // No event ever leaves.
  }

  value(rings: Rings, block: number): number | null {
    return valueAt(rings, block + this.#value)
  }

  evaluate(rings: Rings, block: number, _now: number, reader: ChangeReader): number {
    const count = rings.doubles[block + this.#count]!
    const partials = block + this.#partials
    const sum = areSpilled(rings, partials) ? this.#spilled(rings, block).value() : sumOfPartials(rings, partials)
    passOn(rings, block + this.#value, reducedSum(this.node, sum, count), this.node, reader)
    return Infinity
  }

  addOlder(rings: Rings, block: number, total: JsonValue): void {
    const [count, state] = total as [number, JsonValue]
    rings.doubles[block + this.#count]! += count
    const sum = this.#sum(rings, block)
    sum.addState(state)
    this.#store(rings, block, sum)
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    const partials = block + this.#partials
    const isSpilled = areSpilled(rings, partials)
    scratch.byte(isSpilled ? 1 : 0)
    if (isSpilled) writeValue(scratch, NO_NAMES, this.#spilled(rings, block).state())
    else writePartials(scratch, rings, partials)
    scratch.varint(rings.doubles[block + this.#count]!)
    scratch.double(rings.doubles[block + this.#value]!)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    if (reader.byte() === 1) {
      const sum = new ExactSum()
      sum.addState(reader.value())
      this.#store(rings, block, sum)
    } else readPartials(reader, rings, block + this.#partials)
    rings.doubles[block + this.#count] = reader.varint()
    rings.doubles[block + this.#value] = reader.double()
  }

  release(rings: Rings, block: number): void {
    if (areSpilled(rings, block + this.#partials))
      rings.memory.blobs.remove(rings.ints[(block + this.#partials) * 2 + 1]!)
  }

  #add(rings: Rings, block: number, number: number): void {
    rings.doubles[block + this.#count]!++
    const partials = block + this.#partials
    if (!areSpilled(rings, partials) && addPartial(rings, partials, number)) return
    const sum = this.#sum(rings, block)
    sum.add(number)
    this.#store(rings, block, sum)
  }

  #sum(rings: Rings, block: number): ExactSum {
    return areSpilled(rings, block + this.#partials)
      ? this.#spilled(rings, block)
      : exactSumOf(rings, block + this.#partials)
  }

  #spilled(rings: Rings, block: number): ExactSum {
    const { bytes, blobs } = rings.memory
    const at = blobs.start(rings.ints[(block + this.#partials) * 2 + 1]!)
    const sum = new ExactSum()
    sum.addState(new EventReader(bytes.bytes, NO_NAMES, at).value())
    return sum
  }

  #store(rings: Rings, block: number, sum: ExactSum): void {
    this.release(rings, block)
    const partials = block + this.#partials
    setPartials(rings, partials, sum)
    if (!areSpilled(rings, partials)) return
    scratch.length = 0
    writeValue(scratch, NO_NAMES, sum.state())
    rings.ints[partials * 2 + 1] = rings.memory.blobs.add(scratch.bytes, scratch.length)
  }
}
