/** The calls of the shop from its past on into its life: one stream, which can be taken up again at any instant. */
import { UNITS } from '../model/time.ts'
import { callsOfLife } from './living.ts'
import { callsOfPast, type ShopPast } from './shop.ts'
import type { ShopCall } from './visit.ts'

/** So long before it opens the shop already lives as it does from then on, so that it opens in full swing. */
const LIVELY_MS = 2 * UNITS.hour

/** Yields the calls after an instant, in order of time, without end. @param after epoch ms */
export function* callsOfShop(shop: ShopPast, after: number): Generator<ShopCall, never> {
  const livelyFrom = shop.opensAt - LIVELY_MS
  if (after < livelyFrom)
    for (const call of callsOfPast(shop)) {
      if (call.at > livelyFrom) break
      if (call.at > after) yield call
    }
  return yield* callsOfLife({ ...shop, after: Math.max(after, livelyFrom) })
}
