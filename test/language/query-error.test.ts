import { expect, test } from 'vitest'
import { positionAt, QueryError } from '../../src/language/query-error.ts'
import { EngineError } from '../../src/model/errors.ts'

test.each([
  ['', 0, 1, 1],
  ['abc', 2, 1, 3],
  ['abc', 3, 1, 4],
  ['a\nbc', 2, 2, 1],
  ['a\r\nbc', 4, 2, 2],
  ['a\n\n', 3, 3, 1],
  ['😀x', 2, 1, 2],
])('in %j offset %i is line %i, column %i', (text, offset, line, column) => {
  expect(positionAt(text, offset)).toEqual({ line, column })
})

test('is an engine error with its place', () => {
  const error = new QueryError('query_type', { line: 2, column: 3 }, 'found x, expected y.')
  expect(error).toBeInstanceOf(EngineError)
  expect(error).toMatchObject({ name: 'QueryError', code: 'query_type', status: 400, line: 2, column: 3 })
  expect(error.message).toBe('Line 2, column 3: found x, expected y.')
})
