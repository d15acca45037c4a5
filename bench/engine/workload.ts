/**
 * The seeded workload: calls of a shop's visitors over sixty days.
 * Visitors come in sessions of about three calls in an hour, some of them much more often than others. Of the calls,
 * 1 % arrive ten minutes to three days late and 0.5 % are repeated under the same `messageId`.
 */
import { formatInstant, UNITS } from '../../src/model/time.ts'
import { type Calls, CallWriter } from '../harness/calls.ts'
import { Random } from '../harness/random.ts'

export interface WorkloadSize {
  readonly profiles: number
  readonly calls: number
}

const SEED = 20_260_101
const START = Date.UTC(2026, 0, 1)
const SPAN_MS = 60 * UNITS.day
/** A repeated call is one of these latest. */
const RECENT_CALLS = 1000
/** With ten calls a profile in sixty days, a session then lasts an hour. */
const PROFILES_PER_OPEN_SESSION = 500
const SHARE_LATE = 0.01
const SHARE_DUPLICATE = 0.005

const CATEGORIES = ['shoes', 'hats', 'shirts', 'coats', 'bags', 'socks']
const CAMPAIGNS = ['spring', 'summer', 'news', 'welcome', 'survey']
const PATHS = ['/', '/pricing', '/shop', '/about', '/blog', '/help', '/shop/new', '/jobs']
const PLANS = ['free', 'pro', 'team']
const COUNTRIES = ['DE', 'FR', 'US', 'GB', 'ES']

export function generateWorkload({ profiles, calls }: WorkloadSize): Calls {
  const random = new Random(SEED)
  const visitors = new Visitors(random, profiles)
  const writer = new CallWriter()
  const recent: string[] = []
  let receivedAt = START
  let duplicateCount = 0
  for (let index = 0; index < calls; index++) {
    receivedAt += random.below((2 * SPAN_MS) / calls)
    if (index > 0 && random.chance(SHARE_DUPLICATE)) {
      writer.add(random.pick(recent), receivedAt)
      duplicateCount++
    } else {
      const text = callText(random, visitors.next(), receivedAt)
      writer.add(text, receivedAt)
      if (recent.length < RECENT_CALLS) recent.push(text)
      else recent[index % RECENT_CALLS] = text
    }
  }
  return writer.finish(duplicateCount)
}

/** Chooses the next caller: mostly somebody whose session is open. */
class Visitors {
  readonly #random: Random
  readonly #profiles: number
  readonly #open: number[]

  constructor(random: Random, profiles: number) {
    this.#random = random
    this.#profiles = profiles
    this.#open = Array.from({ length: Math.ceil(profiles / PROFILES_PER_OPEN_SESSION) }, () => this.#any())
  }

  next(): number {
    const place = this.#random.below(this.#open.length)
    if (this.#random.chance(0.3)) this.#open[place] = this.#any()
    return this.#open[place]!
  }

  /** The first tenth of the profiles comes about a third of the time. */
  #any(): number {
    return Math.floor(this.#profiles * this.#random.next() ** 2)
  }
}

function callText(random: Random, visitor: number, receivedAt: number): string {
  const delay = random.chance(SHARE_LATE)
    ? 10 * UNITS.minute + random.below(3 * UNITS.day)
    : random.below(2 * UNITS.second)
  const common =
    `"messageId":"${random.hex()}","timestamp":"${formatInstant(receivedAt - delay)}","userId":"user-${visitor}",` +
    `"context":{"library":{"name":"analytics.js","version":"2.11.1"}}`
  const kind = random.next()
  if (kind < 0.35) return track(common, 'Product Viewed', productText(random))
  if (kind < 0.55) {
    const path = random.pick(PATHS)
    return `{"type":"page",${common},"name":"Shop","properties":{"path":"${path}","title":"The shop"}}`
  }
  if (kind < 0.69) return track(common, 'Product Added', `${productText(random)},"quantity":${1 + random.below(3)}`)
  if (kind < 0.76) return track(common, 'Order Completed', orderText(random))
  if (kind < 0.86) return track(common, 'Products Searched', `"query":"red","results":${random.below(4)}`)
  if (kind < 0.95) return track(common, 'Email Opened', `"campaign":"${random.pick(CAMPAIGNS)}"`)
  return `{"type":"identify",${common},"traits":{${traitsText(random, visitor)}}}`
}

function track(common: string, event: string, properties: string): string {
  return `{"type":"track",${common},"event":"${event}","properties":{${properties}}}`
}

function productText(random: Random): string {
  return `"product_id":"p-${random.below(5000)}","category":"${random.pick(CATEGORIES)}","price":${5 + random.below(200)}`
}

function orderText(random: Random): string {
  return `"order_id":"o-${random.word()}","total":${(40 + random.below(2000)) / 4},"currency":"EUR"`
}

function traitsText(random: Random, visitor: number): string {
  return (
    `"email":"user-${visitor}@example.com","plan":"${random.pick(PLANS)}","age":${18 + random.below(50)},` +
    `"country":"${random.pick(COUNTRIES)}"`
  )
}
