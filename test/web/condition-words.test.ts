/** Words of conditions in the explanation of a profile. */
import { describe, expect, it } from 'vitest'
import {
  conditionReader,
  conditionWords,
  isExplained,
  plain,
  traitWords,
} from '../../web/src/pages/profiles/condition-words.ts'

const said = (text: string, type: 'USERS' | 'ACCOUNTS' = 'USERS'): string => plain(conditionWords(text, type))
const NAMES = (key: string): string | undefined => (key === 'vip' ? 'Best customers' : undefined)

const FUNNEL =
  "event('Product Added').where(property('price') >= 100 AND NOT event('Order Completed')" +
  ".where(property('product_id') = property(parent: 'product_id')).within(parent: 1 hour).count() >= 1)" +
  '.between(1 hour, 7 days).count() >= 1'

describe('the words of a condition', () => {
  it.each([
    ["event('Order').count() >= 1", 'did Order, at least 1 time'],
    ["event('Order').within(7 days).count() >= 2", 'did Order, at least 2 times, within the last 7 days'],
    ["event('Order').within(1 day).count() < 3", 'did Order, fewer than 3 times, within the last 1 day'],
    ["event('Order').count() = 0", 'did not do Order'],
    ["NOT event('Order').within(30 days).count() >= 1", 'did not do Order, within the last 30 days'],
    ["NOT event('Order').count() >= 2", 'not: did Order, at least 2 times'],
    ["event('Order').count() >= trait('goal')", 'did Order, a number of times that is at least their goal'],
    [
      "event('Order').where(property('price') >= 100 AND property('sort') = 'shoes').count() >= 1",
      'did Order where price is at least 100 and sort is shoes, at least 1 time',
    ],
    [
      "event('Order').within(30 days).sum(property('revenue')) >= 200",
      'did Order, with a sum of revenue of at least 200, within the last 30 days',
    ],
    ["event('Order').avg(property('revenue')) < 5", 'did Order, with an average of revenue of less than 5'],
    [
      "event('Order').last(property('sort')).contains('a', 'b')",
      'did Order, with a last value of sort that contains a or b',
    ],
    ["event('Page').expires_after(30 minutes).count() > 1", /in the current visit \(until 30 minutes after its last/],
    ["event('Page').sources({exclude: 'app'}).count() >= 1", 'did Page, at least 1 time, not from app'],
  ])('says what somebody did: %s', (text, words) => {
    if (typeof words === 'string') expect(said(text)).toBe(words)
    else expect(said(text)).toMatch(words)
  })

  it.each([
    ["trait('plan') = 'basic'", 'plan is basic'],
    ["trait('plan').one_of('basic', 'premium')", 'plan is any of basic, premium'],
    ["trait('plan') != ' '", 'plan is not “ ”'],
    ["trait('plan').exists()", 'plan is there'],
    ["trait('ends').within_next(3 days)", 'ends is within the next 3 days'],
    ["trait('ends').before_last(3 days)", 'ends is at least 3 days ago'],
    ["trait('ends').after_next(1 week)", 'ends is at least 1 week from now'],
    ["trait('ends').before_date(2026-12-01)", 'ends is before 2026-12-01'],
    ["trait('a') = 1 AND (trait('b') = 2 OR trait('c') = 3)", 'a is 1 and (b is 2 or c is 3)'],
    ["NOT (trait('a') = 1 OR trait('b') = 2)", 'not: (a is 1 or b is 2)'],
  ])('says what somebody has: %s', (text, words) => {
    expect(said(text)).toBe(words)
  })

  it('says at the end what came after an event', () => {
    expect(said(FUNNEL)).toBe(
      'did Product Added where price is at least 100, at least 1 time, between 1 hour and 7 days ago, ' +
        'and then did not do Order Completed with the same product_id, within 1 hour of it',
    )
  })

  it('says which users of an account are meant', () => {
    expect(said("NONE event('Order').within(14 days).count() >= 1", 'ACCOUNTS')).toBe(
      'no user did Order, at least 1 time, within the last 14 days',
    )
    expect(said("ALL trait('plan') = 'basic'", 'ACCOUNTS')).toBe('every user: plan is basic')
  })

  it('names an audience that it reads', () => {
    expect(plain(conditionWords("trait('vip') = true", 'USERS', NAMES))).toBe('is in Best customers')
    expect(plain(conditionWords("NOT trait('vip') = true", 'USERS', NAMES))).toBe('is not in Best customers')
    expect(plain(conditionWords("trait('plan') = true", 'USERS', NAMES))).toBe('plan is true')
  })

  it('keeps names of events apart', () => {
    expect(conditionWords("event('Order').count() >= 1", 'USERS')).toEqual([
      'did ',
      { event: 'Order' },
      ', at least 1 time',
    ])
  })

  it('is the text itself if that is no condition', () => {
    expect(said("property('price') >= 100")).toBe("property('price') >= 100")
    expect(said('')).toBe('')
  })
})

describe('a reader of conditions', () => {
  const readAt = (part: string, query = FUNNEL) => {
    const start = query.indexOf(part)
    return conditionReader(query, 'USERS', NAMES)({ start, end: start + part.length })
  }

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
    expect(readAt("trait('vip') = true", query).kind).toBe('membership')
    expect(readAt("event('A').count() >= 1", query).kind).toBe('count')
    expect(readAt("event('A').sum(property('b')) > 2", query).kind).toBe('value')
    expect(readAt("trait('plan') = 1", "trait('plan') = 1").kind).toBe('trait')
    expect(readAt(query, query).kind).toBe('junction')
  })

  it('words the text at a place where no condition stands', () => {
    expect(readAt("property('price')")).toEqual({ words: ["property('price')"], kind: 'unknown' })
  })

  it('words a slice if the query does not parse', () => {
    expect(plain(conditionReader("trait('a') = 1 AND", 'USERS')({ start: 0, end: 14 }).words)).toBe('a is 1')
  })
})

it('knows whether a query is the one that is explained', () => {
  const query = "event('Order').count() >= 2"
  expect(isExplained(query, 'USERS', 'Users who did Order, at least 2 times')).toBe(true)
  expect(isExplained(query, 'USERS', 'Users who did Order, at least 3 times')).toBe(false)
  expect(isExplained('', 'USERS', 'Users who did Order, at least 3 times')).toBe(false)
})

describe('the words of a computed trait', () => {
  it.each([
    ["event('Order').count()", 'number of Order'],
    ["event('Order').within(30 days).avg(property('revenue'))", 'average of revenue of Order, within the last 30 days'],
    ["event('View').mode(property('sort'), 1)", 'most frequent value of sort of View'],
    ['nothing', 'nothing'],
  ])('says what it is made of: %s', (text, words) => {
    expect(plain(traitWords(text, 'USERS'))).toBe(words)
  })
})
