/** Definitions as the console's lists word them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { printQuery } from '../../src/language/print.ts'
import { sentenceOf } from '../../web/src/pages/audiences/sentence.ts'
import { arbitrarySample } from '../language/arbitrary-query.ts'
import { propertyRuns } from '../support/runs.ts'

const CART_LEFT = `event('Product Added').where(property('price') >= 100 AND NOT event('Order Completed')
  .within(parent: 1 hour).count() >= 1).between(1 hour, 7 days).count() >= 1`

const USERS = [
  ["event('Order').count() >= 1", 'Did Order'],
  ["NOT event('Order').within(1 week).count() >= 1", 'Did not do Order in the last week'],
  ["event('Order').between(30 days, 90 days).count() >= 2", 'Did Order at least 2 times 30 to 90 days ago'],
  [
    "event('Order').where(property('price') > 5).within(7 days).count() = 0",
    'Did not do Order where price is more than 5, in the last 7 days',
  ],
  [
    "event('Order').within(30 days).sum(property('revenue')) >= 200",
    'Did Order with a sum of revenue of at least 200 in the last 30 days',
  ],
  [
    "event('Order').avg(property('revenue')) >= trait('goal')",
    'Did Order with an average revenue of at least their goal',
  ],
  [
    CART_LEFT,
    'Did Product Added where price is at least 100, in the last 7 days, ' +
      'and then did not do Order Completed within 1 hour of it',
  ],
  [
    "event('A').where(event('B').where(property('x') = property(parent: 'x'))" +
      '.between(parent: 1 hour, 2 days).count() >= 1).count() >= 1',
    'Did A, and then did B where x is that of A, 1 hour to 2 days after it',
  ],
  [
    "trait('plan').one_of('a', 'b') OR NOT trait('age') >= 30",
    'Has plan that is any of “a” or “b”, or does not have age of at least 30',
  ],
  [
    "trait('vip') = true AND (trait('email').exists() OR trait('phone').absent())",
    'Is in VIP, and (has email, or has no phone)',
  ],
  ["NOT trait('vip') = true", 'Is not in VIP'],
  ["trait('ends').within_next(3 days)", 'Has ends that is within the next 3 days'],
  ["trait('born').before_date(2000-01-31)", 'Has born that is before 2000-01-31'],
  [
    "event('A').sources({exclude: 'ios'}).expires_after(30 minutes).count() >= 1",
    'Did A not from “ios” in the current visit (over 30 minutes after its last event)',
  ],
] as const

const ACCOUNTS = [
  [
    "trait('plan') = 'business' AND NONE event('Order').within(14 days).count() >= 1",
    'Has plan “business”, and no user did Order in the last 14 days',
  ],
  ["ANY (trait('a') = 1 AND event('B').count() >= 1)", 'Has a user who (has a of 1, and did B)'],
  ["event('Order').count() >= 10", 'Users together did Order at least 10 times'],
] as const

const TRAITS = [
  ["event('Order').count()", 'Number of Order'],
  ["event('Order').within(1 day).avg(property('price'))", 'Average price of Order in the last day'],
  ["event('Order').mode(property('kind'), 3)", 'Most frequent kind (seen at least 3 times) of Order'],
  ["event('Order').unique(context('page.path'))", 'All values of context page.path of Order'],
] as const

describe('a definition in words', () => {
  const names = new Map([['vip', 'VIP']])

  test.each(USERS)('of users: %s', (query, sentence) => {
    expect(sentenceOf(query, 'audience', 'USERS', names)).toBe(sentence)
  })

  test.each(ACCOUNTS)('of accounts: %s', (query, sentence) => {
    expect(sentenceOf(query, 'audience', 'ACCOUNTS', names)).toBe(sentence)
  })

  test.each(TRAITS)('of a computed trait: %s', (query, sentence) => {
    expect(sentenceOf(query, 'computed_trait', 'USERS')).toBe(sentence)
  })

  test('that cannot be read is its own text', () => {
    expect(sentenceOf('event(', 'audience', 'USERS')).toBe('event(')
  })

  test('every definition has words, whatever it is made of', () => {
    const law = fc.property(arbitrarySample(), ({ type, query }) => {
      const text = printQuery(query)
      expect(sentenceOf(text, query.kind, type)).not.toBe(text)
    })
    fc.assert(law, propertyRuns(200))
  })
})
