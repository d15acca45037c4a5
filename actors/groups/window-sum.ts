/**
 * `sum(p)` and `avg(p)` in a window that ends now: a ring of the numbers, and their exact sum. Layout: the place of the
 * ring · the partials · the value that was passed on last, or NaN.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { Rings } from '../memory/rings.ts'
import { PLACE_WORDS } from '../memory/rings.ts'
import type { EventReader, Scratch } from '../packing/event-codec.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import { ExactSum } from '../reducers/exact-sum.ts'
import type { Sink, StreamLayout, WordAllocator } from './grouped.ts'
import { addPartial, areSpilled, clearPartials, PARTIAL_WORDS, setPartials, spill, sumOfPartials } from './partials.ts'
import { eachNumber, passOn, reducedSum, valueAt } from './sum-value.ts'

export class WindowSum implements Sink, StreamLayout {
  readonly node: StreamNode
  readonly #ring: number
  readonly #partials: number
  readonly #value: number

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    this.#ring = words.take(PLACE_WORDS)
    this.#partials = words.take(PARTIAL_WORDS)
    this.#value = words.take(1)
  }

  init(rings: Rings, block: number): void {
    rings.doubles.fill(0, block + this.#ring, block + this.#value)
    clearPartials(rings, block + this.#partials)
    rings.doubles[block + this.#value] = NaN
  }

  insert(rings: Rings, block: number, event: ProfileEvent, now: number): void {
    if (event.ts + this.node.window.to <= now) return
    eachNumber(this.node, event, (number) => {
      rings.insert(block + this.#ring, 2, event.ts, number)
      this.#count(rings, block, number)
    })
  }

  forget(rings: Rings, block: number, now: number): void {
    const place = block + this.#ring
    const left = rings.countUntil(place, 2, now - this.node.window.to)
    if (left === 0) return
    for (let index = 0; index < left; index++) this.#count(rings, block, -rings.number(place, index))
    rings.drop(place, left)
    if (rings.count(place) === 0) clearPartials(rings, block + this.#partials)
  }

  value(rings: Rings, block: number): number | null {
    return valueAt(rings, block + this.#value)
  }

  evaluate(rings: Rings, block: number, _now: number, reader: ChangeReader): number {
    const place = block + this.#ring
    const count = rings.count(place)
    const sum = count === 0 ? NaN : this.#sum(rings, block)
    passOn(rings, block + this.#value, reducedSum(this.node, sum, count), this.node, reader)
    return count === 0 ? Infinity : rings.time(place, 2, 0) + this.node.window.to
  }

  addOlder(): void {
    // Forgotten events have left every window.
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    rings.write(scratch, block + this.#ring, 2)
    scratch.double(rings.doubles[block + this.#value]!)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    rings.read(reader, block + this.#ring, 2)
    // The sum is found anew from the numbers when it is asked for.
    spill(rings, block + this.#partials)
    rings.doubles[block + this.#value] = reader.double()
  }

  release(rings: Rings, block: number): void {
    rings.release(block + this.#ring)
  }

  #count(rings: Rings, block: number, number: number): void {
    const partials = block + this.#partials
    if (!areSpilled(rings, partials) && !addPartial(rings, partials, number)) spill(rings, partials)
  }

  /** Returns the sum of what the ring holds; it is found anew if the partials had no room for it. */
  #sum(rings: Rings, block: number): number {
    const partials = block + this.#partials
    if (!areSpilled(rings, partials)) return sumOfPartials(rings, partials)
    const place = block + this.#ring
    const sum = new ExactSum()
    for (let index = 0; index < rings.count(place); index++) sum.add(rings.number(place, index))
    setPartials(rings, partials, sum)
    return sum.value()
  }
}
