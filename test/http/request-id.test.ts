/** Ids by which answers are known. */
import { expect, it } from 'vitest'
import { newRequestId } from '../../src/http/request-id.ts'

it('is another for each request, in the form of a UUID', () => {
  const ids = Array.from({ length: 10_000 }, newRequestId)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids.slice(0, 100)) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
})
