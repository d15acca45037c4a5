/** Laws that hold for every query: printing and parsing are inverse, and nonsense is refused, never crashed upon. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lex } from '../../src/language/lexer.ts'
import { parsePlacedQuery, parseQuery } from '../../src/language/parse.ts'
import { printQuery } from '../../src/language/print.ts'
import { QueryError } from '../../src/language/query-error.ts'
import type { Comparison, Condition, Query } from '../../src/language/tree.ts'
import { arbitrarySample, arbitraryText, type Sample } from './arbitrary-query.ts'
import { propertyRuns } from '../support/runs.ts'

function reparse({ type, query }: Sample, text: string): Query {
  return parseQuery(text, { kind: query.kind, type })
}

/** The tokens of a query as they are written. */
function tokensOf(sample: Sample): string[] {
  return lex(printQuery(sample.query)).map(({ text }) => text)
}

/** Parses, or gives the refusal; any other error goes through. */
function attempt(text: string, sample: Sample): Query | QueryError {
  try {
    return reparse(sample, text)
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
}

function holds<Value>(arbitrary: fc.Arbitrary<Value>, law: (value: Value) => void): void {
  fc.assert(fc.property(arbitrary, law), propertyRuns(500))
}

/** Lists all conditions of a tree, those inside a `where` too. */
function conditionsIn(tree: unknown): Condition[] {
  if (typeof tree !== 'object' || tree === null) return []
  const kind = 'kind' in tree ? tree.kind : undefined
  const isCondition = ['and', 'or', 'not', 'quantifier', 'comparison'].includes(kind as string)
  return [...(isCondition ? [tree as Condition] : []), ...Object.values(tree).flatMap(conditionsIn)]
}

/** Parses the text of a condition, which may stand inside two events. */
function conditionOf(text: string, type: Sample['type']): Condition {
  const whole = `event('a').where(event('b').where(${text}).count() = 1).count() = 1`
  const inner = (outer: Condition): Condition => {
    const { left } = outer as Comparison
    const filter = left.kind === 'reduction' ? left.stream.filters[0] : undefined
    if (filter?.kind !== 'where') throw new Error('expected a where')
    return filter.condition
  }
  return inner(inner(topCondition(whole, type)))
}

function topCondition(text: string, type: Sample['type']): Condition {
  return (parseQuery(text, { kind: 'audience', type }) as Extract<Query, { kind: 'audience' }>).condition
}

describe('places', () => {
  test('the text at the place of a condition is that condition, for every condition of a tree', () => {
    holds(arbitrarySample(), ({ type, query }) => {
      const text = printQuery(query)
      const placed = parsePlacedQuery(text, { kind: query.kind, type })
      expect(placed.query).toStrictEqual(query)
      const conditions = conditionsIn(placed.query)
      expect(placed.places.size).toBeGreaterThanOrEqual(conditions.length)
      for (const condition of conditions) {
        const { start, end } = placed.places.get(condition)!
        const part = text.slice(start, end)
        const isQuantified = conditionsIn(condition).some(({ kind }) => kind === 'quantifier')
        const again = isQuantified ? topCondition(part, type) : conditionOf(part, type)
        expect(again).toStrictEqual(condition)
      }
    })
  })

  test('parentheses around a condition are none of it, those inside are', () => {
    const text = "( trait('a') = 1 ) AND (trait('b') = 2 or trait('c') = 3)"
    const { query, places } = parsePlacedQuery(text, { kind: 'audience', type: 'USERS' })
    const texts = conditionsIn(query).map((condition) => {
      const { start, end } = places.get(condition)!
      return text.slice(start, end)
    })
    const [a, or, b, c] = ["trait('a') = 1", "trait('b') = 2 or trait('c') = 3", "trait('b') = 2", "trait('c') = 3"]
    expect(texts).toEqual([text, a, or, b, c])
  })
})

describe('round trip', () => {
  test('every tree is what its printed text parses to', () => {
    holds(arbitrarySample(), (sample) => {
      expect(reparse(sample, printQuery(sample.query))).toStrictEqual(sample.query)
    })
  })

  test('white space, the case of junctions and redundant parentheses do not change the tree', () => {
    const space = fc.array(fc.constantFrom(' ', '\n', '\t', '  ', '\r\n'), { minLength: 1, maxLength: 20 })
    holds(fc.tuple(arbitrarySample(), space, fc.boolean()), ([sample, spaces, wrapped]) => {
      const noisy = tokensOf(sample)
        .map((text, index) => (/^[A-Z]+$/.test(text) ? text.toLowerCase() : text) + spaces[index % spaces.length]!)
        .join('')
      const text = wrapped && sample.query.kind === 'audience' ? `((${noisy}))` : noisy
      expect(reparse(sample, text)).toStrictEqual(sample.query)
    })
  })

  test('printing is canonical: the printed text of a parsed text prints as itself', () => {
    holds(arbitrarySample(), (sample) => {
      const text = printQuery(sample.query)
      expect(printQuery(reparse(sample, text))).toBe(text)
    })
  })
})

describe('nonsense', () => {
  test('a query with tokens dropped, doubled or swapped parses to a printable tree or is refused within its text', () => {
    const edit = fc.record({ at: fc.nat(), how: fc.constantFrom('drop', 'double', 'swap') })
    holds(fc.tuple(arbitrarySample(), fc.array(edit, { minLength: 1, maxLength: 3 })), ([sample, edits]) => {
      const tokens = tokensOf(sample)
      for (const { at, how } of edits) {
        const index = at % tokens.length
        const token = tokens[index]!
        if (how === 'drop') tokens.splice(index, 1)
        else if (how === 'double') tokens.splice(index, 0, token)
        else tokens.splice(index, 2, tokens[index + 1] ?? '', token)
        if (tokens.length === 0) tokens.push('')
      }
      const text = tokens.join(' ')
      const result = attempt(text, sample)
      if (result instanceof QueryError) expectWithin(result, text)
      else expect(reparse(sample, printQuery(result))).toStrictEqual(result)
    })
  })

  test('any text is parsed or refused', () => {
    holds(fc.tuple(arbitrarySample(), arbitraryText(), fc.nat()), ([sample, noise, at]) => {
      const text = printQuery(sample.query)
      const cut = at % (text.length + 1)
      const noisy = text.slice(0, cut) + noise + text.slice(cut)
      const result = attempt(noisy, sample)
      if (result instanceof QueryError) expectWithin(result, noisy)
      else expect(reparse(sample, printQuery(result))).toStrictEqual(result)
    })
  })
})

function expectWithin(error: QueryError, text: string): void {
  const lines = text.split('\n')
  expect(error.line).toBeLessThanOrEqual(lines.length)
  expect(error.column).toBeLessThanOrEqual(lines[error.line - 1]!.length + 1)
  expect(error.message).toMatch(/^Line \d+, column \d+: found .+, expected .+[.?]$/s)
}
