/** A value that is a number, in one word; NaN stands for none. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { Rings } from '../memory/rings.ts'
import type { ChangeReader } from '../plan/group.ts'
import type { StreamNode } from '../plan/stream-node.ts'
import { each, numberOf } from '../values/values.ts'

export function valueAt({ doubles }: Rings, at: number): number | null {
  const value = doubles[at]!
  return Number.isNaN(value) ? null : value
}

/** Visits the numbers that an event brings to a stream; other values are passed over. */
export function eachNumber({ read }: StreamNode, event: ProfileEvent, visit: (number: number) => void): void {
  each(read!(event), (value) => {
    const number = numberOf(value)
    if (!Number.isNaN(number)) visit(number)
  })
}

/** Returns the value of a sum over so many numbers; NaN if there is none, or it is not finite. */
export function reducedSum({ reducer }: StreamNode, sum: number, count: number): number {
  if (count === 0) return NaN
  return finite(reducer.kind === 'sum' ? sum : sum / count)
}

/** Returns a number as a value; NaN if it is not finite, and 0 for -0. */
export function finite(number: number): number {
  return Number.isFinite(number) ? number + 0 : NaN
}

/** Stores a value, and passes it on if it is another. */
export function passOn(rings: Rings, at: number, value: number, node: StreamNode, reader: ChangeReader): void {
  const before = rings.doubles[at]!
  if (before === value || (Number.isNaN(before) && Number.isNaN(value))) return
  rings.doubles[at] = value
  reader.onChange(node, Number.isNaN(before) ? null : before, Number.isNaN(value) ? null : value)
}
