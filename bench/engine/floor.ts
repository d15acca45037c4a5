/**
 * The floor: what a careful engineer would write for exactly these twenty definitions and no others. It gives the same
 * transitions in the same order as the engine, keeps no history, resolves no identities, checks no input and cannot
 * be told of a twenty-first definition.
 *
 * Invariants: (1) the `lists` of a visitor are ascending, and hold what some window may still ask for; (2) `newest`
 * holds the latest instants that a definition counts; (3) a definition's due instant is never later than its next flip
 * by time.
 */
import type { CallsEntry, RawCall } from '../../src/model/entry.ts'
import type { Transition } from '../../src/model/transition.ts'
import { KEYS } from './definitions.ts'
import { DueHeap } from './due-heap.ts'
import { readInstant } from './instant.ts'
import type { IdentifyCall, ShopCall, ShopProperties } from './shop-call.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Numbers of the definitions, in the order in which they settle. */
const BROWSING_NOW = 0
const BROWSED_MUCH = 1
const LIKES_SHOES = 2
const LIKES_HATS = 3
const LOOKED_AT_LUXURY = 4
const FILLING_CART = 5
const WANTED_SEVERAL = 6
const BOUGHT_LATELY = 7
const BUYS_OFTEN = 8
const SEARCH_FAILS = 9
const READS_MAIL = 10
const READS_SALES_MAIL = 11
const CONSIDERS_PRICE = 12
const MAY_COME_BACK = 13
const LEFT_CART = 14
const SPEND_30_DAYS = 15
const GROWN_UP_ABROAD = 16
const BIG_SPENDER = 17
const ACTIVE_PRO = 18
const LOYAL_READER = 19

/** Due instants of a visitor's definitions, by number. */
const DUES = 20

/** Places of the newest instants within a visitor's stretch of the table, the newest first. */
const SHOES = 0
const HATS = 2
const LUXURY = 5
const CART = 6
const SEVERAL = 8
const FAILED_SEARCH = 9
const MAIL = 11
const SALES_MAIL = 13
const PRICING_PAGE = 14
const PAGE = 16
const NEWEST = 17

class Visitor {
  readonly ordinal: number
  readonly label: string
  /** One bit for each audience that the visitor is in. */
  member = 0
  /** Product views of the last 14 days. */
  readonly views: number[] = []
  /** Additions to the cart of the last 8 days that no order followed within a day. */
  carts: number[] = []
  /** Orders of the last 30 days, and what each came to. */
  readonly orders: number[] = []
  readonly totals: number[] = []
  sum = 0
  /** The value of `spend_30_days` that was published last. */
  spend: number | null = null
  plan = ''
  planTs = -Infinity
  age = NaN
  ageTs = -Infinity
  country = ''
  countryTs = -Infinity
  /** The earliest entry of the heap for the visitor; later ones are void. Infinite where there is none. */
  queuedAt = Infinity

  constructor(ordinal: number, label: string) {
    this.ordinal = ordinal
    this.label = label
  }
}

export type FloorTransition = Omit<Transition, 'sequence'>

export class Floor {
  readonly #visitors: Visitor[] = []
  readonly #byUserId = new Map<string, Visitor>()
  readonly #seen = new Set<string>()
  readonly #heap = new DueHeap()
  #dues = new Float64Array(1024 * DUES).fill(Infinity)
  #newest = new Float64Array(1024 * NEWEST).fill(-Infinity)
  #clock = 0

  apply({ receivedAt, calls }: CallsEntry<RawCall>, out: FloorTransition[]): void {
    for (const { body } of calls) this.#call(body as ShopCall, receivedAt, out)
  }

  /** Fires the deadlines before the instant. */
  moveClock(now: number, out: FloorTransition[]): void {
    if (now <= this.#clock) return
    for (let due = this.#heap.earliest; due < now; due = this.#heap.earliest) {
      const visitor = this.#visitors[this.#heap.pop()]!
      if (visitor.queuedAt !== due) continue
      visitor.queuedAt = Infinity
      if (this.#earliestDue(visitor) <= due) this.#settle(visitor, 0, due, out)
      else this.#schedule(visitor)
    }
    this.#clock = now
  }

  #call(call: ShopCall, receivedAt: number, out: FloorTransition[]): void {
    const now = Math.max(this.#clock, receivedAt)
    this.moveClock(now, out)
    if (this.#seen.has(call.messageId)) return
    this.#seen.add(call.messageId)
    const visitor = this.#byUserId.get(call.userId) ?? this.#create(call.userId)
    const ts = Math.min(readInstant(call.timestamp), now)
    this.#settle(visitor, this.#take(visitor, call, ts, now), now, out)
  }

  #create(userId: string): Visitor {
    const visitor = new Visitor(this.#visitors.length, `user_id:${userId}`)
    this.#visitors.push(visitor)
    this.#byUserId.set(userId, visitor)
    if (this.#visitors.length * DUES > this.#dues.length) {
      this.#dues = grown(this.#dues, Infinity)
      this.#newest = grown(this.#newest, -Infinity)
    }
    return visitor
  }

  /** Takes up a call; returns the definitions that it may have changed, one bit each. */
  #take(visitor: Visitor, call: ShopCall, ts: number, now: number): number {
    if (call.type === 'identify') return takeTraits(visitor, call, ts)
    if (call.type === 'page') return this.#takePage(visitor, call.properties, ts)
    switch (call.event) {
      case 'Product Viewed':
        return this.#takeView(visitor, call.properties, ts, now)
      case 'Product Added':
        return this.#takeAddition(visitor, call.properties, ts, now)
      case 'Order Completed':
        return takeOrder(visitor, call.properties.total!, ts, now)
      case 'Products Searched':
        if (call.properties.results !== 0) return 0
        this.#addNewest(visitor, FAILED_SEARCH, 2, ts)
        return 1 << SEARCH_FAILS
      case 'Email Opened':
        return this.#takeMail(visitor, call.properties.campaign!, ts)
      default:
        return 0
    }
  }

  #takeView(visitor: Visitor, { category, price }: ShopProperties, ts: number, now: number): number {
    let touched = (1 << BROWSING_NOW) | (1 << BROWSED_MUCH) | (1 << MAY_COME_BACK)
    dropUntil(visitor.views, now - 14 * DAY)
    if (ts > now - 14 * DAY) insertAscending(visitor.views, ts)
    if (category === 'shoes') {
      this.#addNewest(visitor, SHOES, 2, ts)
      touched |= 1 << LIKES_SHOES
    } else if (category === 'hats') {
      this.#addNewest(visitor, HATS, 3, ts)
      touched |= 1 << LIKES_HATS
    }
    if (price! >= 150) {
      this.#addNewest(visitor, LUXURY, 1, ts)
      touched |= 1 << LOOKED_AT_LUXURY
    }
    return touched
  }

  #takeAddition(visitor: Visitor, { price, quantity }: ShopProperties, ts: number, now: number): number {
    let touched = (1 << FILLING_CART) | (1 << LEFT_CART)
    this.#addNewest(visitor, CART, 2, ts)
    if (price! >= 50 && quantity! >= 2) {
      this.#addNewest(visitor, SEVERAL, 1, ts)
      touched |= 1 << WANTED_SEVERAL
    }
    if (ts > now - 8 * DAY && !isFollowed(visitor.orders, ts)) insertAscending(visitor.carts, ts)
    return touched
  }

  #takeMail(visitor: Visitor, campaign: string, ts: number): number {
    this.#addNewest(visitor, MAIL, 2, ts)
    if (campaign !== 'spring' && campaign !== 'summer') return 1 << READS_MAIL
    this.#addNewest(visitor, SALES_MAIL, 1, ts)
    return (1 << READS_MAIL) | (1 << READS_SALES_MAIL)
  }

  #takePage(visitor: Visitor, { path }: ShopProperties, ts: number): number {
    this.#addNewest(visitor, PAGE, 1, ts)
    if (path !== '/pricing') return 1 << ACTIVE_PRO
    this.#addNewest(visitor, PRICING_PAGE, 2, ts)
    return (1 << ACTIVE_PRO) | (1 << CONSIDERS_PRICE)
  }

  /** Keeps the `count` newest instants from a place on. */
  #addNewest(visitor: Visitor, place: number, count: number, ts: number): void {
    const newest = this.#newest
    const first = visitor.ordinal * NEWEST + place
    let at = first + count - 1
    if (ts <= newest[at]!) return
    for (; at > first && newest[at - 1]! < ts; at--) newest[at] = newest[at - 1]!
    newest[at] = ts
  }

  /** Evaluates the touched definitions and those that are due, in their order. */
  #settle(visitor: Visitor, touched: number, now: number, out: FloorTransition[]): void {
    const dues = this.#dues
    const first = visitor.ordinal * DUES
    let pending = touched
    for (let number = 0; number < DUES; number++) if (dues[first + number]! <= now) pending |= 1 << number
    while (pending !== 0) {
      const number = 31 - Math.clz32(pending & -pending)
      pending &= pending - 1
      if (number === SPEND_30_DAYS) pending |= this.#evaluateSpend(visitor, now, out)
      else pending |= this.#evaluateAudience(visitor, number, now, out)
    }
    this.#schedule(visitor)
  }

  #evaluateAudience(visitor: Visitor, number: number, now: number, out: FloorTransition[]): number {
    const bit = 1 << number
    const holds = this.#holds(visitor, number, now)
    if (holds === ((visitor.member & bit) !== 0)) return 0
    visitor.member ^= bit
    out.push({ at: now, type: holds ? 'entered' : 'exited', key: KEYS[number]!, profile: visitor.label })
    return number === BOUGHT_LATELY || number === READS_MAIL ? 1 << LOYAL_READER : 0
  }

  #evaluateSpend(visitor: Visitor, now: number, out: FloorTransition[]): number {
    const { orders, totals } = visitor
    let left = 0
    for (; left < orders.length && orders[left]! + 30 * DAY <= now; left++) visitor.sum -= totals[left]!
    if (left > 0) {
      orders.splice(0, left)
      totals.splice(0, left)
    }
    this.#dues[visitor.ordinal * DUES + SPEND_30_DAYS] = orders.length > 0 ? orders[0]! + 30 * DAY : Infinity
    const spend = orders.length > 0 ? visitor.sum : null
    if (spend === visitor.spend) return 0
    visitor.spend = spend
    out.push({ at: now, type: 'trait', key: KEYS[SPEND_30_DAYS]!, profile: visitor.label, value: spend })
    return 1 << BIG_SPENDER
  }

  #holds(visitor: Visitor, number: number, now: number): boolean {
    switch (number) {
      case BROWSING_NOW:
        return this.#isWithin(visitor, number, lastButFrom(visitor.views, 3), HOUR, now)
      case BROWSED_MUCH:
        return this.#isWithin(visitor, number, lastButFrom(visitor.views, 10), 7 * DAY, now)
      case LIKES_SHOES:
        return this.#isNewestWithin(visitor, number, SHOES + 1, DAY, now)
      case LIKES_HATS:
        return this.#isNewestWithin(visitor, number, HATS + 2, 14 * DAY, now)
      case LOOKED_AT_LUXURY:
        return this.#isNewestWithin(visitor, number, LUXURY, 2 * DAY, now)
      case FILLING_CART:
        return this.#isNewestWithin(visitor, number, CART + 1, 6 * HOUR, now)
      case WANTED_SEVERAL:
        return this.#isNewestWithin(visitor, number, SEVERAL, 30 * DAY, now)
      case BOUGHT_LATELY:
        return this.#isWithin(visitor, number, lastButFrom(visitor.orders, 1), 30 * DAY, now)
      case BUYS_OFTEN:
        return this.#isWithin(visitor, number, lastButFrom(visitor.orders, 3), 30 * DAY, now)
      case SEARCH_FAILS:
        return this.#isNewestWithin(visitor, number, FAILED_SEARCH + 1, 7 * DAY, now)
      case READS_MAIL:
        return this.#isNewestWithin(visitor, number, MAIL + 1, 14 * DAY, now)
      case READS_SALES_MAIL:
        return this.#isNewestWithin(visitor, number, SALES_MAIL, 21 * DAY, now)
      case CONSIDERS_PRICE:
        return this.#isNewestWithin(visitor, number, PRICING_PAGE + 1, 3 * DAY, now)
      case MAY_COME_BACK:
        return this.#mayComeBack(visitor, now)
      case LEFT_CART:
        return this.#hasLeftCart(visitor, now)
      case GROWN_UP_ABROAD:
        return visitor.age >= 30 && (visitor.country === 'DE' || visitor.country === 'FR')
      case BIG_SPENDER:
        return visitor.spend !== null && visitor.spend >= 500 && visitor.country === 'DE'
      case ACTIVE_PRO:
        return this.#isNewestWithin(visitor, number, PAGE, visitor.plan === 'pro' ? 7 * DAY : 0, now)
      case LOYAL_READER:
        return (visitor.member & (1 << BOUGHT_LATELY)) !== 0 && (visitor.member & (1 << READS_MAIL)) !== 0
      default:
        throw new Error(`definition ${number} of ${KEYS.length}`)
    }
  }

  #isNewestWithin(visitor: Visitor, number: number, place: number, windowMs: number, now: number): boolean {
    return this.#isWithin(visitor, number, this.#newest[visitor.ordinal * NEWEST + place]!, windowMs, now)
  }

  /** The n-th newest event is in the window, so n are: until it leaves. */
  #isWithin(visitor: Visitor, number: number, ts: number, windowMs: number, now: number): boolean {
    const holds = ts + windowMs > now
    this.#dues[visitor.ordinal * DUES + number] = holds ? ts + windowMs : Infinity
    return holds
  }

  /** Two views are between 7 and 14 days old. */
  #mayComeBack({ views, ordinal }: Visitor, now: number): boolean {
    let oldest = 0
    while (oldest < views.length && views[oldest]! <= now - 14 * DAY) oldest++
    const second = views[oldest + 1]
    const holds = second !== undefined && second + 7 * DAY <= now
    let due = second === undefined ? Infinity : second + 7 * DAY
    if (holds) {
      // A third that is old enough when the oldest leaves keeps them two.
      while (oldest + 2 < views.length && views[oldest + 2]! + 7 * DAY <= views[oldest]! + 14 * DAY) oldest++
      due = views[oldest]! + 14 * DAY
    }
    this.#dues[ordinal * DUES + MAY_COME_BACK] = due
    return holds
  }

  /** An addition is between 1 and 8 days old that no order followed within a day. */
  #hasLeftCart({ carts, ordinal }: Visitor, now: number): boolean {
    dropUntil(carts, now - 8 * DAY)
    const oldest = carts[0]
    const holds = oldest !== undefined && oldest + DAY <= now
    let due = oldest === undefined ? Infinity : oldest + DAY
    if (holds) {
      due = oldest + 8 * DAY
      for (let next = 1; next < carts.length && carts[next]! + DAY <= due; next++) due = carts[next]! + 8 * DAY
    }
    this.#dues[ordinal * DUES + LEFT_CART] = due
    return holds
  }

  #earliestDue({ ordinal }: Visitor): number {
    const dues = this.#dues
    let earliest = Infinity
    for (let at = ordinal * DUES; at < (ordinal + 1) * DUES; at++) if (dues[at]! < earliest) earliest = dues[at]!
    return earliest
  }

  #schedule(visitor: Visitor): void {
    const due = this.#earliestDue(visitor)
    if (due >= visitor.queuedAt) return
    visitor.queuedAt = due
    this.#heap.push(due, visitor.ordinal)
  }
}

function takeTraits(visitor: Visitor, { traits }: IdentifyCall, ts: number): number {
  if (ts >= visitor.planTs) {
    visitor.plan = traits.plan
    visitor.planTs = ts
  }
  if (ts >= visitor.ageTs) {
    visitor.age = traits.age
    visitor.ageTs = ts
  }
  if (ts >= visitor.countryTs) {
    visitor.country = traits.country
    visitor.countryTs = ts
  }
  return (1 << GROWN_UP_ABROAD) | (1 << BIG_SPENDER) | (1 << ACTIVE_PRO)
}

function takeOrder(visitor: Visitor, total: number, ts: number, now: number): number {
  const { orders, totals, carts } = visitor
  if (ts > now - 30 * DAY) {
    totals.splice(insertAscending(orders, ts), 0, total)
    visitor.sum += total
  }
  if (carts.some((cart) => cart <= ts && cart > ts - DAY))
    visitor.carts = carts.filter((cart) => cart > ts || cart <= ts - DAY)
  return (1 << BOUGHT_LATELY) | (1 << BUYS_OFTEN) | (1 << LEFT_CART) | (1 << SPEND_30_DAYS)
}

/** An order has come less than a day after the instant. */
function isFollowed(orders: readonly number[], ts: number): boolean {
  for (let index = orders.length - 1; index >= 0 && orders[index]! > ts; index--)
    if (orders[index]! < ts + DAY) return true
  return false
}

/** Returns the place that the instant has taken. */
function insertAscending(instants: number[], ts: number): number {
  let place = instants.length
  instants.push(ts)
  for (; place > 0 && instants[place - 1]! > ts; place--) instants[place] = instants[place - 1]!
  instants[place] = ts
  return place
}

/** Drops the instants up to an edge. */
function dropUntil(instants: number[], edge: number): void {
  let count = 0
  while (count < instants.length && instants[count]! <= edge) count++
  if (count > 0) instants.splice(0, count)
}

/** The n-th newest instant, or one that no window reaches. */
function lastButFrom(instants: readonly number[], count: number): number {
  return instants.length < count ? -Infinity : instants[instants.length - count]!
}

function grown(table: Float64Array, filling: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(table.length * 2).fill(filling)
  larger.set(table)
  return larger
}
