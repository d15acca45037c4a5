/** Definitions and their conditions as the console words them. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { printQuery } from '../../src/language/print.ts'
import { conditionReader, isExplained } from '../../web/src/words/reader.ts'
import { sentenceOf } from '../../web/src/words/sentence.ts'
import { plain } from '../../web/src/words/words.ts'
import { arbitrarySample } from '../language/arbitrary-query.ts'
import { propertyRuns } from '../support/runs.ts'

const NAMES = (key: string): string | undefined => (key === 'vip' ? 'VIP' : undefined)
const FUNNEL =
  "event('Product Added').where(property('price') >= 100 AND NOT event('Order Completed')" +
  ".where(property('product_id') = property(parent: 'product_id')).within(parent: 1 hour).count() >= 1)" +
  '.between(1 hour, 7 days).count() >= 1'
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
    'Did A, and then did B with the same x, 1 hour to 2 days after it',
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
  [
    "event('A').where(event('B').where(property('x') = property(parent: 'x') AND property('y') = 1)" +
      '.count() >= 1).count() >= 1',
    'Did A, and then did B with the same x where y is 1',
  ],
  ["event('A').count() = 1", 'Did A exactly 1 time'],
  ["NOT event('A').count() >= 2", 'Did not do A at least 2 times'],
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
  test.each(USERS)('of users: %s', (query, sentence) => {
    expect(sentenceOf(query, 'audience', 'USERS', NAMES)).toBe(sentence)
  })

  test.each(ACCOUNTS)('of accounts: %s', (query, sentence) => {
    expect(sentenceOf(query, 'audience', 'ACCOUNTS', NAMES)).toBe(sentence)
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

describe('a reader of conditions', () => {
  const readAt = (part: string, query = FUNNEL, type: 'USERS' | 'ACCOUNTS' = 'USERS') => {
    const start = query.indexOf(part)
    return conditionReader(query, type, NAMES)({ start, end: start + part.length })
  }

  it('says the whole as its sentence, with the names of events apart', () => {
    expect(readAt(FUNNEL)).toEqual({
      words: [
        'did ',
        { event: 'Product Added' },
        ' where price is at least 100, in the last 7 days, and then did not do ',
        { event: 'Order Completed' },
        ' with the same product_id, within 1 hour of it',
      ],
      kind: 'count',
      event: 'Product Added',
    })
  })

  it('finds a condition on a property inside its event', () => {
    expect(readAt("property('price') >= 100")).toEqual({ words: ['price is at least 100'], kind: 'field' })
  })

  it('names the parent of a property', () => {
    const { words } = readAt("property('product_id') = property(parent: 'product_id')")
    expect(plain(words)).toBe('product_id is that of Product Added')
  })

  it('finds what came after an event', () => {
    const child = FUNNEL.slice(FUNNEL.indexOf('NOT'), FUNNEL.indexOf(').between'))
    const read = readAt(child)
    expect(plain(read.words)).toBe('then did not do Order Completed with the same product_id, within 1 hour of it')
    expect(read).toMatchObject({ kind: 'not', event: 'Order Completed' })
  })

  it('tells kinds apart', () => {
    const query = "trait('vip') = true AND event('A').count() >= 1 AND event('A').sum(property('b')) > 2"
    expect(readAt("trait('vip') = true", query)).toEqual({ words: ['is in VIP'], kind: 'membership' })
    expect(readAt("event('A').count() >= 1", query).kind).toBe('count')
    expect(readAt("event('A').sum(property('b')) > 2", query).kind).toBe('value')
    expect(readAt("trait('plan') = 1", "trait('plan') = 1").kind).toBe('trait')
    expect(readAt(query, query).kind).toBe('junction')
    const ofAccounts = "NONE event('A').count() >= 1"
    expect(readAt(ofAccounts, ofAccounts, 'ACCOUNTS')).toMatchObject({ kind: 'quantifier' })
    expect(plain(readAt("event('A').count() >= 1", ofAccounts, 'ACCOUNTS').words)).toBe('did A')
  })

  it('words the text at a place where no condition stands', () => {
    expect(readAt("property('price')")).toEqual({ words: ["property('price')"], kind: 'unknown' })
  })

  it('words a slice if the query does not parse', () => {
    const read = conditionReader("trait('a') = 1 AND", 'USERS')
    expect(plain(read({ start: 0, end: 14 }).words)).toBe('has a of 1')
  })

  it('has words for each condition of every query, and says the whole as the list does', () => {
    const law = fc.property(arbitrarySample(), ({ type, query }) => {
      if (query.kind !== 'audience') return
      const text = printQuery(query)
      const { words, kind } = conditionReader(text, type)({ start: 0, end: text.length })
      expect(kind).not.toBe('unknown')
      expect(plain(words).slice(1)).toBe(sentenceOf(text, 'audience', type).slice(1))
    })
    fc.assert(law, propertyRuns(200))
  })
})

it('knows whether a query is the one that is explained', () => {
  const query = "event('Order').count() >= 2"
  expect(isExplained(query, 'USERS', 'Users who did Order, at least 2 times')).toBe(true)
  expect(isExplained(query, 'USERS', 'Users who did Order, at least 3 times')).toBe(false)
  expect(isExplained('', 'USERS', 'Users who did Order, at least 3 times')).toBe(false)
})
