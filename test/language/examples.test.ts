/** Segment's documented examples: the acceptance corpus of the language, with their exact trees. */
import { describe, expect, test } from 'vitest'
import { parseQuery } from '../../src/language/parse.ts'
import { printQuery } from '../../src/language/print.ts'
import type {
  Comparison,
  Condition,
  Duration,
  EventField,
  Filter,
  Operand,
  Query,
  Reducer,
  Reduction,
} from '../../src/language/tree.ts'
import { AUDIENCE, ACCOUNT_AUDIENCE, COMPUTED_TRAIT, refusalOf, type Context } from './contexts.ts'

const days = (amount: number): Duration => ({ amount, unit: 'day' })
const value = (of: string | number | boolean): Operand => ({ kind: 'literal', value: of })
const trait = (name: string) => ({ kind: 'trait', name }) as const
const property = (path: string): EventField => ({ kind: 'property', path, parent: false })
const where = (condition: Condition): Filter => ({ kind: 'where', condition })
const within = (duration: Duration, parent = false): Filter => ({ kind: 'within', duration, parent })
const reduce = (event: string, filters: Filter[], reducer: Reducer): Reduction => ({
  kind: 'reduction',
  stream: { event, filters },
  reducer,
})
const atLeastOnce = (event: string, ...filters: Filter[]): Comparison => ({
  kind: 'comparison',
  left: reduce(event, filters, { kind: 'count' }),
  comparator: 'at_least',
  right: value(1),
})
const compare = (
  left: Comparison['left'],
  comparator: 'equals' | 'greater_than' | 'at_least',
  right: Operand,
): Comparison => ({ kind: 'comparison', left, comparator, right })
const audience = (condition: Condition): Query => ({ kind: 'audience', condition })
const computedTrait = (reduction: Reduction): Query => ({ kind: 'computed_trait', reduction })

const spenders: Condition = {
  kind: 'and',
  operands: [atLeastOnce('Shoes Bought'), compare(trait('total_spend'), 'greater_than', value(200))],
}

const EXAMPLES: readonly (readonly [text: string, context: Context, tree: Query])[] = [
  [
    "event('Shoes Bought').where( property('price') >= 100 ).within(7 days).count() >= 1",
    AUDIENCE,
    audience(atLeastOnce('Shoes Bought', where(compare(property('price'), 'at_least', value(100))), within(days(7)))),
  ],
  [
    "event('Shoes Bought').where( property('price') >= trait('avg_spend') AND event('Shoes Returned').within(parent: 5 days).count() >= 1 ).within(30 days).count() >= 1",
    AUDIENCE,
    audience(
      atLeastOnce(
        'Shoes Bought',
        where({
          kind: 'and',
          operands: [
            compare(property('price'), 'at_least', trait('avg_spend')),
            atLeastOnce('Shoes Returned', within(days(5), true)),
          ],
        }),
        within(days(30)),
      ),
    ),
  ],
  [
    "NOT ( event('Shoes Bought').count() >= 1 AND trait('total_spend') > 200 )",
    AUDIENCE,
    audience({ kind: 'not', operand: spenders }),
  ],
  [
    "ALL ( event('Shoes Bought').count() >= 1 AND trait('total_spend') > 200 )",
    ACCOUNT_AUDIENCE,
    audience({ kind: 'quantifier', quantifier: 'all', operand: spenders }),
  ],
  [
    "ALL NOT event('Shoes Bought').count() >= 1",
    ACCOUNT_AUDIENCE,
    audience({
      kind: 'quantifier',
      quantifier: 'all',
      operand: { kind: 'not', operand: atLeastOnce('Shoes Bought') },
    }),
  ],
  [
    "ANY event('Shoes Bought').count() >= 1",
    ACCOUNT_AUDIENCE,
    audience({ kind: 'quantifier', quantifier: 'any', operand: atLeastOnce('Shoes Bought') }),
  ],
  ["trait('VIP') = 'true'", AUDIENCE, audience(compare(trait('VIP'), 'equals', value('true')))],
  [
    "event('Shoes Bought').within(30 days).avg(property('spend'))",
    COMPUTED_TRAIT,
    computedTrait(reduce('Shoes Bought', [within(days(30))], { kind: 'avg', of: property('spend') })),
  ],
  [
    "event('Shoes Bought').where( property('price') > 100 AND property('brand') = 'My Brand' ).min(property('spend'))",
    COMPUTED_TRAIT,
    computedTrait(
      reduce(
        'Shoes Bought',
        [
          where({
            kind: 'and',
            operands: [
              compare(property('price'), 'greater_than', value(100)),
              compare(property('brand'), 'equals', value('My Brand')),
            ],
          }),
        ],
        { kind: 'min', of: property('spend'), as: 'number' },
      ),
    ),
  ],
  [
    "event('Shoes Bought').within(30 days).first(property('spend'))",
    COMPUTED_TRAIT,
    computedTrait(reduce('Shoes Bought', [within(days(30))], { kind: 'first', of: property('spend') })),
  ],
  [
    "event('Shoes Bought').within(30 days).mode(property('spend'), 2)",
    COMPUTED_TRAIT,
    computedTrait(
      reduce('Shoes Bought', [within(days(30))], {
        kind: 'mode',
        of: property('spend'),
        as: 'value',
        minFrequency: 2,
      }),
    ),
  ],
]

describe('documented examples', () => {
  test.each(EXAMPLES)('%s', (text, context, tree) => {
    expect(parseQuery(text, context)).toStrictEqual(tree)
    expect(parseQuery(printQuery(tree), context)).toStrictEqual(tree)
  })

  test.each([
    "entity('orders').where(entity('order-products').count() >= 1).count() >= 1",
    "entity('orders').count() >= 1 OR trait('VIP') = 'true'",
    "entity('orders').where(property('total') > 500).count() >= 1",
    "trait('VIP') = 'true' OR entity('orders').count() >= 1",
  ])('refuses linked audiences: %s', (text) => {
    const refusal = refusalOf(text, AUDIENCE)
    expect(refusal.code).toBe('query_unsupported')
    expect(refusal.message).toContain("found 'entity', which is not supported")
  })
})
