/** The nineteen audiences as rules of json-rules-engine over facts, and how the facts of a profile are counted. */
import type { RuleProperties } from 'json-rules-engine'
import { UNITS } from '../../src/model/time.ts'
import type { Moment } from './moment.ts'
import type { ShopTraits } from './shop-call.ts'

const { hour, day } = UNITS

/** All calls of a profile that are not older than any window, and its traits. */
export interface History {
  moments: Moment[]
  traits: ShopTraits | undefined
  traitsTs: number
}

/** No window reaches further back. */
export const REACH_MS = 30 * day

type Condition = readonly [fact: string, operator: string, value: unknown]

export const RULES: readonly RuleProperties[] = [
  rule('browsing_now', ['views_1_hour', 'greaterThanInclusive', 3]),
  rule('browsed_much', ['views_7_days', 'greaterThanInclusive', 10]),
  rule('likes_shoes', ['shoes_1_day', 'greaterThanInclusive', 2]),
  rule('likes_hats', ['hats_14_days', 'greaterThanInclusive', 3]),
  rule('looked_at_luxury', ['luxury_2_days', 'greaterThanInclusive', 1]),
  rule('filling_cart', ['additions_6_hours', 'greaterThanInclusive', 2]),
  rule('wanted_several', ['several_30_days', 'greaterThanInclusive', 1]),
  rule('bought_lately', ['orders_30_days', 'greaterThanInclusive', 1]),
  rule('buys_often', ['orders_30_days', 'greaterThanInclusive', 3]),
  rule('search_fails', ['failures_7_days', 'greaterThanInclusive', 2]),
  rule('reads_mail', ['mails_14_days', 'greaterThanInclusive', 2]),
  rule('reads_sales_mail', ['sales_mails_21_days', 'greaterThanInclusive', 1]),
  rule('considers_price', ['pricing_3_days', 'greaterThanInclusive', 2]),
  rule('may_come_back', ['views_7_to_14_days', 'greaterThanInclusive', 2]),
  rule('left_cart', ['carts_left', 'greaterThanInclusive', 1]),
  rule('grown_up_abroad', ['age', 'greaterThanInclusive', 30], ['country', 'in', ['DE', 'FR']]),
  rule('big_spender', ['spend', 'greaterThanInclusive', 500], ['country', 'equal', 'DE']),
  rule('active_pro', ['plan', 'equal', 'pro'], ['pages_7_days', 'greaterThanInclusive', 1]),
  rule('loyal_reader', ['orders_30_days', 'greaterThanInclusive', 1], ['mails_14_days', 'greaterThanInclusive', 2]),
]

function rule(key: string, ...conditions: Condition[]): RuleProperties {
  return {
    conditions: { all: conditions.map(([fact, operator, value]) => ({ fact, operator, value })) },
    event: { type: key },
  }
}

/** The facts of a profile at an instant, each counted over its calls. */
export function factsOf({ moments, traits }: History, now: number): { spend: number; [fact: string]: unknown } {
  const since = (ageMs: number): Moment[] => moments.filter(({ ts }) => ts > now - ageMs)
  const within = (name: string, ageMs: number): Moment[] => since(ageMs).filter((moment) => moment.name === name)
  const views = within('Product Viewed', 14 * day)
  const orders = within('Order Completed', 30 * day)
  const mails = within('Email Opened', 21 * day)
  const additions = within('Product Added', 30 * day)
  return {
    views_1_hour: countSince(views, now - hour),
    views_7_days: countSince(views, now - 7 * day),
    views_7_to_14_days: views.length - countSince(views, now - 7 * day),
    shoes_1_day: countSince(views, now - day, ({ properties }) => properties.category === 'shoes'),
    hats_14_days: countSince(views, now - 14 * day, ({ properties }) => properties.category === 'hats'),
    luxury_2_days: countSince(views, now - 2 * day, ({ properties }) => properties.price! >= 150),
    additions_6_hours: countSince(additions, now - 6 * hour),
    several_30_days: countSince(additions, 0, ({ properties }) => properties.price! >= 50 && properties.quantity! >= 2),
    orders_30_days: orders.length,
    failures_7_days: within('Products Searched', 7 * day).filter(({ properties }) => properties.results === 0).length,
    mails_14_days: countSince(mails, now - 14 * day),
    sales_mails_21_days: countSince(mails, 0, ({ properties }) => ['spring', 'summer'].includes(properties.campaign!)),
    pricing_3_days: within('Page Viewed', 3 * day).filter(({ properties }) => properties.path === '/pricing').length,
    pages_7_days: within('Page Viewed', 7 * day).length,
    carts_left: additions.filter(
      ({ ts }) =>
        ts > now - 8 * day && ts + day <= now && !orders.some((order) => order.ts > ts && order.ts < ts + day),
    ).length,
    spend: orders.reduce((sum, { properties }) => sum + properties.total!, 0),
    age: traits?.age ?? 0,
    country: traits?.country ?? '',
    plan: traits?.plan ?? '',
  }
}

function countSince(
  moments: readonly Moment[],
  edge: number,
  matches: (moment: Moment) => boolean = () => true,
): number {
  return moments.filter((moment) => moment.ts > edge && matches(moment)).length
}
