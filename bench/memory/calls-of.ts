/**
 * The calls that fill the profiles, one profile after another, as an import of history sends them: first who it is,
 * then ten events, of the thirty days before. All come within three days.
 */
import { formatInstant, UNITS } from '../../src/model/time.ts'
import { Random } from '../harness/random.ts'

export const EVENTS_PER_PROFILE = 10

const SEED = 20_260_104
const START = Date.UTC(2026, 0, 1)
const BETWEEN_EVENTS_MS = 3 * UNITS.day
const ALL_MS = 3 * UNITS.day
const CATEGORIES = ['shoes', 'hats', 'shirts', 'coats']
const CAMPAIGNS = ['spring', 'summer', 'news', 'welcome']

export interface TimedText {
  /** A call as JSON. */
  readonly text: string
  readonly receivedAt: number
}

export function* callsOf(profiles: number): Generator<TimedText> {
  const random = new Random(SEED)
  for (let profile = 0; profile < profiles; profile++) {
    const receivedAt = START + Math.floor((profile / profiles) * ALL_MS)
    for (let number = 0; number <= EVENTS_PER_PROFILE; number++) {
      const common = commonFields(random, profile, receivedAt - (EVENTS_PER_PROFILE - number) * BETWEEN_EVENTS_MS)
      const call = number === 0 ? identify(random, profile) : shopEvent(random)
      yield { text: JSON.stringify({ ...common, ...call }), receivedAt }
    }
  }
}

/** A call of one of the profiles after all of those, so many ms later, with one more event. */
export function laterCall(random: Random, profile: number, laterMs: number): TimedText {
  const receivedAt = START + ALL_MS + laterMs
  return { text: JSON.stringify({ ...commonFields(random, profile, receivedAt), ...shopEvent(random) }), receivedAt }
}

function commonFields(random: Random, profile: number, timestamp: number): object {
  return {
    messageId: random.hex(),
    timestamp: formatInstant(timestamp),
    userId: `user-${profile}`,
    context: { library: { name: 'analytics.js', version: '2.11.1' } },
  }
}

function identify(random: Random, profile: number): object {
  return {
    type: 'identify',
    anonymousId: `anonymous-${profile}`,
    traits: traitsOf(random, profile),
  }
}

export function traitsOf(random: Random, profile: number): object {
  return {
    email: `user-${profile}@example.com`,
    name: `User ${profile}`,
    plan: random.pick(['free', 'pro', 'team']),
    age: 18 + random.below(50),
    country: random.pick(['DE', 'FR', 'US']),
  }
}

/** An event of the shop, without who and when. */
export function shopEvent(random: Random): object {
  const kind = random.next()
  const product = {
    product_id: `p-${random.below(5000)}`,
    category: random.pick(CATEGORIES),
    price: 5 + random.below(200),
    quantity: 1 + random.below(3),
  }
  if (kind < 0.4) return track('Product Viewed', product)
  if (kind < 0.6) return track('Product Added', product)
  if (kind < 0.7)
    return track('Order Completed', {
      order_id: `o-${random.word()}`,
      total: random.below(2000) / 4,
      currency: 'EUR',
      items: 1 + random.below(5),
    })
  if (kind < 0.85)
    return track('Email Opened', {
      campaign: random.pick(CAMPAIGNS),
      subject: 'For you',
      list: 'all',
      position: random.below(9),
    })
  return track('Products Searched', { query: 'red', results: random.below(4), sort: 'price', page: 1 })
}

function track(name: string, properties: object): object {
  return { type: 'track', event: name, properties }
}
