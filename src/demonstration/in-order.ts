/** Visits overlap: their calls are put in order of time, with no more of them in memory than are under way. */
import TinyQueue from 'tinyqueue'
import type { ShopCall } from './visit.ts'

/** Something that makes calls from an instant on. */
export interface ShopVisit {
  /** No call of it comes before; epoch ms. */
  readonly at: number
  /** Makes the calls, in order of time. */
  readonly calls: () => readonly ShopCall[]
}

interface Pending extends ShopCall {
  readonly order: number
}

/** Yields the calls of visits in order of time. @param visits in the order in which they begin */
export function* callsInOrder(visits: Iterable<ShopVisit>): Generator<ShopCall, void> {
  const pending = new TinyQueue<Pending>([], (a, b) => a.at - b.at || a.order - b.order)
  let order = 0
  for (const { at, calls } of visits) {
    while (pending.length > 0 && pending.peek()!.at < at) yield pending.pop()!
    for (const call of calls()) pending.push({ ...call, order: order++ })
  }
  while (pending.length > 0) yield pending.pop()!
}
