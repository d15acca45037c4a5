/**
 * `sum(p)` and `avg(p)` over what comes in and leaves: a ring of the numbers, and the exact sum of those that have come
 * in. Layout: the place of the ring · the partials · how many numbers have come in · the value that was passed on last,
 * or NaN.
 *
 * Example: for `event('Ordered').between(1 hour, 1 day).sum(property('price'))`, 5 $ at 10:00 and 7 $ at 11:30 are at
 * 11:45 the place of the ring 10:00 · 5 · 11:30 · 7, the partial 5, one number, and 5.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { Rings } from '../memory/rings.ts'
import { PLACE_WORDS } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import { ExactSum } from '../reducers/exact-sum.ts'
import type { WordAllocator } from './grouped.ts'
import { addPartial, areSpilled, clearPartials, PARTIAL_WORDS, setPartials, spill, sumOfPartials } from './partials.ts'
import type { SlidingReducer } from './sliding-reducer.ts'
import { eachNumber, passOn, reducedSum, valueAt } from './number-value.ts'

export class SlidingSum implements SlidingReducer {
  readonly node: StreamNode
  readonly #ring: number
  readonly #partials: number
  readonly #entered: number
  readonly #value: number

  constructor(words: WordAllocator, node: StreamNode) {
    this.node = node
    this.#ring = words.take(PLACE_WORDS)
    this.#partials = words.take(PARTIAL_WORDS)
    this.#entered = words.take(1)
    this.#value = words.take(1)
  }

  init(rings: Rings, block: number): void {
    rings.doubles.fill(0, block + this.#ring, block + this.#value)
    clearPartials(rings, block + this.#partials)
    rings.doubles[block + this.#value] = NaN
  }

  hold(rings: Rings, block: number, event: ProfileEvent, entered: number): void {
    eachNumber(this.node, event, (number) => {
      rings.insert(block + this.#ring, 2, event.ts, number)
      if (event.ts > entered) return
      rings.doubles[block + this.#entered]!++
      this.#count(rings, block, number)
    })
  }

  count(rings: Rings, block: number): number {
    return rings.count(block + this.#ring)
  }

  oldest(rings: Rings, block: number): number {
    return this.count(rings, block) === 0 ? Infinity : rings.time(block + this.#ring, 2, 0)
  }

  unite(rings: Rings, block: number, other: this, from: number, entered: number): void {
    const place = block + this.#ring
    rings.unite(place, 2, from + other.#ring)
    rings.doubles[block + this.#entered] = rings.countUntil(place, 2, entered)
    // The sum is found anew from the numbers when it is asked for.
    spill(rings, block + this.#partials)
  }

  enter(rings: Rings, block: number, instant: number): void {
    while (this.nextEnter(rings, block) <= instant) {
      const index = rings.doubles[block + this.#entered]!++
      this.#count(rings, block, rings.number(block + this.#ring, index))
    }
  }

  leave(rings: Rings, block: number, instant: number): void {
    const place = block + this.#ring
    const left = rings.countUntil(place, 2, instant)
    if (left === 0) return
    for (let index = 0; index < left; index++) this.#count(rings, block, -rings.number(place, index))
    rings.drop(place, left)
    rings.doubles[block + this.#entered]! -= left
    if (rings.doubles[block + this.#entered] === 0) clearPartials(rings, block + this.#partials)
  }

  nextEnter(rings: Rings, block: number): number {
    const entered = rings.doubles[block + this.#entered]!
    const place = block + this.#ring
    return entered === rings.count(place) ? Infinity : rings.time(place, 2, entered)
  }

  nextLeave(rings: Rings, block: number): number {
    return rings.doubles[block + this.#entered] === 0 ? Infinity : rings.time(block + this.#ring, 2, 0)
  }

  value(rings: Rings, block: number): number | null {
    return valueAt(rings, block + this.#value)
  }

  passOn(rings: Rings, block: number, isShown: boolean, reader: ChangeReader): void {
    const count = isShown ? rings.doubles[block + this.#entered]! : 0
    const sum = count === 0 ? NaN : this.#sum(rings, block)
    passOn(rings, block + this.#value, reducedSum(this.node, sum, count), this.node, reader)
  }

  write(scratch: Scratch, rings: Rings, block: number): void {
    rings.write(scratch, block + this.#ring, 2)
    scratch.varint(rings.doubles[block + this.#entered]!)
    scratch.double(rings.doubles[block + this.#value]!)
  }

  read(reader: EventReader, rings: Rings, block: number): void {
    rings.read(reader, block + this.#ring, 2)
    // The sum is found anew from the numbers when it is asked for.
    spill(rings, block + this.#partials)
    rings.doubles[block + this.#entered] = reader.varint()
    rings.doubles[block + this.#value] = reader.double()
  }

  release(rings: Rings, block: number): void {
    rings.release(block + this.#ring)
  }

  #count(rings: Rings, block: number, number: number): void {
    const partials = block + this.#partials
    if (!areSpilled(rings, partials) && !addPartial(rings, partials, number)) spill(rings, partials)
  }

  /** Returns the sum of what has come in; it is found anew if the partials had no room for it. */
  #sum(rings: Rings, block: number): number {
    const partials = block + this.#partials
    if (!areSpilled(rings, partials)) return sumOfPartials(rings, partials)
    const place = block + this.#ring
    const sum = new ExactSum()
    for (let index = 0; index < rings.doubles[block + this.#entered]!; index++) sum.add(rings.number(place, index))
    setPartials(rings, partials, sum)
    return sum.value()
  }
}
