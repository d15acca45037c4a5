/** Our lexer of FQL, in the place of the package that Segment's parser of conditions asks for. */
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadCatalogue } from '../../script/catalogue.mjs'
import { CATALOGUE, isCatalogueThere, requireThere, SKIPPED } from './installed.ts'

const isThere = isCatalogueThere()
if (!isThere) console.warn(SKIPPED)

interface Token {
  readonly type: string
  readonly value: string
}

interface Subscribing {
  readonly actions: Readonly<Record<string, { readonly defaultSubscription?: string }>>
  readonly presets?: readonly { readonly subscribe?: string }[]
}

interface Parser {
  readonly parseFql: (query: string) => { readonly error?: Error; readonly children?: readonly object[] }
  readonly generateFql: (condition: object) => string
}

const VENDOR = join(CATALOGUE, 'vendor/fql-lexer/index.cjs')
const { lex } = createRequire(import.meta.url)(VENDOR) as { lex: (query: string) => { tokens: Token[] } }

function tokensOf(query: string): string[] {
  return lex(query).tokens.map(({ type, value }) => `${type} ${value}`)
}

describe('the lexer of FQL', () => {
  it.each([
    ['', []],
    ['  \n ', []],
    ['type = "track"', ['ident type', 'operator =', 'string "track"']],
    ['type="page"', ['ident type', 'operator =', 'string "page"']],
    ['type = track', ['ident type', 'operator =', 'ident track']],
    [
      'a != null or b <= -1.5',
      ['ident a', 'operator !=', 'ident null', 'conditional or', 'ident b', 'operator <=', 'number -1.5'],
    ],
    [
      'a > 1 and(b)',
      ['ident a', 'operator >', 'number 1', 'conditional and', 'parenleft (', 'ident b', 'parenright )'],
    ],
    [
      '!match(properties.a, "X*")',
      ['operator !', 'ident match', 'parenleft (', 'ident properties.a', 'comma ,', 'string "X*"', 'parenright )'],
    ],
    [
      'event == "A" AND x OR"b"',
      ['ident event', 'operator =', 'string "A"', 'conditional and', 'ident x', 'conditional or', 'string "b"'],
    ],
    ["a = 'it'", ['ident a', 'operator =', 'string "it"']],
    [String.raw`a = "say \"so\" \\"`, ['ident a', 'operator =', String.raw`string "say "so" \"`]],
    [String.raw`traits.my\ plan = 1`, ['ident traits.my plan', 'operator =', 'number 1']],
    ['properties.$a-b.android = order', ['ident properties.$a-b.android', 'operator =', 'ident order']],
  ])('reads %j', (query, tokens) => {
    expect(tokensOf(query)).toEqual([...tokens, 'eos eos'])
  })

  it.each([
    ['type * "a"', 'FQL, character 6: expected a name, a value or an operator, got *'],
    ['type = "a', 'FQL, character 8: expected a name, a value or an operator, got "'],
    ['a = 12abc', 'FQL, character 5: expected a name, a value or an operator, got 1'],
  ])('refuses %j', (query, message) => {
    expect(() => lex(query)).toThrow(message)
  })
})

describe.skipIf(!isThere)("Segment's parser of FQL", () => {
  const parser = (): Parser =>
    createRequire(requireThere.resolve('@segment/actions-core'))('@segment/destination-subscriptions') as Parser

  it('uses the lexer', () => {
    const require = createRequire(requireThere.resolve('@segment/destination-subscriptions'))
    expect(realpathSync(require.resolve('@segment/fql-ts'))).toBe(realpathSync(VENDOR))
  })

  it('parses every condition of the catalogue, and the same after writing it out', () => {
    const { parseFql, generateFql } = parser()
    const queries = new Set(
      loadCatalogue()
        .entries.map(({ definition }) => definition as unknown as Subscribing)
        .flatMap(({ actions, presets = [] }) => [
          ...Object.values(actions).map(({ defaultSubscription }) => defaultSubscription),
          ...presets.map(({ subscribe }) => subscribe),
        ])
        .filter((query) => query !== undefined),
    )
    expect(queries.size).toBe(166)
    const parsed = [...queries].map((query) => [query, parseFql(query)] as const)
    expect(parsed.filter(([, { error, children }]) => error || !children?.length)).toEqual([])
    for (const [, condition] of parsed) expect(parseFql(generateFql(condition))).toEqual(condition)
  })

  it.each([
    [
      'event = "A" and event != "B"',
      { type: 'event', operator: '=', value: 'A' },
      { type: 'event', operator: '!=', value: 'B' },
    ],
    [
      'type = "track" and event == "Cart Updated"',
      { type: 'event-type', operator: '=', value: 'track' },
      { type: 'event', operator: '=', value: 'Cart Updated' },
    ],
    [
      'contains(traits.plan, "pro") and userId != null',
      { type: 'event-trait', name: 'plan', operator: 'contains', value: 'pro' },
      { type: 'userId', operator: 'exists' },
    ],
    [
      '!match(properties.a.b, "*x") and context.n >= 3',
      { type: 'event-property', name: 'a.b', operator: 'not_ends_with', value: 'x' },
      { type: 'event-context', name: 'n', operator: '>=', value: 3 },
    ],
  ])('parses %s', (query, ...children) => {
    expect(parser().parseFql(query)).toEqual({ type: 'group', operator: 'and', children })
  })

  it('gives the error of what is no condition', () => {
    expect(parser().parseFql('type * "a"').error?.message).toContain('character 6')
  })
})
