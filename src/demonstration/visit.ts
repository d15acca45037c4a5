/** A visit to the shop: the calls that it makes, from the first page to the order, or to the cart that is left. */
import type { JsonObject } from '../model/json.ts'
import { formatInstant, UNITS } from '../model/time.ts'
import type { Chance } from './chance.ts'
import { type Product, pickProduct } from './goods.ts'
import { type Company, companyOf, type Person } from './people.ts'

/** A call as it is sent, with its instant. */
export interface ShopCall {
  /** Epoch ms. */
  readonly at: number
  readonly call: JsonObject
}

/** Probabilities that a visit comes to something. */
export interface VisitLikelihood {
  readonly cart: number
  /** That a cart is ordered at once, and that it is later. */
  readonly order: number
  readonly laterOrder: number
  readonly ticket: number
  readonly trial: number
  /** For those who belong to a company. */
  readonly signIn: number
}

export interface VisitPlan {
  readonly person: Person
  /** Epoch ms. */
  readonly at: number
  /** Its calls have it in their `messageId`: no other visit has it. */
  readonly id: string
  readonly chance: Chance
  readonly likelihood: VisitLikelihood
}

/** No call of a visit comes so long after its first, ms. */
export const VISIT_MS_MAX = 4 * UNITS.hour
const TRIAL_DAYS = 14
const TOPICS = ['delivery', 'returns', 'payment', 'sizes', 'account'] as const
const SECOND = UNITS.second
const MINUTE = UNITS.minute

/** Gathers the calls of one person, in order of time. */
class Visit {
  readonly calls: ShopCall[] = []
  readonly #plan: VisitPlan
  readonly #isApp: boolean
  at: number

  constructor(plan: VisitPlan) {
    this.#plan = plan
    this.at = plan.at
    this.#isApp = plan.chance.isTrue(0.3)
  }

  /** Lets some time pass, ms. */
  wait(least: number, most: number): void {
    this.at += Math.round(this.#plan.chance.between(least, most))
  }

  see(name: string): void {
    const properties = { path: `/${name.toLowerCase()}` }
    if (this.#isApp) this.add({ type: 'screen', name })
    else this.add({ type: 'page', name, properties })
  }

  track(event: string, properties: JsonObject): void {
    this.add({ type: 'track', event, properties })
  }

  add(call: JsonObject): void {
    const { person, id } = this.#plan
    const messageId = `${id}.${this.calls.length}`
    const ids = { userId: person.userId, anonymousId: person.anonymousId }
    this.calls.push({ at: this.at, call: { ...call, ...ids, messageId, timestamp: formatInstant(this.at) } })
  }
}

/** Makes the calls of a visit, in order of time. */
export function callsOfVisit(plan: VisitPlan): ShopCall[] {
  const { person, chance, likelihood } = plan
  const visit = new Visit(plan)
  visit.see('Home')
  if (person.company !== undefined && chance.isTrue(likelihood.signIn)) {
    visit.wait(5 * SECOND, 20 * SECOND)
    visit.track('Signed In', { method: chance.pick(['password', 'sso']) })
  }
  let product = look(visit, plan)
  for (let more = chance.whole(5); more > 0; more--) {
    if (chance.isTrue(0.3)) {
      visit.wait(10 * SECOND, 60 * SECOND)
      visit.see(chance.pick(['Search', 'Sale', 'New arrivals']))
    }
    product = look(visit, plan)
  }
  if (chance.isTrue(likelihood.cart)) fillCart(visit, product, plan)
  if (chance.isTrue(likelihood.ticket)) {
    visit.wait(2 * MINUTE, 30 * MINUTE)
    const priority = chance.pick(['low', 'normal', 'normal', 'high'])
    visit.track('Support Ticket Opened', { topic: chance.pick(TOPICS), priority })
  }
  if (person.company === undefined && chance.isTrue(likelihood.trial)) beginTrial(visit)
  return visit.calls
}

function look(visit: Visit, { chance, person }: VisitPlan): Product {
  visit.wait(15 * SECOND, 120 * SECOND)
  const product = pickProduct(chance, person.taste)
  visit.track('Product Viewed', { ...product, currency: 'USD' })
  return product
}

function fillCart(visit: Visit, product: Product, { chance, likelihood }: VisitPlan): void {
  const quantity = chance.pick([1, 1, 1, 2, 3])
  visit.wait(10 * SECOND, 90 * SECOND)
  visit.track('Product Added', { ...product, quantity, currency: 'USD' })
  const share = chance.next()
  if (share < likelihood.order) visit.wait(MINUTE, 25 * MINUTE)
  // Whoever comes back does so after the hour for which a shop waits.
  else if (share < likelihood.order + likelihood.laterOrder) visit.wait(65 * MINUTE, 170 * MINUTE)
  else return
  visit.see('Checkout')
  visit.wait(20 * SECOND, 3 * MINUTE)
  const total = Math.round(product.price * quantity * 100) / 100
  const order_id = `order_${visit.at.toString(36)}_${chance.whole(36 ** 3).toString(36)}`
  visit.track('Order Completed', { order_id, ...product, quantity, revenue: total, total, currency: 'USD' })
}

function beginTrial(visit: Visit): void {
  visit.wait(MINUTE, 5 * MINUTE)
  visit.track('Trial Started', { plan: 'premium', days: TRIAL_DAYS })
  visit.add({ type: 'identify', traits: { trial_ends_at: formatInstant(visit.at + TRIAL_DAYS * UNITS.day) } })
}

/** Makes the calls by which somebody is first known. */
export function callsOfJoining(seed: number, person: Person, at: number): ShopCall[] {
  const { userId, anonymousId, name, email, plan, country, newsletter, company } = person
  const ids = { userId, anonymousId, timestamp: formatInstant(at) }
  const traits = { name, email, plan, country, newsletter }
  const identify = { at, call: { type: 'identify', ...ids, messageId: `join.${userId}.0`, traits } }
  if (company === undefined) return [identify]
  const { groupId, ...ofCompany }: Company = companyOf(seed, company)
  const group = { type: 'group', ...ids, messageId: `join.${userId}.1`, groupId, traits: ofCompany }
  return [identify, { at, call: group }]
}
