/**
 * The exact sum of doubles, rounded once, in place: three partials that do not overlap (Shewchuk, "Adaptive Precision
 * Floating-Point Arithmetic", 1997). What does not fit into them is said to be spilled: then the sum must be found in
 * another way. Layout, four words: (partials in use, or -1 if spilled, free for the owner) · the partials.
 */
import { ExactSum, LARGE } from '../reducers/exact-sum.ts'
import type { Rings } from '../memory/rings.ts'
import type { EventReader } from '../packing/event-codec.ts'
import type { Scratch } from '../packing/scratch.ts'

const PARTIALS = 3
export const PARTIAL_WORDS = PARTIALS + 1
const SPILLED = -1
/** Partials are built here: they must not be half written. */
const NEXT = new Float64Array(PARTIALS + 1)

export function clearPartials({ ints }: Rings, at: number): void {
  ints[at * 2] = 0
}

export function areSpilled({ ints }: Rings, at: number): boolean {
  return ints[at * 2] === SPILLED
}

/** Adds a number. Returns false if the partials have no room for the sum; they are as before then. */
export function addPartial({ doubles, ints }: Rings, at: number, number: number): boolean {
  if (!(Math.abs(number) < LARGE)) return false
  const count = ints[at * 2]!
  let x = number
  let kept = 0
  for (let index = 1; index <= count; index++) {
    let y = doubles[at + index]!
    if (Math.abs(x) < Math.abs(y)) {
      const larger = y
      y = x
      x = larger
    }
    const high = x + y
    const low = y - (high - x)
    if (low !== 0) NEXT[kept++] = low
    x = high
  }
  if (x !== 0) NEXT[kept++] = x
  if (kept > PARTIALS) return false
  for (let index = 0; index < kept; index++) doubles[at + 1 + index] = NEXT[index]!
  ints[at * 2] = kept
  return true
}

/** Writes the partials, which must not be spilled. */
export function writePartials(scratch: Scratch, { doubles, ints }: Rings, at: number): void {
  const count = ints[at * 2]!
  scratch.byte(count)
  for (let index = 1; index <= count; index++) scratch.double(doubles[at + index]!)
}

/** Reads partials that `writePartials` has written. */
export function readPartials(reader: EventReader, { doubles, ints }: Rings, at: number): void {
  const count = reader.byte()
  ints[at * 2] = count
  for (let index = 1; index <= count; index++) doubles[at + index] = reader.double()
}

/** Says that the sum must be found in another way. */
export function spill({ ints }: Rings, at: number): void {
  ints[at * 2] = SPILLED
}

/** Returns the partials as an exact sum; they must not be spilled. */
export function exactSumOf({ doubles, ints }: Rings, at: number): ExactSum {
  const sum = new ExactSum()
  for (let index = 1; index <= ints[at * 2]!; index++) sum.add(doubles[at + index]!)
  return sum
}

/** Returns the sum; the partials must not be spilled. */
export function sumOfPartials(rings: Rings, at: number): number {
  const count = rings.ints[at * 2]!
  if (count < 2) return count === 0 ? 0 : rings.doubles[at + 1]!
  return exactSumOf(rings, at).value()
}

/** Writes a sum into the partials, if it fits; otherwise they are spilled. */
export function setPartials({ doubles, ints }: Rings, at: number, sum: ExactSum): void {
  const partials = sum.smallPartials()
  if (!partials || partials.length > PARTIALS) {
    ints[at * 2] = SPILLED
    return
  }
  partials.forEach((partial, index) => {
    doubles[at + 1 + index] = partial
  })
  ints[at * 2] = partials.length
}
