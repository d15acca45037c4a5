/**
 * The windows of the incremental views: an event goes into the input of a window when it is old enough, and is taken
 * back when it leaves. db-ivm knows no time, so this is how its views come to have windows.
 */
import { UNITS } from '../../src/model/time.ts'
import { DueHeap } from '../engine/due-heap.ts'
import type { Moment } from '../engine/moment.ts'
import type { Fact } from './facts.ts'

const { hour, day } = UNITS

/** A row of an input: key and value. */
export type Row = readonly [profile: number, value: unknown]

/** A row that comes into an input (1) or is taken back from it (-1). */
export type Delta = readonly [row: Row, multiplicity: 1 | -1]

interface Window {
  readonly input: string
  readonly name: string
  readonly matches: (moment: Moment) => boolean
  /** Age at which an event comes in, and at which it leaves. */
  readonly fromMs: number
  readonly untilMs: number
  /** Value of the row; equal rows add up. */
  readonly valueOf: (fact: Fact) => unknown
}

/** A visit to the cart or to the till, for audience `left_cart`. */
export interface CartStep {
  readonly isOrder: boolean
  readonly ts: number
  readonly arrival: number
}

const WINDOWS: readonly Window[] = [
  within('views_1_hour', 'Product Viewed', hour),
  within('views_7_days', 'Product Viewed', 7 * day),
  within('shoes_1_day', 'Product Viewed', day, ({ properties }) => properties.category === 'shoes'),
  within('hats_14_days', 'Product Viewed', 14 * day, ({ properties }) => properties.category === 'hats'),
  within('luxury_2_days', 'Product Viewed', 2 * day, ({ properties }) => properties.price! >= 150),
  within('additions_6_hours', 'Product Added', 6 * hour),
  within('several_30_days', 'Product Added', 30 * day, ({ properties: { price, quantity } }) => {
    return price! >= 50 && quantity! >= 2
  }),
  within('failures_7_days', 'Products Searched', 7 * day, ({ properties }) => properties.results === 0),
  within('mails_14_days', 'Email Opened', 14 * day),
  within('sales_mails_21_days', 'Email Opened', 21 * day, ({ properties: { campaign } }) => {
    return campaign === 'spring' || campaign === 'summer'
  }),
  within('pricing_3_days', 'Page Viewed', 3 * day, ({ properties }) => properties.path === '/pricing'),
  within('pages_7_days', 'Page Viewed', 7 * day),
  { ...within('views_7_to_14_days', 'Product Viewed', 14 * day), fromMs: 7 * day },
  { ...within('orders_30_days', 'Order Completed', 30 * day), valueOf: ({ moment }) => moment.properties.total! },
  { ...within('cart_steps', 'Product Added', 8 * day), fromMs: day, valueOf: cartStepOf },
  { ...within('cart_steps', 'Order Completed', 8 * day), valueOf: cartStepOf },
]

/** Names of the inputs that the windows fill. */
export const WINDOW_INPUTS: readonly string[] = [...new Set(WINDOWS.map(({ input }) => input))]

function within(
  input: string,
  name: string,
  untilMs: number,
  matches: (moment: Moment) => boolean = () => true,
): Window {
  return { input, name, untilMs, matches, fromMs: 0, valueOf: () => true }
}

function cartStepOf({ arrival, moment: { name, ts } }: Fact): CartStep {
  return { isOrder: name === 'Order Completed', ts, arrival }
}

interface Scheduled {
  readonly input: string
  readonly delta: Delta
}

/** Rows of the windows by when they come in and leave. */
export class WindowSchedule {
  readonly #heap = new DueHeap()
  /** By the ordinal of its entry in the heap; a free one is used again. */
  readonly #scheduled: Scheduled[] = []
  readonly #free: number[] = []

  /** The earliest instant at which a row comes or goes; infinite if none will. */
  get earliest(): number {
    return this.#heap.earliest
  }

  add(fact: Fact): void {
    const { name, ts, now } = fact.moment
    for (const window of WINDOWS) {
      const leaves = ts + window.untilMs
      if (window.name !== name || leaves <= now || !window.matches(fact.moment)) continue
      const row: Row = [fact.profile, window.valueOf(fact)]
      this.#push(ts + window.fromMs, { input: window.input, delta: [row, 1] })
      this.#push(leaves, { input: window.input, delta: [row, -1] })
    }
  }

  /** Takes out all that is due, in order of time. */
  takeDue(now: number, take: (input: string, delta: Delta) => void): void {
    while (this.#heap.earliest <= now) {
      const ordinal = this.#heap.pop()
      const { input, delta } = this.#scheduled[ordinal]!
      this.#free.push(ordinal)
      take(input, delta)
    }
  }

  #push(due: number, scheduled: Scheduled): void {
    const ordinal = this.#free.pop() ?? this.#scheduled.length
    this.#scheduled[ordinal] = scheduled
    this.#heap.push(due, ordinal)
  }
}
