import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IdTable } from '../../../actors/identity/id-table.ts'
import { propertyRuns } from '../../support/runs.ts'

describe('the table of ids', () => {
  it('finds nothing in an empty one', () => {
    expect(new IdTable().find('user_id', 'u1')).toBe(-1)
  })

  it('tells ids of different types apart, and where one ends and the other begins', () => {
    const table = new IdTable()
    table.set('user_id', 'a', 1)
    table.set('email', 'a', 2)
    table.set('ab', 'c', 3)
    expect([table.find('user_id', 'a'), table.find('email', 'a')]).toEqual([1, 2])
    expect([table.find('ab', 'c'), table.find('a', 'bc')]).toEqual([3, -1])
  })

  it('holds many ids, the first profile among them', () => {
    const table = new IdTable()
    for (let ordinal = 0; ordinal < 100_000; ordinal++) table.set('user_id', `u${ordinal}`, ordinal)
    for (let ordinal = 0; ordinal < 100_000; ordinal += 7) expect(table.find('user_id', `u${ordinal}`)).toBe(ordinal)
    expect(table.find('user_id', 'u100000')).toBe(-1)
  })

  it('is what a map is, whatever comes and goes', () => {
    const step = fc.tuple(fc.constantFrom('set', 'delete'), fc.nat(3000), fc.nat(1_000_000))
    fc.assert(
      fc.property(fc.array(step, { minLength: 2_000, maxLength: 20_000 }), (steps) => {
        const [table, map] = [new IdTable(), new Map<string, number>()]
        for (const [what, id, ordinal] of steps) {
          if (what === 'set') {
            table.set('t', `${id}`, ordinal)
            map.set(`${id}`, ordinal)
          } else {
            table.delete('t', `${id}`)
            map.delete(`${id}`)
          }
        }
        for (let id = 0; id <= 3000; id++) expect(table.find('t', `${id}`)).toBe(map.get(`${id}`) ?? -1)
      }),
      propertyRuns(10),
    )
  })
})
