/** The grammar by what means the same: each text is shown with its canonical form, so a row reads as a sentence. */
import { describe, expect, test } from 'vitest'
import { parseQuery } from '../../src/language/parse.ts'
import { printQuery } from '../../src/language/print.ts'
import { ACCOUNT_AUDIENCE, AUDIENCE, COMPUTED_TRAIT, type Context } from './contexts.ts'

type Row = readonly [text: string, canonical: string]

function canonical(text: string, context: Context): string {
  return printQuery(parseQuery(text, context))
}

/** Conditions on events stand in a `where`. */
function inWhere(condition: string): string {
  return `event('A').where(${condition}).count() >= 1`
}

function everyRow(context: Context, rows: readonly Row[]): void {
  test.each(rows)('%s', (text, expected) => {
    expect(canonical(text, context)).toBe(expected)
    expect(parseQuery(text, context)).toStrictEqual(parseQuery(expected, context))
  })
}

const [a, b, c] = ["trait('a') = 1", "trait('b') = 2", "trait('c') = 3"]

describe('junctions', () => {
  everyRow(AUDIENCE, [
    [`${a} OR ${b} AND ${c}`, `${a} OR ${b} AND ${c}`],
    [`${a} OR (${b} AND ${c})`, `${a} OR ${b} AND ${c}`],
    [`(${a} OR ${b}) AND ${c}`, `(${a} OR ${b}) AND ${c}`],
    [`${a} and ${b} aNd ${c}`, `${a} AND ${b} AND ${c}`],
    [`${a} AND (${b} AND ${c})`, `${a} AND ${b} AND ${c}`],
    [`((${a} OR ${b}) OR ${c})`, `${a} OR ${b} OR ${c}`],
    [`NOT ${a} AND ${b}`, `NOT ${a} AND ${b}`],
    [`not (${a} and ${b})`, `NOT (${a} AND ${b})`],
    [`NOT (${a})`, `NOT ${a}`],
    [`NOT NOT ${a}`, `NOT NOT ${a}`],
    [`(((${a})))`, a],
  ])
})

describe('quantifiers of accounts', () => {
  everyRow(ACCOUNT_AUDIENCE, [
    [`any ${a}`, `ANY ${a}`],
    [`ALL NOT ${a}`, `ALL NOT ${a}`],
    [`None (${a} or ${b})`, `NONE (${a} OR ${b})`],
    [`NOT ANY(${a}) AND ${b}`, `NOT ANY ${a} AND ${b}`],
    [`ANY ${a} OR (ALL ${b} AND NONE ${c})`, `ANY ${a} OR ALL ${b} AND NONE ${c}`],
  ])
})

describe('comparators', () => {
  everyRow(AUDIENCE, [
    ["trait('a').equals(1)", "trait('a') = 1"],
    ["trait('a') == 1", "trait('a') = 1"],
    ["trait('a').differs(1)", "trait('a') != 1"],
    ["trait('a').greater_than(1)", "trait('a') > 1"],
    ["trait('a').at_least(1)", "trait('a') >= 1"],
    ["trait('a').less_than(1)", "trait('a') < 1"],
    ["trait('a').at_most(1)", "trait('a') <= 1"],
    ["trait('a').eq(1)", "trait('a') = 1"],
    ["trait('a').neq(1)", "trait('a') != 1"],
    ["trait('a').gt(1)", "trait('a') > 1"],
    ["trait('a').gte(1)", "trait('a') >= 1"],
    ["trait('a').lt(1)", "trait('a') < 1"],
    ["trait('a').lte(1)", "trait('a') <= 1"],
    ["trait('a').is_null()", "trait('a').absent()"],
    ["trait('a').is_set()", "trait('a').exists()"],
    ["trait('a').contains('x')", "trait('a').contains('x')"],
    ["trait('a').contains('x','y')", "trait('a').contains('x', 'y')"],
    ["trait('a').contains(['x','y'])", "trait('a').contains('x', 'y')"],
    ["trait('a').omits(['x'])", "trait('a').omits('x')"],
    ["trait('a').starts_with('x', 'y')", "trait('a').starts_with('x', 'y')"],
    ["trait('a').ends_with('x')", "trait('a').ends_with('x')"],
    ["trait('a').one_of('x', 2, true, trait('b'))", "trait('a').one_of('x', 2, true, trait('b'))"],
    ["trait('a').none_of([1])", "trait('a').none_of(1)"],
    ["trait('a').before_date(2023-12-07T18:50:00Z)", "trait('a').before_date(2023-12-07T18:50:00Z)"],
    ["trait('a').before_date('2023-12-07T18:50:00Z')", "trait('a').before_date('2023-12-07T18:50:00Z')"],
    ["trait('a').after_date(2024-02-29)", "trait('a').after_date(2024-02-29)"],
    ["trait('a').after_date(trait('b'))", "trait('a').after_date(trait('b'))"],
    ["trait('a').within_last(1 days)", "trait('a').within_last(1 day)"],
    ["trait('a').within_next(2 week)", "trait('a').within_next(2 weeks)"],
    ["trait('a').before_last(90 minutes)", "trait('a').before_last(90 minutes)"],
    ["trait('a').after_next(0 seconds)", "trait('a').after_next(0 seconds)"],
    ["event('A').first(property('p')).starts_with('x')", "event('A').first(property('p')).starts_with('x')"],
  ])
})

describe('values', () => {
  everyRow(AUDIENCE, [
    ["trait('a') = -1.50", "trait('a') = -1.5"],
    ["trait('a') = +2", "trait('a') = 2"],
    ["trait('a')=-0", "trait('a') = 0"],
    ["trait('a') = 1.5e3", "trait('a') = 1500"],
    ["trait('a') = 1E-7", "trait('a') = 1e-7"],
    ["trait('a') = 1e21", "trait('a') = 1e+21"],
    ["trait('a') = true", "trait('a') = true"],
    ["trait('a') = false", "trait('a') = false"],
    ["trait('a') = literal(100)", "trait('a') = 100"],
    ["trait('a') = literal('value')", "trait('a') = 'value'"],
    ["trait('a') = literal(true)", "trait('a') = true"],
    ["trait('a') = literal(2022-10-17T00:00:00)", "trait('a') = 2022-10-17T00:00:00"],
    ["trait('a') = 2026-01-31T10:00:00.123+02:00", "trait('a') = 2026-01-31T10:00:00.123+02:00"],
    ["trait('a').one_of(2026-01-31,2026-02-01)", "trait('a').one_of(2026-01-31, 2026-02-01)"],
    ["trait('a') = trait('b')", "trait('a') = trait('b')"],
  ])
})

describe('filters', () => {
  const rows: Row[] = [
    ["where({property('price_usd') > 100})", "where(property('price_usd') > 100)"],
    ["where( { ( context('page.url').exists() ) } )", "where(context('page.url').exists())"],
    ['within(7days)', 'within(7 days)'],
    ['within( 1\nsecond )', 'within(1 second)'],
    ['between(7 days, 10 days)', 'between(7 days, 10 days)'],
    ['between(10 days, 1 week)', 'between(10 days, 1 week)'],
    ["sources({exclude: 'a', 'b'})", "sources({exclude: 'a', 'b'})"],
    ["sources({ exclude : ['a','b'] })", "sources({exclude: 'a', 'b'})"],
    ['expires_after(1 hours)', 'expires_after(1 hour)'],
    ["within(1 day).where(trait('a') = 1).within(2 days)", "within(1 day).where(trait('a') = 1).within(2 days)"],
    ["where(event('B').within(parent: 5 days).count() = 0)", "where(event('B').within(parent: 5 days).count() = 0)"],
    [
      "where(event('B').between(parent:2 days,1 day).count() = 0)",
      "where(event('B').between(parent: 2 days, 1 day).count() = 0)",
    ],
    [
      "where(event('B').where(property('x') = property( parent : 'x' )).count() = 0)",
      "where(event('B').where(property('x') = property(parent: 'x')).count() = 0)",
    ],
  ]
  everyRow(
    AUDIENCE,
    rows.map(([text, expected]) => [`event('A').${text}.count()>=1`, `event('A').${expected}.count() >= 1`]),
  )
})

describe('reducers', () => {
  const rows: Row[] = [
    ['count( )', 'count()'],
    ["sum(property('p'))", "sum(property('p'))"],
    ["avg(context('p'))", "avg(context('p'))"],
    ["max(property('p'))", "max(property('p'))"],
    ["max(property('p') as number)", "max(property('p'))"],
    ["max(property('p') as string)", "max(property('p') as string)"],
    ["min(property('p') as string)", "min(property('p') as string)"],
    ["mode(property('p'))", "mode(property('p'), 2)"],
    ["mode(property('p'), 1)", "mode(property('p'), 1)"],
    ["mode(property('p') as string)", "mode(property('p') as string, 2)"],
    ["mode(property('p') as number, 3)", "mode(property('p') as number, 3)"],
    ["mode(property('p') as array, 2)", "mode(property('p') as array, 2)"],
    ["first(property('p'))", "first(property('p'))"],
    ["last(property('p'))", "last(property('p'))"],
    ["unique(property('p'))", "unique(property('p'))"],
    ["unique(property('p')) . count()", "unique(property('p')).count()"],
  ]
  everyRow(
    COMPUTED_TRAIT,
    rows.map(([text, expected]) => [`event('A').${text}`, `event('A').${expected}`]),
  )
})

describe('strings', () => {
  const rows: readonly (readonly [text: string, value: string])[] = [
    [String.raw`'plain'`, 'plain'],
    [String.raw`''`, ''],
    [String.raw`"it's"`, "it's"],
    [String.raw`'it\'s'`, "it's"],
    [String.raw`"say \"hi\""`, 'say "hi"'],
    [String.raw`'say \"hi\"'`, String.raw`say \"hi\"`],
    [String.raw`'a\.b'`, String.raw`a\.b`],
    [String.raw`'a\\b'`, String.raw`a\\b`],
    [String.raw`'a\\'b'`, String.raw`a\'b`],
    [String.raw`'\n'`, String.raw`\n`],
    ["'two\nlines'", 'two\nlines'],
    ["'AND ) é 😀'", 'AND ) é 😀'],
  ]

  test.each(rows)('%s', (text, value) => {
    const query = parseQuery(`trait(${text}) = 1`, AUDIENCE)
    expect(query).toMatchObject({ condition: { left: { name: value } } })
    expect(parseQuery(printQuery(query), AUDIENCE)).toStrictEqual(query)
  })

  test('prints with the delimiter that needs no escape, where there is one', () => {
    expect(canonical(String.raw`trait('it\'s') = "a \"b\""`, AUDIENCE)).toBe(String.raw`trait("it's") = 'a "b"'`)
    expect(canonical(String.raw`trait('both \' and "') = 1`, AUDIENCE)).toBe(String.raw`trait('both \' and "') = 1`)
  })

  test('has no text for a string that ends in a backslash', () => {
    const left = { kind: 'trait', name: 'a\\' } as const
    const condition = { kind: 'comparison', left, comparator: 'exists' } as const
    expect(() => printQuery({ kind: 'audience', condition })).toThrow(
      'The query language has no text for a string that ends in a backslash.',
    )
  })
})

describe('limits', () => {
  const conditions = (count: number) => Array.from({ length: count }, () => a).join(' AND ')

  test('50 primary expressions are accepted, nested ones counted', () => {
    expect(() => parseQuery(conditions(50), AUDIENCE)).not.toThrow()
    expect(() => parseQuery(inWhere(conditions(49)), AUDIENCE)).not.toThrow()
    expect(() => parseQuery(`event('A').where(${conditions(49)}).count()`, COMPUTED_TRAIT)).not.toThrow()
  })

  test('200 levels of nesting are accepted', () => {
    const text = `${'('.repeat(200)}${a}${')'.repeat(200)}`
    expect(canonical(text, AUDIENCE)).toBe(a)
  })

  test('a long list is accepted', () => {
    const list = Array.from({ length: 20_000 }, (_, index) => `'id-${index}'`).join(', ')
    const text = `trait('a').one_of(${list})`
    expect(canonical(text, AUDIENCE)).toBe(text)
  })
})
