/** Refused queries, with the whole message: position, what was found, what was expected, what was meant. */
import { describe, expect, test } from 'vitest'
import { EngineError, type ErrorCode } from '../../src/model/errors.ts'
import { ACCOUNT_AUDIENCE, AUDIENCE, COMPUTED_TRAIT, refusalOf, type Context } from './contexts.ts'

type Row = readonly [code: ErrorCode, text: string, message: string]

const STEP =
  'a filter (where, within, between, sources, expires_after) or a reducer (count, sum, avg, min, max, mode, first, last, unique)'
const COMPARATOR = "a comparator (=, !=, >, >=, <, <= or '.' and a name, as .exists())"
const COMPARATOR_NAME =
  'a comparator (equals, differs, greater_than, at_least, less_than, at_most, absent, exists, contains, omits, starts_with, ends_with, one_of, none_of, before_date, after_date, within_last, within_next, before_last, after_next)'
const START = "a condition, which starts with event, trait, NOT or '('"
const START_IN_WHERE = "a condition, which starts with event, trait, property, context, NOT or '('"
const LITERAL = 'text in quotes, a number, true, false, a date (2026-01-31) or timestamp (2026-01-31T10:00:00Z)'
const OPERAND = `a value (${LITERAL}), trait(…) or property(…)`
const UNIT = 'second(s), minute(s), hour(s), day(s) or week(s)'
const INSTANT = 'a date (2026-01-31), a timestamp (2026-01-31T10:00:00Z), trait(…) or property(…)'
const NO_PARENT = "none here: the event stands inside no other event's where(…)"
const ONLY_INSIDE = 'event(…) or trait(…): fields of an event can be read only inside where(…) or a reducer'
const QUANTIFIER = 'a condition without it: ANY, ALL and NONE may not stand inside'

function refuses(context: Context, rows: readonly Row[]): void {
  test.each(rows)('%s: %s', (code, text, message) => {
    const refusal = refusalOf(text, context)
    expect(refusal.message).toBe(message)
    expect(refusal.code).toBe(code)
    expect(refusal).toBeInstanceOf(EngineError)
    expect(refusal.message.startsWith(`Line ${refusal.line}, column ${refusal.column}: `)).toBe(true)
  })
}

describe('empty and unfinished texts', () => {
  refuses(AUDIENCE, [
    ['query_syntax', '', `Line 1, column 1: found the end of the query, expected ${START}.`],
    ['query_syntax', ` \n `, `Line 2, column 2: found the end of the query, expected ${START}.`],
    ['query_syntax', 'trait', "Line 1, column 6: found the end of the query, expected '('."],
    ['query_syntax', 'trait(', 'Line 1, column 7: found the end of the query, expected a name in quotes.'],
    ['query_syntax', "trait('a'", "Line 1, column 10: found the end of the query, expected ')'."],
    ['query_syntax', "trait('a') =", `Line 1, column 13: found the end of the query, expected ${OPERAND}.`],
    ['query_syntax', "trait('a') = 1 AND", `Line 1, column 19: found the end of the query, expected ${START}.`],
    ['query_syntax', "(trait('a') = 1", "Line 1, column 16: found the end of the query, expected AND, OR or ')'."],
    ['query_syntax', "trait('a') = 1)", "Line 1, column 15: found ')', expected AND, OR or the end of the query."],
    ['query_syntax', 'NOT', `Line 1, column 4: found the end of the query, expected ${START}.`],
    [
      'query_syntax',
      "trait('a') = 'x",
      "Line 1, column 14: found a string that is not closed, expected ' at its end (a backslash before it makes it part of the text).",
    ],
    [
      'query_syntax',
      `trait('a') = "it's`,
      'Line 1, column 14: found a string that is not closed, expected " at its end (a backslash before it makes it part of the text).',
    ],
    [
      'query_syntax',
      String.raw`trait('a') = 'x\'`,
      "Line 1, column 14: found a string that is not closed, expected ' at its end (a backslash before it makes it part of the text).",
    ],
    [
      'query_syntax',
      "event('A').where({trait('a') = 1).count() >= 1",
      "Line 1, column 33: found ')', expected AND, OR or '}'.",
    ],
  ])
})

describe('misspelt words', () => {
  refuses(AUDIENCE, [
    [
      'query_syntax',
      "evnt('A').count() >= 1",
      `Line 1, column 1: found 'evnt', expected ${START}. Did you mean 'event'?`,
    ],
    ['query_syntax', "Trait('a') = 1", `Line 1, column 1: found 'Trait', expected ${START}. Did you mean 'trait'?`],
    ['query_syntax', "NTO trait('a') = 1", `Line 1, column 1: found 'NTO', expected ${START}. Did you mean 'NOT'?`],
    [
      'query_syntax',
      "event('A').conut() >= 1",
      `Line 1, column 12: found 'conut', expected ${STEP}. Did you mean 'count'?`,
    ],
    [
      'query_syntax',
      "event('A').witihn(1 day).count() >= 1",
      `Line 1, column 12: found 'witihn', expected ${STEP}. Did you mean 'within'?`,
    ],
    ['query_syntax', "event('A').average(property('p')) >= 1", `Line 1, column 12: found 'average', expected ${STEP}.`],
    [
      'query_syntax',
      "trait('a').equls(1)",
      `Line 1, column 12: found 'equls', expected ${COMPARATOR_NAME}. Did you mean 'equals'?`,
    ],
    [
      'query_syntax',
      "trait('a').startsWith('x')",
      `Line 1, column 12: found 'startsWith', expected ${COMPARATOR_NAME}. Did you mean 'starts_with'?`,
    ],
    [
      'query_syntax',
      "trait('a').constructor(1)",
      `Line 1, column 12: found 'constructor', expected ${COMPARATOR_NAME}.`,
    ],
    [
      'query_syntax',
      "trait('a') = 1 ADN trait('b') = 2",
      "Line 1, column 16: found 'ADN', expected AND, OR or the end of the query. Did you mean 'AND'?",
    ],
    [
      'query_syntax',
      "trait('a') = 1 und trait('b') = 2",
      "Line 1, column 16: found 'und', expected AND, OR or the end of the query. Did you mean 'AND'?",
    ],
    ['query_syntax', "trait('a') = ture", `Line 1, column 14: found 'ture', expected ${OPERAND}. Did you mean 'true'?`],
    [
      'query_syntax',
      "trait('a') = FALSE",
      `Line 1, column 14: found 'FALSE', expected ${OPERAND}. Did you mean 'false'?`,
    ],
    [
      'query_syntax',
      "trait('a') = literal(ture)",
      `Line 1, column 22: found 'ture', expected ${LITERAL}. Did you mean 'true'?`,
    ],
    [
      'query_syntax',
      "trait('a') = trat('b')",
      `Line 1, column 14: found 'trat', expected ${OPERAND}. Did you mean 'trait'?`,
    ],
    [
      'query_syntax',
      "event('A').max(property('p') as strin) = 'x'",
      "Line 1, column 33: found 'strin', expected a type: number or string. Did you mean 'string'?",
    ],
    [
      'query_syntax',
      "event('A').sources({exclud: 'x'}).count() >= 1",
      "Line 1, column 21: found 'exclud', expected 'exclude', as in sources({exclude: 'id', …}). Did you mean 'exclude'?",
    ],
    [
      'query_syntax',
      "event('A').where(propery('p') = 1).count() >= 1",
      `Line 1, column 18: found 'propery', expected ${START_IN_WHERE}. Did you mean 'property'?`,
    ],
    [
      'query_syntax',
      "event('A').unique(property('p')).cnt() >= 1",
      "Line 1, column 34: found 'cnt', expected 'count': only .count() may follow unique(…). Did you mean 'count'?",
    ],
    [
      'query_syntax',
      "event('A').sum(propertys('p')) >= 1",
      "Line 1, column 16: found 'propertys', expected property(…) or context(…). Did you mean 'property'?",
    ],
  ])
})

describe('units and durations', () => {
  refuses(AUDIENCE, [
    [
      'query_syntax',
      "event('A').within(7 dyas).count() >= 1",
      `Line 1, column 21: found 'dyas', expected a unit: ${UNIT}. Did you mean 'days'?`,
    ],
    [
      'query_syntax',
      "event('A').within(7 d).count() >= 1",
      `Line 1, column 21: found 'd', expected a unit: ${UNIT}. Did you mean 'day'?`,
    ],
    [
      'query_syntax',
      "event('A').within(3 hrs).count() >= 1",
      `Line 1, column 21: found 'hrs', expected a unit: ${UNIT}. Did you mean 'hours'?`,
    ],
    [
      'query_syntax',
      "event('A').within(2 months).count() >= 1",
      `Line 1, column 21: found 'months', expected a unit: ${UNIT}.`,
    ],
    ['query_syntax', "event('A').within(7).count() >= 1", `Line 1, column 20: found ')', expected a unit: ${UNIT}.`],
    [
      'query_syntax',
      "event('A').within(days).count() >= 1",
      `Line 1, column 19: found 'days', expected a duration: a whole number and ${UNIT}.`,
    ],
    [
      'query_syntax',
      "event('A').within('7 days').count() >= 1",
      `Line 1, column 19: found a string, expected a duration: a whole number and ${UNIT}.`,
    ],
    ['query_syntax', "event('A').between(1 day).count() >= 1", "Line 1, column 25: found ')', expected ','."],
    [
      'query_syntax',
      "trait('a').within_last()",
      `Line 1, column 24: found ')', expected a duration: a whole number and ${UNIT}.`,
    ],
  ])
})

describe('things out of place', () => {
  refuses(AUDIENCE, [
    ['query_syntax', 'trait(a)', "Line 1, column 7: found 'a', expected a name in quotes."],
    ['query_syntax', 'trait(5)', 'Line 1, column 7: found a number, expected a name in quotes.'],
    ['query_syntax', "event('A' 'B').count() >= 1", "Line 1, column 11: found a string, expected ')'."],
    [
      'query_syntax',
      "trait('a') equals 1",
      `Line 1, column 12: found the comparator 'equals', expected ${COMPARATOR}. Did you mean '.equals'?`,
    ],
    ['query_syntax', "trait('a') 1", `Line 1, column 12: found a number, expected ${COMPARATOR}.`],
    ['query_syntax', "trait('a') = plan", `Line 1, column 14: found 'plan', expected ${OPERAND}.`],
    ['query_syntax', "trait('a') = null", `Line 1, column 14: found 'null', expected ${OPERAND}.`],
    ['query_syntax', "trait('a') = ", `Line 1, column 14: found the end of the query, expected ${OPERAND}.`],
    ['query_syntax', "trait('a') == = 1", `Line 1, column 15: found '=', expected ${OPERAND}.`],
    [
      'query_syntax',
      "trait('a') = 1 2",
      'Line 1, column 16: found a number, expected AND, OR or the end of the query.',
    ],
    [
      'query_syntax',
      "trait('a') = 1 trait('b') = 2",
      "Line 1, column 16: found the extractor 'trait', expected AND, OR or the end of the query.",
    ],
    ['query_syntax', "AND trait('a') = 1", `Line 1, column 1: found 'AND', expected ${START}.`],
    [
      'query_type',
      "trait('a') AND = 1",
      `Line 1, column 12: found 'AND', expected ${COMPARATOR}: a condition is a comparison.`,
    ],
    ['query_syntax', ') = 1', `Line 1, column 1: found ')', expected ${START}.`],
    ['query_syntax', "trait('a').(1)", `Line 1, column 12: found '(', expected ${COMPARATOR_NAME}.`],
    ['query_syntax', "trait('a').equals 1", "Line 1, column 19: found a number, expected '('."],
    ['query_syntax', "trait('a').equals(1, 2)", "Line 1, column 20: found ',', expected ')'."],
    ['query_syntax', "trait('a').exists(1)", "Line 1, column 19: found a number, expected ')'."],
    ['query_syntax', "trait('a').one_of()", `Line 1, column 19: found ')', expected ${OPERAND}.`],
    ['query_syntax', "trait('a').one_of([])", `Line 1, column 20: found ']', expected ${OPERAND}.`],
    ['query_syntax', "trait('a').one_of('x',)", `Line 1, column 23: found ')', expected ${OPERAND}.`],
    ['query_syntax', "trait('a').one_of(['x', 'y')", "Line 1, column 28: found ')', expected ',' or ']'."],
    ['query_syntax', "event('A').count(1) >= 1", "Line 1, column 18: found a number, expected ')'."],
    ['query_syntax', "event('A').sum() >= 1", "Line 1, column 16: found ')', expected property(…) or context(…)."],
    [
      'query_syntax',
      "event('A').sum('spend') >= 1",
      'Line 1, column 16: found a string, expected property(…) or context(…).',
    ],
    ['query_syntax', "event('A').sum(property('p') as number) >= 1", "Line 1, column 30: found 'as', expected ')'."],
    [
      'query_syntax',
      "event('A').max(property('p') as array) >= 1",
      "Line 1, column 33: found 'array', expected a type: number or string.",
    ],
    [
      'query_syntax',
      "event('A').mode(property('p'), x) = 1",
      "Line 1, column 32: found 'x', expected a whole number of occurrences.",
    ],
    [
      'query_syntax',
      "event('A') count() >= 1",
      `Line 1, column 12: found the reducer 'count', expected '.' and ${STEP}.`,
    ],
    ['query_syntax', "event('A').where().count() >= 1", `Line 1, column 18: found ')', expected ${START_IN_WHERE}.`],
    [
      'query_syntax',
      "event('A').sources('x').count() >= 1",
      "Line 1, column 20: found a string, expected '{', as in sources({exclude: 'id', …}).",
    ],
    [
      'query_syntax',
      "event('A').sources({exclude: }).count() >= 1",
      "Line 1, column 30: found '}', expected the id of a source in quotes.",
    ],
    [
      'query_syntax',
      "event('A').sources({exclude: 5}).count() >= 1",
      'Line 1, column 30: found a number, expected the id of a source in quotes.',
    ],
    [
      'query_syntax',
      "event('A').where(property(parnt: 'x') = 1).count() >= 1",
      "Line 1, column 27: found 'parnt', expected a name in quotes or 'parent:'. Did you mean 'parent'?",
    ],
    ['query_syntax', "event('A')(1)", `Line 1, column 11: found '(', expected '.' and ${STEP}.`],
  ])
})

describe('foreign characters', () => {
  refuses(AUDIENCE, [
    [
      'query_syntax',
      "trait('a') && 1",
      'Line 1, column 12: found &&, expected a word, a value or a symbol of the language. Did you mean AND?',
    ],
    [
      'query_syntax',
      "trait('a') = 1 || trait('b') = 1",
      'Line 1, column 16: found ||, expected a word, a value or a symbol of the language. Did you mean OR?',
    ],
    [
      'query_syntax',
      "!trait('a') = 1",
      'Line 1, column 1: found !, expected a word, a value or a symbol of the language. Did you mean NOT?',
    ],
    [
      'query_syntax',
      "trait('a') === 1",
      'Line 1, column 12: found ===, expected a word, a value or a symbol of the language. Did you mean =?',
    ],
    [
      'query_syntax',
      "trait('a') <> 1",
      'Line 1, column 12: found <>, expected a word, a value or a symbol of the language. Did you mean !=?',
    ],
    [
      'query_syntax',
      'trait(‘a’) = 1',
      "Line 1, column 7: found ‘, expected a word, a value or a symbol of the language. Did you mean '?",
    ],
    [
      'query_syntax',
      "trait('a') = #1",
      'Line 1, column 14: found #, expected a word, a value or a symbol of the language.',
    ],
    [
      'query_syntax',
      "trait('a') = 😀",
      'Line 1, column 14: found 😀, expected a word, a value or a symbol of the language.',
    ],
    [
      'query_syntax',
      "trait('a') = -",
      'Line 1, column 14: found -, expected a word, a value or a symbol of the language.',
    ],
    [
      'query_syntax',
      "trait('zip') = 01234",
      'Line 1, column 16: found a number with a leading zero, expected a number without one, or text in quotes.',
    ],
  ])
})

describe('positions', () => {
  refuses(AUDIENCE, [
    ['query_syntax', `trait('a') = 1\nAND trait('b') = \n  x`, `Line 3, column 3: found 'x', expected ${OPERAND}.`],
    ['query_syntax', "trait('😀') = x", `Line 1, column 14: found 'x', expected ${OPERAND}.`],
    [
      'query_syntax',
      `trait('a') = 1 AND\r\n\ttrait('b') ? 1`,
      'Line 2, column 13: found ?, expected a word, a value or a symbol of the language.',
    ],
  ])
})

describe('conditions that are none', () => {
  refuses(AUDIENCE, [
    [
      'query_type',
      "trait('a')",
      `Line 1, column 11: found the end of the query, expected ${COMPARATOR}: a condition is a comparison.`,
    ],
    [
      'query_type',
      "NOT trait('a')",
      `Line 1, column 15: found the end of the query, expected ${COMPARATOR}: a condition is a comparison.`,
    ],
    [
      'query_type',
      "(trait('a'))",
      `Line 1, column 12: found ')', expected ${COMPARATOR}: a condition is a comparison.`,
    ],
    [
      'query_type',
      "trait('a') AND trait('b') = 1",
      `Line 1, column 12: found 'AND', expected ${COMPARATOR}: a condition is a comparison.`,
    ],
    [
      'query_type',
      "event('A').count()",
      `Line 1, column 19: found the end of the query, expected ${COMPARATOR}: a condition is a comparison.`,
    ],
    [
      'query_type',
      "event('A').sum(property('p')) OR trait('a') = 1",
      `Line 1, column 31: found 'OR', expected ${COMPARATOR}: a condition is a comparison.`,
    ],
    ['query_type', "event('A')", `Line 1, column 11: found the end of the query, expected '.' and ${STEP}.`],
    ['query_type', "event('A') >= 1", `Line 1, column 12: found '>=', expected '.' and ${STEP}.`],
    [
      'query_type',
      "event('A').within(1 day)",
      `Line 1, column 25: found the end of the query, expected '.' and ${STEP}.`,
    ],
    ['query_type', "event('A').exists()", `Line 1, column 12: found the comparator 'exists', expected ${STEP}.`],
    [
      'query_type',
      "event('A').within(1 day).equals(1)",
      `Line 1, column 26: found the comparator 'equals', expected ${STEP}.`,
    ],
    [
      'query_type',
      "event('A').where(property('p')).count() >= 1",
      `Line 1, column 31: found ')', expected ${COMPARATOR}: a condition is a comparison.`,
    ],
    [
      'query_type',
      "5 = trait('a')",
      `Line 1, column 1: found a number, expected ${START}: a literal stands only on the right.`,
    ],
    [
      'query_type',
      "'x' = trait('a')",
      `Line 1, column 1: found a string, expected ${START}: a literal stands only on the right.`,
    ],
    ['query_type', 'true', `Line 1, column 1: found 'true', expected ${START}: a literal stands only on the right.`],
    [
      'query_type',
      "2026-01-31 = trait('a')",
      `Line 1, column 1: found a date, expected ${START}: a literal stands only on the right.`,
    ],
    [
      'query_type',
      "literal(5) = trait('a')",
      `Line 1, column 1: found the extractor 'literal', expected ${START}: a literal stands only on the right.`,
    ],
    ['query_type', 'count() >= 1', `Line 1, column 1: found the reducer 'count', expected ${START}.`],
    ['query_type', 'within(1 day)', `Line 1, column 1: found the filter 'within', expected ${START}.`],
  ])
})

describe('chains that go on', () => {
  refuses(AUDIENCE, [
    [
      'query_type',
      "trait('a').count() >= 1",
      `Line 1, column 12: found the reducer 'count', expected ${COMPARATOR_NAME}.`,
    ],
    [
      'query_type',
      "trait('a').where(trait('b') = 1)",
      `Line 1, column 12: found the filter 'where', expected ${COMPARATOR_NAME}.`,
    ],
    [
      'query_type',
      "trait('a').property('b') = 1",
      `Line 1, column 12: found the extractor 'property', expected ${COMPARATOR_NAME}.`,
    ],
    ['query_type', "trait('a') = 1 = 2", "Line 1, column 16: found '=', expected AND, OR or the end of the query."],
    [
      'query_type',
      "trait('a').exists().count()",
      "Line 1, column 20: found '.', expected AND, OR or the end of the query.",
    ],
    [
      'query_type',
      "trait('a').exists() = true",
      "Line 1, column 21: found '=', expected AND, OR or the end of the query.",
    ],
    [
      'query_type',
      "trait('a') = trait('b').count()",
      "Line 1, column 24: found '.', expected AND, OR or the end of the query.",
    ],
    [
      'query_type',
      "event('A').count().count() >= 1",
      `Line 1, column 20: found the reducer 'count', expected ${COMPARATOR_NAME}.`,
    ],
    [
      'query_type',
      "event('A').count().sum(property('p')) >= 1",
      `Line 1, column 20: found the reducer 'sum', expected ${COMPARATOR_NAME}.`,
    ],
    [
      'query_type',
      "event('A').unique(property('p')) >= 2",
      "Line 1, column 34: found '>=', expected '.count()': unique(…) is a list, and a list is not compared.",
    ],
    [
      'query_type',
      "event('A').unique(property('p')).contains('x')",
      "Line 1, column 34: found the comparator 'contains', expected 'count': only .count() may follow unique(…).",
    ],
    [
      'query_type',
      "event('A').unique(property('p')).sum()",
      "Line 1, column 34: found the reducer 'sum', expected 'count': only .count() may follow unique(…).",
    ],
    [
      'query_type',
      "event('A').unique(property('p'))",
      "Line 1, column 33: found the end of the query, expected '.count()': unique(…) is a list, and a list is not compared.",
    ],
  ])
})

describe('operands and fields of the wrong kind', () => {
  refuses(AUDIENCE, [
    [
      'query_type',
      "trait('a') = event('A').count()",
      `Line 1, column 14: found the extractor 'event', expected ${OPERAND}.`,
    ],
    [
      'query_type',
      "trait('a') = literal(trait('b'))",
      `Line 1, column 22: found the extractor 'trait', expected ${LITERAL}.`,
    ],
    ['query_type', "trait('a') = count()", `Line 1, column 14: found the reducer 'count', expected ${OPERAND}.`],
    [
      'query_type',
      "event('A').sum(trait('p')) >= 1",
      "Line 1, column 16: found the extractor 'trait', expected property(…) or context(…).",
    ],
    ['query_type', "property('p') = 1", `Line 1, column 1: found the extractor 'property', expected ${ONLY_INSIDE}.`],
    ['query_type', "context('p') = 1", `Line 1, column 1: found the extractor 'context', expected ${ONLY_INSIDE}.`],
    [
      'query_type',
      "trait('a') = property('p')",
      `Line 1, column 14: found the extractor 'property', expected ${ONLY_INSIDE}.`,
    ],
    [
      'query_type',
      "trait('a').one_of('x', context('p'))",
      `Line 1, column 24: found the extractor 'context', expected ${ONLY_INSIDE}.`,
    ],
    [
      'query_type',
      "event('A').where(property(parent: 'p') = 1).count() >= 1",
      `Line 1, column 27: found 'parent:', expected ${NO_PARENT}.`,
    ],
    [
      'query_type',
      "event('A').where(property('p') = property(parent: 'p')).count() >= 1",
      `Line 1, column 43: found 'parent:', expected ${NO_PARENT}.`,
    ],
    [
      'query_type',
      "event('A').within(parent: 1 day).count() >= 1",
      `Line 1, column 19: found 'parent:', expected ${NO_PARENT}.`,
    ],
    [
      'query_type',
      "event('A').between(parent: 1 day, 2 days).count() >= 1",
      `Line 1, column 20: found 'parent:', expected ${NO_PARENT}.`,
    ],
    [
      'query_type',
      "event('A').sum(property(parent: 'p')) >= 1",
      `Line 1, column 25: found 'parent:', expected ${NO_PARENT}.`,
    ],
  ])
})

describe('dates', () => {
  refuses(AUDIENCE, [
    [
      'query_type',
      "trait('a') = 2026-02-30",
      "Line 1, column 14: found '2026-02-30', which is no date, expected a date that exists, as 2026-01-31 or 2026-01-31T10:00:00Z.",
    ],
    [
      'query_type',
      "trait('a') = 2026-13-01",
      "Line 1, column 14: found '2026-13-01', which is no date, expected a date that exists, as 2026-01-31 or 2026-01-31T10:00:00Z.",
    ],
    [
      'query_type',
      "trait('a') = 2026-1-31",
      "Line 1, column 14: found '2026-1-31', which is no date, expected a date that exists, as 2026-01-31 or 2026-01-31T10:00:00Z.",
    ],
    [
      'query_type',
      "trait('a') = 2026-01-31T25:00:00Z",
      "Line 1, column 14: found '2026-01-31T25:00:00Z', which is no date, expected a date that exists, as 2026-01-31 or 2026-01-31T10:00:00Z.",
    ],
    [
      'query_type',
      "trait('a') = 2026-01-31T10",
      "Line 1, column 14: found '2026-01-31T10', which is no date, expected a date that exists, as 2026-01-31 or 2026-01-31T10:00:00Z.",
    ],
    [
      'query_type',
      "trait('a') = 5-3",
      "Line 1, column 14: found '5-3', which is no date, expected a date that exists, as 2026-01-31 or 2026-01-31T10:00:00Z.",
    ],
    [
      'query_type',
      "trait('a').before_date(2023-02-29)",
      "Line 1, column 24: found '2023-02-29', which is no date, expected a date that exists, as 2026-01-31 or 2026-01-31T10:00:00Z.",
    ],
    [
      'query_type',
      "trait('a').before_date('2023-02-29')",
      `Line 1, column 24: found a string that is no ISO 8601 date, expected ${INSTANT}.`,
    ],
    [
      'query_type',
      "trait('a').after_date('soon')",
      `Line 1, column 23: found a string that is no ISO 8601 date, expected ${INSTANT}.`,
    ],
    [
      'query_type',
      "trait('a').after_date('')",
      `Line 1, column 23: found a string that is no ISO 8601 date, expected ${INSTANT}.`,
    ],
    ['query_type', "trait('a').after_date(1700000000000)", `Line 1, column 23: found a number, expected ${INSTANT}.`],
    ['query_type', "trait('a').after_date(true)", `Line 1, column 23: found a boolean, expected ${INSTANT}.`],
    [
      'query_type',
      "trait('a').after_date(event('A').count())",
      `Line 1, column 23: found the extractor 'event', expected ${OPERAND}.`,
    ],
    [
      'query_type',
      "trait('a').one_of(2026-01-31, 2026-01-32)",
      "Line 1, column 31: found '2026-01-32', which is no date, expected a date that exists, as 2026-01-31 or 2026-01-31T10:00:00Z.",
    ],
  ])
})

describe('numbers', () => {
  refuses(AUDIENCE, [
    [
      'query_type',
      "event('A').within(1.5 days).count() >= 1",
      `Line 1, column 19: found a number, expected a duration: a whole number and ${UNIT} (from 0, no fraction).`,
    ],
    [
      'query_type',
      "event('A').within(-1 days).count() >= 1",
      `Line 1, column 19: found a number, expected a duration: a whole number and ${UNIT} (from 0, no fraction).`,
    ],
    [
      'query_type',
      "event('A').expires_after(100000001 days).count() >= 1",
      'Line 1, column 26: found a longer duration, expected at most 100000000 days.',
    ],
    [
      'query_type',
      "event('A').mode(property('p'), 0) = 1",
      'Line 1, column 32: found a number, expected a whole number of occurrences (from 1, no fraction).',
    ],
    [
      'query_type',
      "event('A').mode(property('p'), 1.5) = 1",
      'Line 1, column 32: found a number, expected a whole number of occurrences (from 1, no fraction).',
    ],
    [
      'query_type',
      "trait('a') = 1e999",
      'Line 1, column 14: found a number too large to be held, expected one below 1.8e308.',
    ],
  ])
})

describe('quantifiers in definitions of users', () => {
  refuses(AUDIENCE, [
    [
      'query_type',
      "ANY trait('a') = 1",
      `Line 1, column 1: found 'ANY', expected ${QUANTIFIER} a definition of users.`,
    ],
    [
      'query_type',
      "trait('b') = 1 AND NOT none (trait('a') = 1)",
      `Line 1, column 24: found 'none', expected ${QUANTIFIER} a definition of users.`,
    ],
  ])
})

describe('quantifiers in definitions of accounts', () => {
  refuses(ACCOUNT_AUDIENCE, [
    [
      'query_type',
      "ANY ALL trait('a') = 1",
      `Line 1, column 5: found 'ALL', expected ${QUANTIFIER} another quantifier.`,
    ],
    [
      'query_type',
      "NONE (trait('a') = 1 OR NOT any trait('b') = 1)",
      `Line 1, column 29: found 'any', expected ${QUANTIFIER} another quantifier.`,
    ],
    [
      'query_type',
      "event('A').where(ANY trait('a') = 1).count() >= 1",
      `Line 1, column 18: found 'ANY', expected ${QUANTIFIER} where(…).`,
    ],
    [
      'query_syntax',
      "AYN trait('a') = 1",
      "Line 1, column 1: found 'AYN', expected a condition, which starts with event, trait, NOT, ANY, ALL, NONE or '('. Did you mean 'ANY'?",
    ],
    ['query_syntax', "ANY ayn trait('a') = 1", `Line 1, column 5: found 'ayn', expected ${START}.`],
  ])
})

describe('computed traits', () => {
  refuses(COMPUTED_TRAIT, [
    [
      'query_type',
      "event('A').count() >= 1",
      "Line 1, column 20: found '>=', expected the end of the query: a computed trait ends in its reducer.",
    ],
    [
      'query_type',
      "event('A').count() = 1 AND trait('a') = 1",
      "Line 1, column 20: found '=', expected the end of the query: a computed trait ends in its reducer.",
    ],
    [
      'query_type',
      "event('A').count().exists()",
      "Line 1, column 19: found '.', expected the end of the query: a computed trait ends in its reducer.",
    ],
    [
      'query_type',
      "event('A').count() AND event('B').count()",
      "Line 1, column 20: found 'AND', expected the end of the query: a computed trait ends in its reducer.",
    ],
    [
      'query_type',
      "event('A').unique(property('p')).count() > 1",
      "Line 1, column 42: found '>', expected the end of the query: a computed trait ends in its reducer.",
    ],
    [
      'query_syntax',
      "event('A').count())",
      "Line 1, column 19: found ')', expected the end of the query: a computed trait ends in its reducer.",
    ],
    [
      'query_syntax',
      "event('A').count() event('B')",
      "Line 1, column 20: found the extractor 'event', expected the end of the query: a computed trait ends in its reducer.",
    ],
    [
      'query_type',
      "trait('a')",
      "Line 1, column 1: found the extractor 'trait', expected event(…): a computed trait is a stream of events and a reducer.",
    ],
    [
      'query_type',
      "trait('a') = 1",
      "Line 1, column 1: found the extractor 'trait', expected event(…): a computed trait is a stream of events and a reducer.",
    ],
    [
      'query_syntax',
      "NOT event('A').count()",
      "Line 1, column 1: found 'NOT', expected event(…): a computed trait is a stream of events and a reducer.",
    ],
    [
      'query_syntax',
      "(event('A').count())",
      "Line 1, column 1: found '(', expected event(…): a computed trait is a stream of events and a reducer.",
    ],
    [
      'query_syntax',
      '',
      'Line 1, column 1: found the end of the query, expected event(…): a computed trait is a stream of events and a reducer.',
    ],
    [
      'query_syntax',
      "evnt('A').count()",
      "Line 1, column 1: found 'evnt', expected event(…): a computed trait is a stream of events and a reducer. Did you mean 'event'?",
    ],
    ['query_type', "event('A')", `Line 1, column 11: found the end of the query, expected '.' and ${STEP}.`],
    [
      'query_type',
      "event('A').within(1 day)",
      `Line 1, column 25: found the end of the query, expected '.' and ${STEP}.`,
    ],
    ['query_type', "event('A').exists()", `Line 1, column 12: found the comparator 'exists', expected ${STEP}.`],
    [
      'query_type',
      "event('A').where(property('p')).count()",
      `Line 1, column 31: found ')', expected ${COMPARATOR}: a condition is a comparison.`,
    ],
  ])
})

describe('limits', () => {
  const a = "trait('a') = 1"
  const conditions = (count: number) => Array.from({ length: count }, () => a).join(' AND ')
  const tooMany = 'found primary expression number 51, expected at most 50 (each comparison is one, nested ones too).'
  const tooDeep = 'found a deeper level, expected at most 250 levels of nesting.'

  test('51 primary expressions, at the last of them', () => {
    const refusal = refusalOf(conditions(51), AUDIENCE)
    expect(refusal.message).toBe(`Line 1, column ${50 * `${a} AND `.length + 1}: ${tooMany}`)
    expect(refusal.code).toBe('query_too_large')
  })

  test('comparisons inside a where count, and so does the comparison around them', () => {
    const refusal = refusalOf(`event('A').where(${conditions(50)}).count() >= 1`, AUDIENCE)
    expect(refusal.message).toBe(`Line 1, column 1: ${tooMany}`)
    expect(refusal.code).toBe('query_too_large')
  })

  test('the reducer of a computed trait counts', () => {
    const refusal = refusalOf(`event('A').where(${conditions(50)}).count()`, COMPUTED_TRAIT)
    expect(refusal.message).toBe(`Line 1, column 1: ${tooMany}`)
  })

  test.each([
    ['parentheses', `${'('.repeat(10_000)}${a}${')'.repeat(10_000)}`],
    ['unclosed parentheses', '('.repeat(10_000)],
    ['NOTs', 'NOT '.repeat(10_000) + a],
    ['both', 'NOT ('.repeat(10_000) + a + ')'.repeat(10_000)],
    ['funnels', "event('A').where(".repeat(10_000)],
    ['braces', "event('A').where({".repeat(10_000)],
  ])('10,000 nested %s', (_, text) => {
    const refusal = refusalOf(text, AUDIENCE)
    expect(refusal.message).toMatch(/^Line 1, column \d+: /)
    expect(refusal.message.replace(/^Line 1, column \d+: /, '')).toBe(tooDeep)
    expect(refusal.code).toBe('query_too_large')
  })

  test('10,000 nested quantifiers', () => {
    expect(refusalOf('ANY '.repeat(10_000) + a, ACCOUNT_AUDIENCE).code).toBe('query_type')
  })

  test('a text of more than a million characters', () => {
    const refusal = refusalOf(' '.repeat(1_000_001), AUDIENCE)
    expect(refusal.message).toBe('Line 1, column 1: found a query of 1000001 characters, expected at most 1000000.')
    expect(refusal.code).toBe('query_too_large')
  })

  test('an unknown word is repeated only in part', () => {
    expect(refusalOf('x'.repeat(100_000), AUDIENCE).message).toBe(
      `Line 1, column 1: found '${'x'.repeat(40)}', expected ${START}.`,
    )
  })
})

test('messages never repeat the text or number of a literal', () => {
  for (const text of [
    "'secret@example.com'",
    "trait('a') = 1 'secret@example.com'",
    "trait('a').after_date('secret')",
  ]) {
    expect(refusalOf(text, AUDIENCE).message).not.toContain('secret')
  }
})
