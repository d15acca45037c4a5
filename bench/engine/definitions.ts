/**
 * Twenty definitions of an online shop, such as a marketing team would write. A definition comes after those that it
 * reads, so the order of this list is the order in which they settle.
 */
import type { DefinitionSource } from '../../src/model/definition.ts'

const QUERIES: readonly (readonly [key: string, query: string])[] = [
  ['browsing_now', `event('Product Viewed').within(1 hour).count() >= 3`],
  ['browsed_much', `event('Product Viewed').within(7 days).count() >= 10`],
  ['likes_shoes', `event('Product Viewed').where(property('category') = 'shoes').within(1 day).count() >= 2`],
  ['likes_hats', `event('Product Viewed').where(property('category') = 'hats').within(14 days).count() >= 3`],
  ['looked_at_luxury', `event('Product Viewed').where(property('price') >= 150).within(2 days).count() >= 1`],
  ['filling_cart', `event('Product Added').within(6 hours).count() >= 2`],
  [
    'wanted_several',
    `event('Product Added').where(property('price') >= 50 AND property('quantity') >= 2).within(30 days).count() >= 1`,
  ],
  ['bought_lately', `event('Order Completed').within(30 days).count() >= 1`],
  ['buys_often', `event('Order Completed').within(30 days).count() >= 3`],
  ['search_fails', `event('Products Searched').where(property('results') = 0).within(7 days).count() >= 2`],
  ['reads_mail', `event('Email Opened').within(14 days).count() >= 2`],
  [
    'reads_sales_mail',
    `event('Email Opened').where(property('campaign').one_of('spring', 'summer')).within(21 days).count() >= 1`,
  ],
  ['considers_price', `event('Page Viewed').where(property('path') = '/pricing').within(3 days).count() >= 2`],
  ['may_come_back', `event('Product Viewed').between(7 days, 14 days).count() >= 2`],
  [
    'left_cart',
    `event('Product Added').where(NOT event('Order Completed').within(parent: 1 day).count() >= 1).between(1 day, 8 days).count() >= 1`,
  ],
  ['spend_30_days', `event('Order Completed').within(30 days).sum(property('total'))`],
  ['grown_up_abroad', `trait('age') >= 30 AND trait('country').one_of('DE', 'FR')`],
  ['big_spender', `trait('spend_30_days') >= 500 AND trait('country') = 'DE'`],
  ['active_pro', `trait('plan') = 'pro' AND event('Page Viewed').within(7 days).count() >= 1`],
  ['loyal_reader', `trait('bought_lately') = true AND trait('reads_mail') = true`],
]

export const KEYS: readonly string[] = QUERIES.map(([key]) => key)

export const DEFINITIONS: readonly DefinitionSource[] = QUERIES.map(([key, query]) => ({
  kind: key === 'spend_30_days' ? 'computed_trait' : 'audience',
  key,
  type: 'USERS',
  query,
}))
