/** The examples that are given to whoever writes queries. */
import { expect, it } from 'vitest'
import { parseQuery } from '../../src/language/parse.ts'
import { ACCOUNT_QUERY_EXAMPLES, INSTRUCTIONS, QUERY_EXAMPLES } from '../../src/mcp/query-help.ts'

it.each([
  ...QUERY_EXAMPLES.map((query) => ['USERS', query] as const),
  ...ACCOUNT_QUERY_EXAMPLES.map((query) => ['ACCOUNTS', query] as const),
])('are queries of %s: %s', (type, query) => {
  expect(() => parseQuery(query, { kind: 'audience', type })).not.toThrow()
  expect(INSTRUCTIONS).toContain(query)
})

it.each(["trait('a').omits('b')", "trait('a').before_date(2026-01-31)", "trait('a').within_next(2 days)"])(
  'has comparators that there are: %s',
  (query) => {
    expect(() => parseQuery(query, { kind: 'audience', type: 'USERS' })).not.toThrow()
  },
)
